package stress

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"tagswap/mm"
	"tagswap/mte"
)

// worker is one task: accesses in an address space, which it leaves for another
// now and then. It may have a second one, of a process that sleeps.
type worker struct {
	*actor
	chance
	pressure *rand.Rand // where to reclaim, which depends on what others do
	asleep   *mm.MM
	accesses atomic.Int64
	major    histogram // how long accesses took that read a page in
	killed   int64     // accesses that ended in a signal
}

func newWorker(m *Machine, i int) *worker {
	return &worker{
		actor: m.newActor(fmt.Sprint("task ", i+1), i+1), chance: newChance(&m.o, i),
		pressure: rand.New(rand.NewPCG(m.o.Seed, ^uint64(i))),
	}
}

func (w *worker) run() {
	for !w.m.stop.Load() {
		w.step()
	}
}

// choice is what a task is to do next, and all that chance decides about it.
type choice struct {
	op   Op
	page int
	dice uint64
}

// chance is what a task draws its operations from: each takes the same number of
// draws. What task i does under a seed is the same in each run, although tasks meet
// differently.
type chance struct {
	r     *rand.Rand
	mix   *Mix
	total int // of the mix
	pages int
}

func newChance(o *Options, task int) chance {
	return chance{rand.New(rand.NewPCG(o.Seed, uint64(task))), &o.Mix, o.Mix.total(), o.Pages}
}

// choose draws an operation.
func (c *chance) choose() choice {
	return choice{c.mix.pick(c.r.IntN(c.total)), c.r.IntN(c.pages), c.r.Uint64()}
}

// roll takes a number below n from the dice.
func (c *choice) roll(n int) int {
	d := int(c.dice % uint64(n))
	c.dice /= uint64(n)
	return d
}

// step is one random operation. Who uses too much memory reclaims first.
func (w *worker) step() {
	if w.m.k.Resident() > w.m.o.Memory {
		w.reclaim(w.pressure.IntN(w.m.o.Pages))
	}
	c := w.choose()
	if c.op.access() {
		w.access(&c)
	} else {
		w.other(&c)
	}
}

// other does what is no access. What cannot be done, because there is no process
// for it, is not counted.
func (w *worker) other(c *choice) {
	k, t := &w.m.k, w.t
	o := operation{op: c.op, page: c.page, space: t.MM.ID}
	did := true
	switch c.op {
	case OpPageout:
		space := w.m.mms[c.roll(len(w.m.mms))]
		o.space = space.ID
		w.begin(o)
		k.MadvisePageout(t, space, c.page)
	case OpWillneed:
		w.begin(o)
		k.MadviseWillneed(t, c.page)
	case OpDontneed:
		w.begin(o)
		k.MadviseDontneed(t, c.page)
	case OpFork:
		child := k.TakeMM()
		if child == nil {
			return
		}
		o.page, o.value = -1, uint64(child.ID)
		w.begin(o)
		w.fork(child, c.roll(2) == 0)
	case OpExit:
		o.page = -1
		w.begin(o)
		did = w.exit()
	case OpShare:
		space := w.m.mms[c.roll(len(w.m.mms))]
		o.page, o.value = -1, uint64(space.ID)
		w.begin(o)
		did = w.share(space)
	case OpDrain:
		o.page = -1
		w.begin(o)
		k.DrainSlotCaches(t)
	case OpFree:
		w.begin(o)
		k.MadviseFree(t, c.page)
	case OpPin:
		if c.roll(2) == 0 {
			o.value = 1 + uint64(c.roll(999_999_999))
		}
		w.begin(o)
		did = w.pin(c.page, o.value)
	case OpProtect, OpRemap:
		// The model has no mprotect of shared memory, and one file for all its life.
		if w.m.o.Mix.shared(c.page) {
			return
		}
		w.begin(o)
		w.change(c.op, c.page)
	default:
		panic("tagswap internal: nothing does " + c.op.String())
	}
	w.end(c.op, did)
}

// access makes one access and keeps the time of those that read a page in.
func (w *worker) access(c *choice) {
	a := mm.Access{Var: c.page, Write: c.op == OpStore || c.op == OpTag, Tag: c.op == OpTag || c.op == OpReadTag}
	o := operation{op: c.op, page: c.page, space: w.t.MM.ID}
	if a.Tag {
		a.Granule = c.roll(mte.PageGranules)
		if a.Write {
			a.NewTag, a.Whole = uint8(c.roll(16)), c.roll(2) == 0
		}
		o.at, o.whole, o.value = a.Granule, a.Whole, uint64(a.NewTag)
	} else {
		a.Offset = 8 * c.roll(mm.PageSize/8)
		if a.Write {
			a.Value = 1 + uint64(c.roll(999_999_999))
		}
		o.at, o.value = a.Offset, a.Value
	}
	w.begin(o)
	before := w.m.k.MajorFaults(w.t)
	_, sig := w.m.k.Do(w.t, a)
	if w.m.k.MajorFaults(w.t) != before {
		w.major.add(time.Since(w.clock))
	}
	w.end(c.op, sig == mm.NoSignal)
	if sig != mm.NoSignal {
		w.killed++
	}
	w.accesses.Add(1)
}

// change changes the mapping of a page and puts it back.
func (w *worker) change(op Op, page int) {
	k, t := &w.m.k, w.t
	if op == OpProtect {
		k.Mprotect(t, page, mm.VMRead)
		k.Mprotect(t, page, mm.VMRead|mm.VMWrite)
		return
	}
	k.Munmap(t, page)
	k.Mmap(t, page, w.m.o.protection())
}

// mostPins is how many tasks may have pins at once: the oracle keeps three pages of
// one address apart, that which is mapped and those that are held.
const mostPins = 2

// pin reads a page through a pin. Unless value is 0, it stores to it before, through
// the pin and then through the mapping, and gives others time to come between.
func (w *worker) pin(page int, value uint64) bool {
	m := w.m
	defer m.pins.Add(-1)
	if m.pins.Add(1) > mostPins {
		return false
	}
	if m.k.GUP(w.t, page, true, value != 0) != mm.NoSignal {
		w.killed++
		return false
	}
	if value != 0 {
		m.k.StoreHeld(w.t, page, value-1)
		runtime.Gosched()
		if _, sig := m.k.Do(w.t, mm.Access{Var: page, Write: true, Value: value}); sig != mm.NoSignal {
			w.killed++
		}
	}
	m.k.LoadHeld(w.t, page)
	m.k.PutPage(w.t, page)
	return true
}

// readPage reads the contents and all tags of a page.
func (a *actor) readPage(v int) {
	o := operation{op: OpLoad, page: v, space: a.t.MM.ID}
	a.begin(o)
	_, sig := a.m.k.Do(a.t, mm.Access{Var: v, Data: a.buf[:]})
	a.end(OpLoad, sig == mm.NoSignal)
	granules := mte.PageGranules
	if !a.m.o.CheckTouched {
		granules = 1 // each access looks at all of them
	}
	for g := range granules {
		o.op, o.at = OpReadTag, g
		a.begin(o)
		_, sig := a.m.k.Do(a.t, mm.Access{Var: v, Tag: true, Granule: g})
		a.end(OpReadTag, sig == mm.NoSignal)
	}
}

// fork makes a child, in which the task goes on if it is to follow. The other one
// sleeps, and the process that slept before exits.
func (w *worker) fork(child *mm.MM, follow bool) {
	t := w.t
	w.m.k.Fork(t, child)
	if follow {
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
