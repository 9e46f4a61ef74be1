package programs

import (
	"strconv"

	"tagswap/explore"
)

// Program is one of them. Run may be used by one exploration at a time.
type Program struct {
	Name   string
	Traces int64 // Mazurkiewicz traces; 0: not known here
	Run    func(*explore.X)
}

// All returns the programs, smallest first in each family.
func All() []Program {
	return []Program{
		Mutex(2, 4), Mutex(3, 2), Mutex(3, 3), Mutex(2, 8), Mutex(4, 4), Mutex(5, 3),
		FAA(3, 3), FAA(2, 10), FAA(5, 8),
		Readers(3), Readers(10),
		LastZero(2), LastZero(3), LastZero(4), LastZero(5), LastZero(6), LastZero(7), LastZero(9),
		WritersReader(1), WritersReader(2), WritersReader(3), WritersReader(4),
		WritesRead(1), WritesRead(2), WritesRead(3), WritesRead(4),
		RedundantCo(2), RedundantCo(3), RedundantCo(4), RedundantCo(5),
		Fib(1), Fib(2),
		Stores(3, 2), Stores(3, 3),
		CmpXchg(3), MutexOrder(3), MutexOrder(4), TryLockUnlock(3), TryLock2(),
		Dekker(), CondVar(),
	}
}

// Named returns the program of that name, one of All's, with objects of its own:
// several of them may be explored at once.
func Named(name string) Program {
	for _, p := range All() {
		if p.Name == name {
			return p
		}
	}
	return Program{}
}

func name(s string, args ...int) string {
	for i, a := range args {
		if i == 0 {
			s += "("
		} else {
			s += ","
		}
		s += strconv.Itoa(a)
	}
	if len(args) > 0 {
		s += ")"
	}
	return s
}

var taskNames = [...]string{"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t10", "t11", "t12", "t13", "t14"}

// multinomial is (nk)!/(k!)^n, or 0 if it is too large to matter.
func multinomial(n, k int) int64 {
	r := int64(1)
	for i := 0; i < n; i++ {
		for j := 1; j <= k; j++ {
			if r > 1<<45 {
				return 0
			}
			r = r * int64(i*k+j) / int64(j)
		}
	}
	return r
}

func factorial(n int) int64 {
	r := int64(1)
	for i := 2; i <= n; i++ {
		r *= int64(i)
	}
	return r
}

// start runs bodies as tasks and waits for them.
func start(x *explore.X, bodies []func()) {
	for i, f := range bodies {
		x.Go(taskNames[i], f)
	}
	x.Wait()
}

func repeat(n int, f func()) []func() {
	var b []func()
	for range n {
		b = append(b, f)
	}
	return b
}

// Mutex: n tasks, k times each: lock, increment, unlock.
func Mutex(n, k int) Program {
	var mu explore.Mutex
	var c explore.Atomic
	var on *explore.X
	bodies := repeat(n, func() {
		for i := range k {
			on.Forget(uint64(i)) // what it loaded in the round before
			mu.Lock()
			c.Store(c.Load() + 1)
			mu.Unlock()
		}
		on.Forget(uint64(k))
	})
	return Program{name("mutex", n, k), multinomial(n, k), func(x *explore.X) {
		on = x
		mu.Init(x, "mu", -1)
		c.Init(x, "c", -1, 0)
		start(x, bodies)
		if c.Load() != uint64(n*k) {
			x.Violation("condition", "an increment was lost")
		}
	}}
}

// FAA: n tasks, k times each: fetch and add.
func FAA(n, k int) Program {
	var c explore.Atomic
	var on *explore.X
	bodies := repeat(n, func() {
		for i := range k {
			on.Forget(uint64(i))
			c.Add(1)
		}
		on.Forget(uint64(k))
	})
	return Program{name("faa", n, k), multinomial(n, k), func(x *explore.X) {
		on = x
		c.Init(x, "c", -1, 0)
		start(x, bodies)
	}}
}

// Readers: one store, n loads.
func Readers(n int) Program {
	var v explore.Atomic
	bodies := append(repeat(1, func() { v.Store(1) }), repeat(n, func() { v.Load() })...)
	return Program{name("readers", n), 1 << n, func(x *explore.X) {
		v.Init(x, "x", -1, 0)
		start(x, bodies)
	}}
}

// LastZero: a scanner looks for the last zero of an array that n tasks change.
func LastZero(n int) Program {
	a := make([]explore.Atomic, n+1)
	bodies := []func(){func() {
		for i := n; a[i].Load() != 0; i-- {
		}
	}}
	for j := 1; j <= n; j++ {
		bodies = append(bodies, func() { a[j].Store(a[j-1].Load() + 1) })
	}
	traces := int64(n+3) << n / 4
	return Program{name("lastzero", n), traces, func(x *explore.X) {
		for i := range a {
			a[i].Init(x, "a", i, 0)
		}
		start(x, bodies)
	}}
}

// WritersReader: n tasks store, one loads.
func WritersReader(n int) Program {
	var v explore.Atomic
	bodies := []func(){func() { v.Load() }}
	for i := range n {
		bodies = append(bodies, func() { v.Store(uint64(i)) })
	}
	return Program{name("n_writers_a_reader", n), factorial(n + 1), func(x *explore.X) {
		v.Init(x, "x", -1, 0)
		start(x, bodies)
	}}
}

// WritesRead: two tasks, each n stores, then a load.
func WritesRead(n int) Program {
	var v explore.Atomic
	bodies := repeat(2, func() {
		for i := range n {
			v.Store(uint64(i))
		}
		v.Load()
	})
	known := []int64{0, 4, 14, 50, 182}
	return Program{name("n_writes_a_read", n), known[n], func(x *explore.X) {
		v.Init(x, "x", -1, 0)
		start(x, bodies)
	}}
}

// RedundantCo: two tasks store n times each, a third loads twice.
func RedundantCo(n int) Program {
	var v explore.Atomic
	stores := func(c uint64) func() {
		return func() {
			for range n {
				v.Store(c)
			}
		}
	}
	bodies := []func(){stores(1), stores(2), func() { v.Load(); v.Load() }}
	known := []int64{0, 0, 90, 560, 3150, 0}
	known[1] = 12
	return Program{name("redundant_co", n), known[n], func(x *explore.X) {
		v.Init(x, "x", -1, 0)
		start(x, bodies)
	}}
}

// Fib: two tasks add two variables into one another, a third looks.
func Fib(n int) Program {
	var i, j explore.Atomic
	add := func(to *explore.Atomic) func() {
		return func() {
			for range n {
				a := i.Load()
				to.Store(a + j.Load())
			}
		}
	}
	bodies := []func(){add(&i), add(&j), func() { i.Load(); j.Load() }}
	known := []int64{0, 11, 140}
	return Program{name("fib_bench", n), known[n], func(x *explore.X) {
		i.Init(x, "i", -1, 1)
		j.Init(x, "j", -1, 1)
		start(x, bodies)
	}}
}

// Stores: n tasks, k stores each.
func Stores(n, k int) Program {
	var v explore.Atomic
	bodies := repeat(n, func() {
		for i := range k {
			v.Store(uint64(i))
		}
	})
	return Program{name("stores", n, k), multinomial(n, k), func(x *explore.X) {
		v.Init(x, "x", -1, 0)
		start(x, bodies)
	}}
}

// CmpXchg: task t compares and swaps from t to t+1.
func CmpXchg(n int) Program {
	var v explore.Atomic
	var bodies []func()
	for t := range n {
		bodies = append(bodies, func() { v.CompareAndSwap(uint64(t), uint64(t+1)) })
	}
	traces := int64(0)
	if n == 3 {
		traces = 5
	}
	return Program{name("cmpxchg", n), traces, func(x *explore.X) {
		v.Init(x, "x", -1, 0)
		start(x, bodies)
	}}
}

// MutexOrder: n tasks: lock, increment, unlock.
func MutexOrder(n int) Program {
	p := Mutex(n, 1)
	p.Name = name("mutex_order", n)
	return p
}

// TryLockUnlock: 3 tasks increment if they get the lock at once. Failed attempts
// commute.
func TryLockUnlock(n int) Program {
	var mu explore.Mutex
	var c explore.Atomic
	bodies := repeat(n, func() {
		if mu.TryLock() {
			c.Store(c.Load() + 1)
			mu.Unlock()
		}
	})
	return Program{name("mutex_trylock_unlock", n), 21, func(x *explore.X) {
		mu.Init(x, "mu", -1)
		c.Init(x, "c", -1, 0)
		start(x, bodies)
	}}
}

// TryLock2: two tasks lock, one tries to.
func TryLock2() Program {
	var mu explore.Mutex
	lock := func() { mu.Lock(); mu.Unlock() }
	bodies := []func(){lock, lock, func() {
		if mu.TryLock() {
			mu.Unlock()
		}
	}}
	return Program{"mutex_trylock_2", 10, func(x *explore.X) {
		mu.Init(x, "mu", -1)
		start(x, bodies)
	}}
}

// Dekker is simplified: each raises its flag, waits for the other's to be down,
// and lowers its own.
func Dekker() Program {
	var a, b explore.Atomic
	side := func(own, other *explore.Atomic) func() {
		return func() {
			own.Store(1)
			other.Await(0)
			own.Store(0)
		}
	}
	bodies := []func(){side(&a, &b), side(&b, &a)}
	return Program{"simplified_dekker", 3, func(x *explore.X) {
		a.Init(x, "x", -1, 0)
		b.Init(x, "y", -1, 0)
		start(x, bodies)
	}}
}

// CondVar: two tasks wait once unless x is set, the third sets it.
func CondVar() Program {
	var mu explore.Mutex
	var cond explore.Cond
	var v explore.Atomic
	wait := func() {
		mu.Lock()
		if v.Load() == 0 {
			cond.Wait()
		}
		v.Load()
		mu.Unlock()
	}
	bodies := []func(){wait, wait, func() {
		mu.Lock()
		v.Store(1)
		cond.Broadcast()
		mu.Unlock()
	}}
	return Program{"condvar", 10, func(x *explore.X) {
		mu.Init(x, "mu", -1)
		cond.Init(x, "cond", -1, &mu)
		v.Init(x, "x", -1, 0)
		start(x, bodies)
	}}
}
