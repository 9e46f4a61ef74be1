package stress

import (
	"slices"
	"testing"
	"time"

	"tagswap/mm"
)

// one is a machine with one task of the mix, on which nothing runs by itself.
func one(t *testing.T, o Options) (*Machine, *worker) {
	o.Tasks = 1
	m := New(program(t, "v6.12"), o)
	return m, m.workers[0]
}

// Every operation does what it says, to the machine and not to a counter alone.
func TestOperations(t *testing.T) {
	m, w := one(t, Options{Pages: 4, Mix: mix(t, "load=1,drain=1,pin=1"), SlotCache: true})
	k, first := &m.k, w.t.MM
	state := func(space *mm.MM, what string) bool { return k.PageState(space, 1, what) == 1 }
	do := func(op Op, dice uint64) {
		t.Helper()
		n := w.done[op]
		c := choice{op, 1, dice}
		if op.access() {
			w.access(&c)
		} else {
			w.other(&c)
		}
		if w.done[op] != n+1 {
			t.Errorf("%v is not counted", op)
		}
	}
	expect := func(what string, ok bool) {
		t.Helper()
		if !ok {
			t.Errorf("not %s", what)
		}
	}
	read := func(a mm.Access) uint64 {
		a.Var = 1
		got, sig := k.Do(w.t, a)
		if sig != mm.NoSignal {
			t.Error(sig)
		}
		return got
	}

	do(OpStore, 5+512*41) // 42 at byte 40
	expect("stored", read(mm.Access{Offset: 40}) == 42)
	do(OpTag, 7+256*(3+16*1))
	expect("one tag set", read(mm.Access{Tag: true, Granule: 7}) == 3 && read(mm.Access{Tag: true, Granule: 8}) == 0)
	do(OpTag, 7+256*(9+16*0))
	expect("all tags set", read(mm.Access{Tag: true, Granule: 7}) == 9 && read(mm.Access{Tag: true, Granule: 200}) == 9)
	do(OpPageout, uint64(first.ID))
	expect("paged out", state(first, "swapped") && k.Tags.Kept() == 1)
	do(OpWillneed, 0)
	expect("read ahead", state(first, "cached") && state(first, "swapped"))
	do(OpLoad, 5)
	do(OpReadTag, 7)
	expect("read in", !state(first, "swapped") && m.Figures().SwapIns == 1)

	do(OpFork, 0) // and follows
	child := w.t.MM
	expect("in the child", child != first && w.asleep == first && k.Readable(child, 1) && read(mm.Access{Offset: 40}) == 42)
	do(OpFork, 1)
	expect("in the parent", w.t.MM == child && w.asleep != nil && w.asleep != first && !k.Readable(first, 1))
	other := w.asleep
	do(OpShare, uint64(slices.Index(m.mms, other)))
	expect("a thread of the other", w.t.MM == other && !k.Readable(child, 1) && read(mm.Access{Offset: 40}) == 42)
	do(OpExit, 0)
	expect("gone on in the one that slept", w.t.MM == other && w.asleep == nil && k.Readable(other, 1))

	do(OpDontneed, 0)
	expect("dropped", read(mm.Access{Offset: 40}) == 0 && read(mm.Access{Tag: true, Granule: 7}) == 0)

	do(OpPin, 0+2*6) // stores 7
	expect("stored through the pin", read(mm.Access{}) == 7)
	do(OpPin, 1)
	expect("let go", k.Resident() == 1)
	do(OpProtect, 0)
	expect("writable again", func() bool { do(OpStore, 0); return true }())
	do(OpFree, 0)
	w.reclaim(1)
	expect("dropped by reclaim", k.Resident() == 0 && !state(other, "swapped") && read(mm.Access{}) == 0)
	do(OpStore, 0)
	do(OpRemap, 0)
	expect("fresh", read(mm.Access{}) == 0 && k.Readable(other, 1))

	do(OpPageout, uint64(slices.Index(m.mms, other)))
	do(OpLoad, 0)
	do(OpStore, 0) // which frees the slot, into a slot cache
	before := k.SlotsInUse()
	do(OpDrain, 0)
	expect("drained", k.SlotsInUse() < before)

	before = k.Resident()
	w.reclaim(1)
	expect("reclaimed", k.Resident() == before-1 && w.done[OpReclaim] == 2 && state(other, "swapped"))
	go func() { time.Sleep(50 * time.Millisecond); m.stop.Store(true) }()
	m.runSwapper()
	expect("swapped off and on", m.swapper.done[OpSwapoff] > 0 && k.SlotsInUse() == 0 && !state(other, "swapped"))
	w.reclaim(1)
	expect("on again", state(other, "swapped"))
	if r := m.Finish(); r.Failed() {
		t.Errorf("%+v", r.First)
	}
}

// Pages that a mix makes shared are one memory for parent and child; others are not.
func TestSharedPages(t *testing.T) {
	for shared, want := range map[string]uint64{"shared=100": 42, "shared=0": 0} {
		m, w := one(t, Options{Pages: 4, Mix: mix(t, "load=1,"+shared)})
		w.other(&choice{OpFork, 0, 0})
		w.access(&choice{OpStore, 1, 5 + 512*41})
		if !w.exit() {
			t.Error("no parent to go on in")
		}
		if got, sig := m.k.Do(w.t, mm.Access{Var: 1, Offset: 40}); got != want || sig != mm.NoSignal {
			t.Errorf("%s: the parent reads %d, %v, want %d", shared, got, sig, want)
		}
	}
}

// What cannot be done is not counted.
func TestNotDone(t *testing.T) {
	m, w := one(t, Options{Pages: 4})
	for _, op := range []Op{OpExit, OpShare} { // nobody sleeps; with itself
		c := choice{op, 1, uint64(w.t.MM.ID)}
		w.other(&c)
	}
	for m.k.TakeMM() != nil {
	}
	c := choice{OpFork, 1, 0}
	w.other(&c)
	if w.done != [numOps]int64{} {
		t.Errorf("%v", w.done)
	}
}

// A seed says what each task does, whatever the others are at: nothing but choose
// draws from a task's chance.
func TestSeed(t *testing.T) {
	o := Options{Seed: 5, Memory: 20, Swapoff: true}.Defaults()
	m := New(program(t, "v7.2"), o)
	runUntil(m, func() bool {
		return !slices.ContainsFunc(m.workers, func(w *worker) bool { return w.done[OpLoad] == 0 })
	})
	if m.Stuck() {
		t.Fatalf("%v", m.counts)
	}
	for i, w := range m.workers {
		next := []choice{w.choose(), w.choose(), w.choose()}
		fresh := newChance(&o, i)
		last := []choice{fresh.choose(), fresh.choose(), fresh.choose()}
		n := 3
		for ; !slices.Equal(last, next); n++ {
			if n > 10_000_000 {
				t.Fatalf("%s has got out of step with its seed", w.name)
			}
			last = append(last[1:], fresh.choose())
		}
		did := int64(0)
		for op := range numWeighted {
			did += w.done[op]
		}
		if did == 0 || did > int64(n) {
			t.Errorf("%s did %d operations with %d draws", w.name, did, n)
		}
	}
	other := o
	other.Seed = 6
	a, b, c := newChance(&o, 1), newChance(&o, 2), newChance(&other, 1)
	if x := a.choose(); x == b.choose() || x == c.choose() {
		t.Error("other seeds and other tasks do the same")
	}
}

// Memory is enough for all pages of all processes, which come in while the device
// is swapped off.
func TestSwapoffWithoutMemory(t *testing.T) {
	m := New(program(t, "v7.2"), Options{
		Seed: 1, Memory: 20, Swapoff: true,
	})
	m.patience = 5 * time.Second
	most := 0
	r := until(m, func() bool { most = max(most, m.k.Resident()); return m.swapper.done[OpSwapoff] > 40 })
	if r.Failed() || r.Partial {
		t.Errorf("with %d pages in use of %d: %v, %+v", most, m.o.frames(), r.Violations, r.First)
	}
}

// Tasks and kswapd keep to the limit of memory.
func TestLimit(t *testing.T) {
	m := New(program(t, "v7.2"), Options{Seed: 1, Memory: 40, Mix: mix(t, "load=1,store=1,shared=0")})
	r := until(m, func() bool {
		if got := m.k.Resident(); got > 40+2*m.o.Tasks {
			t.Errorf("%d pages are in use, the limit is 40", got)
		}
		return m.kswapd.done[OpReclaim] > 0 && m.workers[0].done[OpReclaim] > 0
	})
	if m.kswapd.done[OpReclaim] == 0 || m.workers[0].done[OpReclaim] == 0 || r.Failed() {
		t.Errorf("kswapd reclaims %d times, a task %d times; %+v", m.kswapd.done[OpReclaim], m.workers[0].done[OpReclaim], r.First)
	}
}

// What is lost and never read by a task is found in the end.
func TestSweep(t *testing.T) {
	p := mutant(t, "v7.2", "mte_restore_tags", "        mte_restore_page_tags\n", "")
	m := New(p, Options{Seed: 1, CheckTouched: true, Mix: mix(t, "load=1,store=1,tag=1,pageout=1")})
	r := until(m, func() bool {
		if m.Failed() {
			t.Errorf("a tag was read: %+v", m.first)
		}
		return m.Figures().SwapIns > 1000
	})
	// Unless only what is touched is checked, any access finds it.
	m2 := New(p, Options{Seed: 1, Mix: m.o.Mix})
	if runUntil(m2, m2.Failed); !m2.Failed() || m2.first.Property != "tags" || m2.first.Task == "the end" {
		t.Errorf("no access finds lost tags: %+v", m2.first)
	}
	if r.Violations["tags"] == 0 || r.First.Task != "the end" || r.First.Operation == "" {
		t.Errorf("%v, %+v", r.Violations, r.First)
	}
}
