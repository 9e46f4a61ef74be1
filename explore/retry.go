package explore

import (
	"math/bits"
	"runtime"
)

// Loop marks the start of a round of a loop that waits for another task. Until
// Retry or LoopEnd, what the task reads is remembered.
func (x *X) Loop() {
	if x == nil {
		return
	}
	t := x.cur
	t.watch = true
	t.reads = t.reads[:0]
	t.know.watch = 0
}

// LoopEnd says that the loop that Loop began is over. Without it, what the last
// round read keeps states apart until the next Loop. Loops do not nest: what an outer
// one has read is forgotten, too.
func (x *X) LoopEnd() {
	if x == nil {
		return
	}
	t := x.cur
	t.watch, t.reads = false, t.reads[:0]
	t.know.watch = 0
}

// Retry waits until something that the round read has changed: a round that
// would only read the same again is a wait, not a step. What the round itself
// changed and put back does not count as a change. If nobody is left who
// could change it, the execution ends as a livelock.
func (x *X) Retry() { x.retry(pendRetry, "retry") }

// RetryBusy is Retry for a task that spins: while it waits it keeps its cpu from
// tasks of lower priority; see SetPriority.
func (x *X) RetryBusy() { x.retry(pendBusy, "spin") }

func (x *X) retry(k pendKind, what string) {
	if x == nil {
		runtime.Gosched()
		return
	}
	t := x.cur
	t.watch = false
	t.wait, t.reads = append(t.wait[:0], t.reads...), t.reads[:0]
	if !x.fast {
		// What it waits for is part of what it knows, whatever it forgot.
		for _, w := range t.wait {
			t.observe(mix(w.obj.id, w.val))
		}
		t.know.n++
	}
	x.block(pending{kind: k, what: what})
	x.step()
	x.events++
	if x.fast {
		return
	}
	t.know.watch = 0
	// That it could go on is something that it has read. What it does next may come
	// later.
	for _, w := range t.wait {
		t.foot.add(w.obj, w.obj, kindRead, true)
		if x.nohash && !x.together && w.obj.protect(t, kindRead, true) {
			x.open = true
		}
	}
	t.first = false
	if x.events > x.limit {
		x.over = true
		x.cut()
	}
	if x.trace != nil {
		x.trace.add(x, t, nil, what)
	}
}

// watches adds to the block that ends what its task waits for now, other than
// locks: whoever changes that has to be looked at again, for unseen.
func (x *X) watches(t *task) {
	switch p := &t.pend; {
	case p.kind == pendRetry || p.kind == pendBusy:
		for _, w := range t.wait {
			t.foot.add(w.obj, nil, kindWatch, false)
		}
	case p.mask != 0 && !isAcquire(p.access):
		t.foot.add(p.obj, nil, kindWatch, false)
	}
}

// unseen makes scheduling points of what the block of t did to objects that a
// waiting task watches: it may have changed one and put it back, so that the
// task was woken by nothing that is left. Who waits for a lock need not see it
// let go: a lock taken and let go in one block is free in the end.
func (x *X) unseen(t *task) bool {
	found := false
	for r := x.live &^ (1 << t.id); r != 0; r &= r - 1 {
		u := x.tasks[bits.TrailingZeros32(r)]
		switch p := &u.pend; {
		case p.kind == pendRetry || p.kind == pendBusy:
			if u.changed() {
				continue
			}
			for _, w := range u.wait {
				found = x.thereAndBack(w.obj, kindRead, &t.foot) || found
			}
		case p.mask != 0 && !x.enabled(u):
			found = x.thereAndBack(p.obj, p.access, &t.foot) || found
		}
	}
	return found
}

// tooLate makes scheduling points of what others did last, in their tails, to what t
// has come to wait for: it may have been in time before that.
func (x *X) tooLate(t *task) bool {
	switch p := &t.pend; {
	case x.enabled(t):
	case p.kind == pendRetry || p.kind == pendBusy:
		found := false
		for _, w := range t.wait {
			found = x.tooLateFor(w.obj, kindRead, t) || found
		}
		return found
	case p.mask != 0:
		return x.tooLateFor(p.obj, p.access, t)
	}
	return false
}

// tooLateFor is tooLate for an object that t waits for with an access of kind k.
func (x *X) tooLateFor(o *object, k kind, t *task) bool {
	found := false
	for _, u := range x.tasks[:x.ntasks] {
		w := u.win
		if u == t || w == nil || w.tailW&(1<<(uint32(o.idx)&63)) == 0 {
			continue
		}
		for i := range w.acc {
			if w.acc[i].upsets(o, k) && !ordered(t, w, i, &t.foot, len(t.foot.acc)) {
				x.makeVisible(&w.acc[i])
				found = true
			}
		}
	}
	return found
}

// thereAndBack makes a block's later changes of an object visible that another task
// waits for with an access of kind k.
func (x *X) thereAndBack(o *object, k kind, f *footprint) bool {
	if f.tailW&(1<<(uint32(o.idx)&63)) == 0 {
		return false
	}
	found := false
	for i := range f.acc {
		if a := &f.acc[i]; a.upsets(o, k) {
			x.makeVisible(a)
			found = true
		}
	}
	return found
}

// upsets says whether an access of a tail may have made a task wait for o that is
// about to make an access of kind k.
func (a *access) upsets(o *object, k kind) bool {
	return a.o == o && !a.first && a.kind != kindRead && a.kind != kindWatch && a.kind != kindSpawn &&
		!(isRelease(a.kind) && isAcquire(k))
}

// changed says whether anything that the last round of t read has changed.
func (t *task) changed() bool {
	for _, w := range t.wait {
		if w.obj.val != w.val {
			return true
		}
	}
	return false
}

// Seen is a value that a round of a waiting loop has read.
type Seen struct {
	Of    *Atomic
	Value uint64
}

// RetryOn is Retry for a round that knows what it waits for: the next one may
// start when one of the values is another than was seen. busy is RetryBusy's.
func (x *X) RetryOn(busy bool, seen []Seen) {
	if x == nil {
		runtime.Gosched()
		return
	}
	t := x.cur
	t.reads = t.reads[:0]
	for _, s := range seen {
		t.reads = append(t.reads, watch{s.Of.p, s.Value})
	}
	if busy {
		x.RetryBusy()
		return
	}
	x.Retry()
}
