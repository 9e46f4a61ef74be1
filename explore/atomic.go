package explore

import "sync/atomic"

// Load returns the value.
func (a *Atomic) Load() uint64 {
	if a.x == nil {
		return atomic.LoadUint64(&a.v)
	}
	a.access(kindRead, "load")
	a.x.cur.observe(a.v)
	return a.v
}

// Store sets the value; nobody learns the old one.
func (a *Atomic) Store(v uint64) {
	if a.x == nil {
		atomic.StoreUint64(&a.v, v)
		return
	}
	a.access(kindWrite, "store")
	a.set(a.v, v)
	a.v = v
}

// Add adds d and returns the new value.
func (a *Atomic) Add(d int64) uint64 {
	if a.x == nil {
		return atomic.AddUint64(&a.v, uint64(d))
	}
	a.access(kindUpdate, "add")
	a.put(a.v + uint64(d))
	a.x.cur.observe(a.v)
	return a.v
}

// AddBlind adds d and tells nobody the result, so that it commutes with other
// blind additions.
func (a *Atomic) AddBlind(d int64) {
	if a.x == nil {
		atomic.AddUint64(&a.v, uint64(d))
		return
	}
	a.access(kindAdd, "add")
	a.put(a.v + uint64(d))
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
	ok := a.v != 0
	if ok {
		a.put(a.v + uint64(d))
	} else {
		a.demote()
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
	a.access(kindUpdate, "sub and test")
	a.put(a.v - uint64(d))
	a.x.cur.observeBool(a.v == 0)
	return a.v == 0
}

// CompareAndSwap sets the value to new if it is old and says whether it did.
func (a *Atomic) CompareAndSwap(old, new uint64) bool {
	if a.x == nil {
		return atomic.CompareAndSwapUint64(&a.v, old, new)
	}
	a.access(kindUpdate, "compare and swap")
	ok := a.v == old
	if ok {
		a.put(new)
	} else {
		a.demote()
	}
	a.x.cur.observeBool(ok)
	return ok
}

// Swap sets the value and returns the old one.
func (a *Atomic) Swap(v uint64) uint64 {
	if a.x == nil {
		return atomic.SwapUint64(&a.v, v)
	}
	a.access(kindUpdate, "swap")
	old := a.v
	a.put(v)
	a.x.cur.observe(old)
	return old
}

// Peek returns the value without an event. It is for reports and final checks,
// when nothing else runs; used elsewhere it hides a race.
func (a *Atomic) Peek() uint64 {
	if a.x == nil {
		return atomic.LoadUint64(&a.v)
	}
	return a.v
}

// Drop takes the value out of the state: the object is dead and nobody will
// look at it again.
func (a *Atomic) Drop() {
	if a.x == nil {
		return
	}
	a.x.toggle(a.idx, a.v)
	a.x.objs[a.idx].val = 0
	a.v = 0
}

func (a *Atomic) put(v uint64) {
	a.set(a.v, v)
	a.v = v
}

func (t *task) observeBool(b bool) {
	if b {
		t.observe(1)
	} else {
		t.observe(0)
	}
}
