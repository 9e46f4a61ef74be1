package explore

import (
	"sync"
	"testing"
	"time"
)

// TestNative runs every primitive without an explorer, for the race detector.
func TestNative(t *testing.T) {
	var a Atomic
	var mu Mutex
	var rw RWMutex
	var f Flags
	var m Map
	var v Var
	var c Cond
	a.Init(nil, "a", -1, 0)
	mu.Init(nil, "mu", -1)
	rw.Init(nil, "rw", -1)
	f.Init(nil, []string{"lock", "bit"}, 0, 0)
	m.Init(nil, "m", -1)
	v.Init(nil, "v", -1, 0)
	c.Init(nil, "c", -1, &mu)
	var x *X
	var wg sync.WaitGroup
	n := 0 // protected by the bit lock
	for i := range 4 {
		wg.Go(func() {
			for j := range 200 {
				mu.Lock()
				v.Set(v.Get() + 1)
				mu.Unlock()
				rw.RLock()
				a.Add(1)
				rw.RUnlock()
				if rw.TryLock() {
					a.AddBlind(-1)
					rw.Unlock()
				} else {
					rw.Lock()
					a.AddBlind(-1)
					rw.Unlock()
				}
				f.Lock(0)
				n++
				f.Unlock(0)
				if f.TestAndSet(1) {
					f.Clear(1)
				}
				m.Store(uint64(j), uint64(i))
				m.LoadOrStore(uint64(j)+1, 0)
				m.LoadAndDelete(uint64(j))
				x.Loop()
				x.Retry()
				x.Atomically("nothing", func() {})
				x.Forget(0)
			}
		})
	}
	wg.Go(func() {
		mu.Lock()
		for v.Get() < 800 {
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
		}
		c.Broadcast()
		mu.Unlock()
	})
	wg.Wait()
	a.Await(0)
	f.WaitClear(0)
	if v.Get() != 800 || n != 800 {
		t.Errorf("%d %d", v.Get(), n)
	}
}

// Who waits for a lock or a flag natively is counted, once a wait; who does not
// wait is not.
func TestNativeWaits(t *testing.T) {
	var mu Mutex
	var rw RWMutex
	var f Flags
	var mus, rws Waits
	bits := make([]Waits, 2)
	f.Init(nil, []string{"lock", "bit"}, 0, 0)
	mu.Watch(&mus)
	rw.Watch(&rws)
	f.Watch(bits)
	for _, w := range []struct {
		what       string
		take, give func() // by who has it first
		wait, end  func() // by who waits
		counted    *Waits
	}{
		{"a mutex", mu.Lock, mu.Unlock, mu.Lock, mu.Unlock, &mus},
		{"a writer for a writer", rw.Lock, rw.Unlock, rw.Lock, rw.Unlock, &rws},
		{"a reader for a writer", rw.Lock, rw.Unlock, rw.RLock, rw.RUnlock, &rws},
		{"a writer for a reader", rw.RLock, rw.RUnlock, rw.Lock, rw.Unlock, &rws},
		{"a lock bit", func() { f.Lock(0) }, func() { f.Unlock(0) }, func() { f.Lock(0) }, func() { f.Unlock(0) }, &bits[0]},
		{"a bit to be clear", func() { f.Set(1) }, func() { f.Clear(1) }, func() { f.WaitClear(1) }, func() {}, &bits[1]},
		{"a bit to be set", func() {}, func() { f.Set(1) }, func() { f.WaitSet(1) }, func() { f.Clear(1) }, &bits[1]},
	} {
		// The waiter may be slow to start on a busy machine.
		n, d := int64(0), time.Duration(0)
		for pause := time.Millisecond; n == 0 && pause < time.Second; pause *= 2 {
			n0, d0 := w.counted.Sum()
			ended := make(chan bool)
			w.take()
			go func() {
				w.wait()
				w.end()
				close(ended)
			}()
			time.Sleep(pause)
			w.give()
			<-ended
			n, d = w.counted.Sum()
			n, d = n-n0, d-d0
		}
		if n != 1 || d <= 0 {
			t.Errorf("%s: %d waits of %v", w.what, n, d)
		}
	}
	before, _ := rws.Sum()
	rw.RLock()
	rw.RLock()
	rw.RUnlock()
	rw.RUnlock()
	if after, _ := rws.Sum(); after != before {
		t.Error("readers wait for one another")
	}
}

// TestTwoAtOnce: explorations of different programs do not share anything.
func TestTwoAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if r := Run(mutexProg(3, 2), Options{}); !r.Complete || len(r.Violations) > 0 {
				t.Errorf("%+v", r)
			}
		})
	}
	wg.Wait()
}

// TestSteadyState: no allocation for an event or an execution.
func TestSteadyState(t *testing.T) {
	var mu Mutex
	var c Atomic
	body := func() {
		for range 3 {
			mu.Lock()
			c.Store(c.Load() + 1)
			mu.Unlock()
		}
	}
	prog := func(n int) func(x *X) {
		return func(x *X) {
			mu.Init(x, "mu", -1)
			c.Init(x, "c", -1, 0)
			for range n {
				x.Go("t", body)
			}
			x.Wait()
		}
	}
	for _, s := range []Search{Merge, Optimal} {
		o := Options{Search: s, NoMerge: true}
		small := testing.AllocsPerRun(3, func() { Run(prog(2), o) })
		large := testing.AllocsPerRun(1, func() { Run(prog(3), o) })
		if large > 3*small {
			t.Errorf("search %v: %.0f allocations for 20 executions, %.0f for 1680", s, small, large)
		}
	}
}
