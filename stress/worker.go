package stress

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"tagswap/mm"
	"tagswap/mte"
)

// worker is one task: accesses in an address space, which it leaves for another
// now and then. It may have a second one, of a process that sleeps.
type worker struct {
	actor
	r        *rand.Rand
	total    int // of the mix
	asleep   *mm.MM
	accesses atomic.Int64
	major    histogram // how long accesses took that read a page in
	killed   int64     // accesses that ended in a signal
}

func newWorker(m *Machine, i int) *worker {
	return &worker{
		actor: actor{name: fmt.Sprint("task ", i+1), m: m, t: m.k.Task(i+1, nil)},
		r:     rand.New(rand.NewPCG(m.o.Seed, uint64(i))), total: m.o.Mix.total(),
	}
}

func (w *worker) run() {
	for !w.m.stop.Load() {
		w.step()
	}
}

// step is one random operation. Who uses too much memory reclaims first.
func (w *worker) step() {
	o := &w.m.o
	if w.m.k.Resident() > o.Memory {
		w.reclaim(w.r.IntN(o.Pages))
	}
	op, v := o.Mix.pick(w.r.IntN(w.total)), w.r.IntN(o.Pages)
	if op.access() {
		w.access(op, v)
		return
	}
	other := w.t.MM
	record := operation{op: op, page: v, space: other.ID}
	switch op {
	case OpPageout:
		other = w.m.mms[w.r.IntN(len(w.m.mms))]
		record.space = other.ID
	case OpFork:
		if other = w.m.k.TakeMM(); other == nil {
			return
		}
		record.page, record.value = -1, uint64(other.ID)
	case OpShare:
		other = w.m.mms[w.r.IntN(len(w.m.mms))]
		record.page, record.value = -1, uint64(other.ID)
	case OpExit, OpDrain:
		record.page = -1
	}
	w.begin(record)
	w.end(op, w.do(op, v, other))
}

// do does what is no access, and says whether it could be done.
func (w *worker) do(op Op, v int, other *mm.MM) bool {
	k, t := &w.m.k, w.t
	switch op {
	case OpPageout:
		k.MadvisePageout(t, other, v)
	case OpWillneed:
		k.MadviseWillneed(t, v)
	case OpDontneed:
		k.MadviseDontneed(t, v)
	case OpFork:
		w.fork(other)
	case OpExit:
		return w.exit()
	case OpShare:
		return w.share(other)
	case OpDrain:
		k.DrainSlotCaches(t)
	}
	return true
}

// access makes one access and keeps the time of those that read a page in.
func (w *worker) access(op Op, v int) {
	a := mm.Access{Var: v, Write: op == OpStore || op == OpTag, Tag: op == OpTag || op == OpReadTag}
	o := operation{op: op, page: v, space: w.t.MM.ID}
	switch {
	case a.Tag:
		a.Granule = w.r.IntN(mte.PageGranules)
		if a.Write {
			a.NewTag, a.Whole = uint8(w.r.IntN(16)), w.r.IntN(2) == 0
		}
		o.at, o.whole, o.value = a.Granule, a.Whole, uint64(a.NewTag)
	default:
		a.Offset = 8 * w.r.IntN(mm.PageSize/8)
		if a.Write {
			a.Value = 1 + w.r.Uint64N(999_999_999)
		}
		o.at, o.value = a.Offset, a.Value
	}
	w.begin(o)
	before := w.m.k.MajorFaults(w.t)
	_, sig := w.m.k.Do(w.t, a)
	if w.m.k.MajorFaults(w.t) != before {
		w.major.add(time.Since(w.clock))
	}
	w.end(op, sig == mm.NoSignal)
	if sig != mm.NoSignal {
		w.killed++
	}
	w.accesses.Add(1)
}

// readPage reads the contents and all tags of a page.
func (a *actor) readPage(v int) {
	o := operation{op: OpLoad, page: v, space: a.t.MM.ID}
	a.begin(o)
	_, sig := a.m.k.Do(a.t, mm.Access{Var: v, Data: a.buf[:]})
	a.end(OpLoad, sig == mm.NoSignal)
	for g := range mte.PageGranules {
		o.op, o.at = OpReadTag, g
		a.begin(o)
		_, sig := a.m.k.Do(a.t, mm.Access{Var: v, Tag: true, Granule: g})
		a.end(OpReadTag, sig == mm.NoSignal)
	}
}

// fork makes a child. The task goes on in it or in the parent; the other one
// sleeps, and the process that slept before exits.
func (w *worker) fork(child *mm.MM) {
	t := w.t
	w.m.k.Fork(t, child)
	if w.r.IntN(2) == 0 {
		t.MM, child = child, t.MM
	}
	if w.asleep != nil {
		w.quit(w.asleep)
	}
	w.asleep = child
}

// exit ends the process that the task runs, if one sleeps in which it can go on.
func (w *worker) exit() bool {
	if w.asleep == nil {
		return false
	}
	w.m.k.Exit(w.t)
	w.t.MM, w.asleep = w.asleep, nil
	return true
}

// share makes the task a thread of another process.
func (w *worker) share(other *mm.MM) bool {
	old := w.t.MM
	if other == old || !w.m.k.Join(w.t, other) {
		return false
	}
	w.quit(old)
	return true
}

// quit ends the task's use of an address space other than the one it runs.
func (w *worker) quit(space *mm.MM) {
	running := w.t.MM
	w.t.MM = space
	w.m.k.Exit(w.t)
	w.t.MM = running
}

// leave ends all that the task uses.
func (w *worker) leave() {
	w.m.k.Exit(w.t)
	if w.asleep != nil {
		w.quit(w.asleep)
		w.asleep = nil
	}
}
