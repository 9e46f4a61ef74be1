package explore

import (
	"runtime"
	"sync/atomic"
)

// MaxFlags is how many bits a Flags word may use.
const MaxFlags = 16

// Flags is a word of bits that are set, cleared and tested one at a time, as the
// flags of a page are. Operations on different bits commute. A bit can be a lock
// or something to wait for.
type Flags struct {
	bits [MaxFlags]obj
	n    int
	x    *X
	v    uint64
	own  [MaxFlags]int8 // holder of a bit used as a lock, task+1; under the explorer only
}

// Init prepares n bits for x. names[i] names bit i in traces.
func (f *Flags) Init(x *X, names []string, num int, v uint64) {
	f.x, f.v, f.n = x, v, len(names)
	if x == nil {
		return
	}
	for i, name := range names {
		f.bits[i].init(x, name, num)
		f.own[i] = 0
		x.toggle(f.bits[i].idx, v>>i&1)
		x.objs[f.bits[i].idx].val = v >> i & 1
	}
}

func (f *Flags) bit(i int) bool { return f.v>>i&1 != 0 }

func (f *Flags) put(i int, on bool) {
	old := f.v >> i & 1
	var v uint64
	if on {
		v = 1
	}
	f.bits[i].set(old, v)
	f.v = f.v&^(1<<i) | v<<i
}

// Test says whether bit i is set.
func (f *Flags) Test(i int) bool {
	if f.x == nil {
		return atomic.LoadUint64(&f.v)>>i&1 != 0
	}
	f.bits[i].access(kindRead, "test")
	f.x.cur.observeBool(f.bit(i))
	return f.bit(i)
}

// Set sets bit i.
func (f *Flags) Set(i int) {
	if f.x == nil {
		atomic.OrUint64(&f.v, 1<<i)
		return
	}
	f.bits[i].access(kindWrite, "set")
	f.put(i, true)
}

// Clear clears bit i.
func (f *Flags) Clear(i int) {
	if f.x == nil {
		atomic.AndUint64(&f.v, ^(uint64(1) << i))
		return
	}
	f.bits[i].access(kindWrite, "clear")
	f.put(i, false)
}

// TestAndSet sets bit i and returns what it was.
func (f *Flags) TestAndSet(i int) bool {
	if f.x == nil {
		return atomic.OrUint64(&f.v, 1<<i)>>i&1 != 0
	}
	f.bits[i].access(kindUpdate, "test and set")
	was := f.bit(i)
	f.x.cur.observeBool(was)
	if was {
		f.bits[i].demote()
	}
	f.put(i, true)
	return was
}

// TestAndClear clears bit i and returns what it was.
func (f *Flags) TestAndClear(i int) bool {
	if f.x == nil {
		return atomic.AndUint64(&f.v, ^(uint64(1)<<i))>>i&1 != 0
	}
	f.bits[i].access(kindUpdate, "test and clear")
	was := f.bit(i)
	f.x.cur.observeBool(was)
	if !was {
		f.bits[i].demote()
	}
	f.put(i, false)
	return was
}

// Lock takes bit i as a lock, waiting while it is set.
func (f *Flags) Lock(i int) {
	if f.x == nil {
		for f.TestAndSet(i) {
			runtime.Gosched()
		}
		return
	}
	f.bits[i].acquire(kindLock, "lock", func() bool { return !f.bit(i) })
	f.own[i] = int8(f.x.cur.id) + 1
	f.put(i, true)
}

// TryLock takes bit i as a lock if it is free.
func (f *Flags) TryLock(i int) bool {
	if f.x == nil {
		return !f.TestAndSet(i)
	}
	was := f.TestAndSet(i)
	if !was {
		f.own[i] = int8(f.x.cur.id) + 1
	}
	return !was
}

// Unlock releases bit i. A bit that is not held is the program's error.
func (f *Flags) Unlock(i int) {
	if f.x == nil {
		f.Clear(i)
		return
	}
	f.bits[i].release(kindUnlock, "unlock")
	if !f.bit(i) {
		f.x.Fatal("deadlock", "unlock of a bit that is not held: "+f.bits[i].String())
	}
	f.own[i] = 0
	f.put(i, false)
}

// WaitClear waits until bit i is clear.
func (f *Flags) WaitClear(i int) {
	if f.x == nil {
		for f.Test(i) {
			runtime.Gosched()
		}
		return
	}
	f.bits[i].acquire(kindRead, "wait clear", func() bool { return !f.bit(i) })
}

// WaitSet waits until bit i is set.
func (f *Flags) WaitSet(i int) {
	if f.x == nil {
		for !f.Test(i) {
			runtime.Gosched()
		}
		return
	}
	f.bits[i].acquire(kindRead, "wait set", func() bool { return f.bit(i) })
}

// Peek returns the word without an event; see Atomic.Peek.
func (f *Flags) Peek() uint64 {
	if f.x == nil {
		return atomic.LoadUint64(&f.v)
	}
	return f.v
}

// Drop takes the word out of the state; see Atomic.Drop.
func (f *Flags) Drop() {
	if f.x == nil {
		return
	}
	for i := range f.n {
		f.x.toggle(f.bits[i].idx, f.v>>i&1)
	}
	f.v = 0
}
