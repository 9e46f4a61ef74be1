package explore

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Atomic is a shared 64-bit word with the operations of sync/atomic.
type Atomic struct {
	obj
	v uint64 // natively; under the explorer the object has the value
}

// Init prepares a for x with a first value. class and num name it in traces.
// Natively it is a store, so that an object can be used again.
func (a *Atomic) Init(x *X, class string, num int, v uint64) {
	a.init(x, class, num)
	if x == nil {
		atomic.StoreUint64(&a.v, v)
		return
	}
	a.start(v)
}

// Load returns the value.
func (a *Atomic) Load() uint64 {
	if a.x == nil {
		return atomic.LoadUint64(&a.v)
	}
	return a.xLoad()
}

func (a *Atomic) xLoad() uint64 {
	a.access(kindRead, "load")
	a.x.cur.observe(a.p.val)
	return a.p.val
}

// Store sets the value; nobody learns the old one.
func (a *Atomic) Store(v uint64) {
	if a.x == nil {
		atomic.StoreUint64(&a.v, v)
		return
	}
	a.xStore(v)
}

func (a *Atomic) xStore(v uint64) {
	a.access(kindWrite, "store")
	a.set(v)
}

// Add adds d and returns the new value.
func (a *Atomic) Add(d int64) uint64 {
	if a.x == nil {
		return atomic.AddUint64(&a.v, uint64(d))
	}
	return a.xAdd(d)
}

func (a *Atomic) xAdd(d int64) uint64 {
	a.access(kindUpdate, "add")
	a.set(a.p.val + uint64(d))
	a.x.cur.observe(a.p.val)
	return a.p.val
}

// AddBlind adds d and tells nobody the result, so that it commutes with other
// blind additions.
func (a *Atomic) AddBlind(d int64) {
	if a.x == nil {
		atomic.AddUint64(&a.v, uint64(d))
		return
	}
	a.xAddBlind(d)
}

func (a *Atomic) xAddBlind(d int64) {
	a.access(kindAdd, "add")
	a.set(a.p.val + uint64(d))
}

// AddUnlessZero adds d unless the value is 0 and says whether it did, as the
// kernel's refcount try-get does.
func (a *Atomic) AddUnlessZero(d int64) bool {
	if a.x == nil {
		for {
			v := atomic.LoadUint64(&a.v)
			if v == 0 {
				return false
			}
			if atomic.CompareAndSwapUint64(&a.v, v, v+uint64(d)) {
				return true
			}
		}
	}
	a.access(kindUpdate, "add unless zero")
	ok := a.changes(unlessZero)
	if ok {
		a.set(a.p.val + uint64(d))
	}
	a.x.cur.observeBool(ok)
	return ok
}

// SubAndTest subtracts d and says whether the result is 0; that is all the
// caller learns.
func (a *Atomic) SubAndTest(d int64) bool {
	if a.x == nil {
		return atomic.AddUint64(&a.v, uint64(-d)) == 0
	}
	return a.xSubAndTest(d)
}

func (a *Atomic) xSubAndTest(d int64) bool {
	a.access(kindUpdate, "sub and test")
	a.set(a.p.val - uint64(d))
	a.x.cur.observeBool(a.p.val == 0)
	return a.p.val == 0
}

// CompareAndSwap sets the value to new if it is old and says whether it did.
func (a *Atomic) CompareAndSwap(old, new uint64) bool {
	if a.x == nil {
		return atomic.CompareAndSwapUint64(&a.v, old, new)
	}
	return a.xCompareAndSwap(old, new)
}

func (a *Atomic) xCompareAndSwap(old, new uint64) bool {
	a.access(kindUpdate, "compare and swap")
	ok := a.changes(test{mask: ^uint64(0), want: old})
	if ok {
		a.set(new)
	}
	a.x.cur.observeBool(ok)
	return ok
}

// Swap sets the value and returns the old one.
func (a *Atomic) Swap(v uint64) uint64 {
	if a.x == nil {
		return atomic.SwapUint64(&a.v, v)
	}
	return a.xSwap(v)
}

func (a *Atomic) xSwap(v uint64) uint64 {
	a.access(kindUpdate, "swap")
	old := a.p.val
	a.set(v)
	a.x.cur.observe(old)
	return old
}

// Peek returns the value without an event. It is for reports and final checks,
// when nothing else runs; used elsewhere it hides a race.
func (a *Atomic) Peek() uint64 {
	if a.x == nil {
		return atomic.LoadUint64(&a.v)
	}
	return a.p.val
}

// Drop sets the value of an object that has died to 0, as part of the event
// before: executions that differ in dead objects only are in the same state.
func (a *Atomic) Drop() { a.drop() }

// Await waits until the value is v.
func (a *Atomic) Await(v uint64) {
	if a.x == nil {
		for i := 0; a.Load() != v; i++ {
			pause(i)
		}
		return
	}
	a.acquire(kindRead, "await", ^uint64(0), v)
}

// pause is called in the i-th round of a native wait: it lets others run, and
// after some rounds it sleeps.
func pause(i int) {
	if i < 64 {
		runtime.Gosched()
		return
	}
	time.Sleep(min(time.Duration(i-63), 100) * time.Microsecond)
}
