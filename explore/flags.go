package explore

import "sync/atomic"

const maxFlags = 16

// Flags is a word of bits that are set, cleared and tested one at a time, as the
// flags of a page are, at most 16. Operations on different bits commute. A bit can be a lock
// or something to wait for.
type Flags struct {
	x     *X
	v     uint64  // natively; under the explorer each bit's object has its value
	waits []Waits // natively: who counts waits, by bit; nil: nobody
	n     int
	bits  [maxFlags]obj
}

// Init prepares n bits for x. names[i] names bit i in traces.
func (f *Flags) Init(x *X, names []string, num int, v uint64) {
	if len(names) > maxFlags {
		panic("tagswap internal: too many flags")
	}
	if x == nil {
		if f.x != nil || f.n != len(names) {
			f.x, f.n = nil, len(names)
		}
		atomic.StoreUint64(&f.v, v)
		return
	}
	f.x, f.n = x, len(names)
	for i, name := range names {
		f.bits[i].init(x, name, num)
		f.bits[i].start(v >> i & 1)
	}
}

func (f *Flags) bit(i int) bool { return f.bits[i].p.val != 0 }

// Test says whether bit i is set.
func (f *Flags) Test(i int) bool {
	if f.x == nil {
		return atomic.LoadUint64(&f.v)>>i&1 != 0
	}
	return f.xTest(i)
}

func (f *Flags) xTest(i int) bool {
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
	f.xSet(i)
}

func (f *Flags) xSet(i int) {
	f.bits[i].access(kindWrite, "set")
	f.bits[i].set(1)
}

// Clear clears bit i.
func (f *Flags) Clear(i int) {
	if f.x == nil {
		atomic.AndUint64(&f.v, ^(uint64(1) << i))
		return
	}
	f.xClear(i)
}

func (f *Flags) xClear(i int) {
	f.bits[i].access(kindWrite, "clear")
	f.bits[i].set(0)
}

// TestAndSet sets bit i and returns what it was.
func (f *Flags) TestAndSet(i int) bool {
	if f.x == nil {
		return atomic.OrUint64(&f.v, 1<<i)>>i&1 != 0
	}
	return f.xTestAndSet(i)
}

func (f *Flags) xTestAndSet(i int) bool {
	f.bits[i].access(kindUpdate, "test and set")
	was := !f.bits[i].changes(ifZero)
	f.x.cur.observeBool(was)
	f.bits[i].set(1)
	return was
}

// TestAndClear clears bit i and returns what it was.
func (f *Flags) TestAndClear(i int) bool {
	if f.x == nil {
		return atomic.AndUint64(&f.v, ^(uint64(1)<<i))>>i&1 != 0
	}
	return f.xTestAndClear(i)
}

func (f *Flags) xTestAndClear(i int) bool {
	f.bits[i].access(kindUpdate, "test and clear")
	was := f.bits[i].changes(unlessZero)
	f.x.cur.observeBool(was)
	f.bits[i].set(0)
	return was
}

// Lock takes bit i as a lock, waiting while it is set.
func (f *Flags) Lock(i int) {
	if f.x == nil {
		f.waitNative(i, (*Flags).TestAndSet)
		return
	}
	b := &f.bits[i]
	b.acquire(kindLock, "lock", 1, 0)
	b.held(int8(f.x.cur.id)+1, 0)
	b.set(1)
}

// TryLock takes bit i as a lock if it is free.
func (f *Flags) TryLock(i int) bool {
	was := f.TestAndSet(i)
	if f.x != nil && !was {
		f.x.cur.held = append(f.x.cur.held, f.bits[i].p)
		f.bits[i].held(int8(f.x.cur.id)+1, 0)
	}
	return !was
}

// Unlock releases bit i, whoever took it. A bit that is not held is the program's
// error.
func (f *Flags) Unlock(i int) {
	if f.x == nil {
		f.Clear(i)
		return
	}
	b := &f.bits[i]
	b.release("unlock")
	switch {
	case b.p.val == 0:
		b.misreleased(kindUpdate, "unlock", "unlock of a bit that is not held")
	case int(b.p.holder) != f.x.cur.id+1:
		b.released(kindHand, "unlock")
	default:
		b.released(kindUnlock, "unlock")
	}
	b.held(0, 0)
	b.set(0)
}

// WaitClear waits until bit i is clear.
func (f *Flags) WaitClear(i int) {
	if f.x == nil {
		f.waitNative(i, (*Flags).Test)
		return
	}
	f.bits[i].acquire(kindRead, "wait clear", 1, 0)
}

// WaitSet waits until bit i is set.
func (f *Flags) WaitSet(i int) {
	if f.x == nil {
		f.waitNative(i, unset)
		return
	}
	f.bits[i].acquire(kindRead, "wait set", 1, 1)
}

// Peek returns the word without an event; see Atomic.Peek.
func (f *Flags) Peek() uint64 {
	if f.x == nil {
		return atomic.LoadUint64(&f.v)
	}
	var v uint64
	for i := range f.n {
		v |= f.bits[i].p.val << i
	}
	return v
}

// Drop takes the word out of the state; see Atomic.Drop.
func (f *Flags) Drop() {
	for i := range f.n {
		f.bits[i].drop()
	}
}
