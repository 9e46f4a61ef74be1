package mm

import (
	"math"
	"math/bits"

	"tagswap/explore"
)

// native is what a Kernel needs besides when its tasks are goroutines (X is nil).
//
// Lock order: gates and the quarantine's shards are innermost.
type native struct {
	memory  memory
	pages   quarantine          // pfns
	records quarantine          // tag records
	live    sharded             // pages in use
	flat    [len(entries)]*flat // by list

	readErrors, writeErrors explore.Atomic // of swap devices

	waits LockWaits
	_     [64]byte
	clock epochs
	_     [64]byte
	mu    explore.Mutex // protects spare
	spare []*MM         // address spaces that nobody uses
}

// resetNative prepares k for goroutines.
func (k *Kernel) resetNative() {
	k.nat = &native{}
	k.nat.clock.reset(len(k.tasks))
	k.nat.memory.reset(len(k.folios))
	for i := range k.narea {
		if si := &k.areas[i]; si.cfg.Device == nil {
			si.memory = make([][PageSize]byte, si.cfg.Slots)
		}
	}
	k.nat.pages.reset(&k.nat.clock, 1, len(k.folios)-1)
	// A record for each slot, for each task that saves tags, and some that nobody
	// may take yet.
	n := 2 * (k.entries() + len(k.tasks))
	k.nat.records.reset(&k.nat.clock, 0, n)
	k.Tags.Recycle(&k.nat.records, n)
	k.Tags.OnFatal = k.fatal
	for i := range k.tasks {
		t := &k.tasks[i]
		t.cluster = i * len(k.areas[0].clusters) / len(k.tasks)
		t.rss = make([][numRSS]int64, len(k.mms), len(k.mms)+4) // the next one is another task's
	}
	for i := range k.vars {
		k.vars[i].old = k.vars[i].few[:0]
	}
	for i, fn := range k.P.entries {
		if fn != nil {
			k.nat.flat[i] = k.flatten(fn)
		}
	}
	k.watchLocks()
}

// violation reports that a property does not hold; the task goes on.
func (k *Kernel) violation(property, detail string) {
	if k.X != nil {
		k.X.Violation(property, detail)
		return
	}
	if k.OnViolation == nil {
		panic("tagswap internal: " + property + ": " + detail)
	}
	k.OnViolation(property, detail)
}

// fatal reports a violation that ends the task. Natively the task goes on, as a
// kernel with KASAN does: it holds locks that others wait for, and whatever it
// uses is still there.
func (k *Kernel) fatal(property, detail string) {
	if k.X != nil {
		k.X.Fatal(property, detail)
		return
	}
	k.violation(property, detail)
}

// Oops is what a native task panics with when it cannot go on. Locks that it
// holds stay held, so the machine is of no more use.
type Oops struct{ Property, Detail string }

// oops is fatal for something that leaves nothing to go on with.
func (k *Kernel) oops(property, detail string) {
	k.fatal(property, detail)
	panic(Oops{property, detail})
}

// costs is where the costs of t are counted.
func (k *Kernel) costs(t *Task) *Costs {
	if k.nat != nil {
		return &t.cost
	}
	return &k.Costs
}

// Resident is how many pages are in use, natively.
func (k *Kernel) Resident() int { return k.nat.live.sum() }

// CostsOf is what t has cost so far, natively. Only t may ask while it runs.
func (k *Kernel) CostsOf(t *Task) Costs { return t.cost }

// A gate stands for the TLB flush: a user access walks the page table, touches
// the page and the oracle while it has the gate, and whoever changes an entry
// does it with the gate, so after accesses under way. Under the explorer both are
// one event.

// gate is the gate of v in m. The pages of shared memory have one gate, since
// several address spaces reach them.
func (k *Kernel) gate(m *MM, v int) *explore.Mutex {
	if k.Cfg.Vars[v].Shared {
		return &k.vars[v].gate
	}
	return &m.at[v].gate
}

func (k *Kernel) shut(m *MM, v int) {
	if k.nat != nil {
		k.gate(m, v).Lock()
	}
}

func (k *Kernel) open(m *MM, v int) {
	if k.nat != nil {
		k.gate(m, v).Unlock()
	}
}

// passing makes an access of m to v as one event.
func (k *Kernel) passing(what string, m *MM, v int, f func()) {
	if k.nat == nil {
		k.X.Atomically(what, f)
		return
	}
	k.shut(m, v)
	f()
	k.open(m, v)
}

// jitter lets the schedule be shaken between steps.
func (k *Kernel) jitter(t *Task) {
	if k.nat != nil && k.Jitter != nil {
		k.Jitter(t)
	}
}

// rest ends a round natively.
func (k *Kernel) rest(t *Task) {
	explore.Pause(t.rests)
	t.rests++
}

// newFolioNative is newFolio with a page that was used before, and with flags.
// Nobody gets a reference before refs is set, which comes last. nil: the machine is
// out of memory.
func (k *Kernel) newFolioNative(t *Task, m *MM, v int, flags uint64) *Folio {
	pfn := k.nat.pages.Get(t.ID)
	if pfn < 0 {
		return nil
	}
	f := &k.folios[pfn]
	f.v, f.home = v, m
	f.index.Store(0)
	if !f.known {
		f.known = true
		k.nat.memory.fresh(pfn)
	}
	if f.mapcount.Load() != 0 { // under a wrong design
		f.mapcount.Store(0)
	}
	if f.swap.Get() != 0 {
		f.swap.Set(0)
	}
	f.flags.Init(nil, flagNames[:], pfn, flags)
	f.life.Store(1)
	f.refs.Store(1)
	k.nat.live.add(pfn, 1)
	return f
}

// bind gives a folio its place: the variable it is a page of. A fault that was
// late may have read it in for another one, whose slot this was before, so the
// place is known when the folio is mapped or goes into the page cache
// (mm/rmap.c:__page_set_anon_rmap, v6.1): index is then the variable plus one. Under
// the explorer it is known from the start. The folio lock or a mapping keeps others
// away, but under a wrong design two tasks may come here.
func (k *Kernel) bind(fo *Folio, v int) {
	if k.nat != nil && fo.index.Load() == 0 {
		fo.index.Store(uint64(v) + 1)
	}
}

// place is the variable of f's folio, for the reverse map and for the page cache
// when the folio goes out of it.
func (k *Kernel) place(f *Frame) int {
	if f.folio == nil {
		return f.v
	}
	return k.placeOf(f.folio, f.v)
}

// placeOf is the variable of fo, or v while fo has no place.
func (k *Kernel) placeOf(fo *Folio, v int) int {
	if k.nat != nil {
		if i := fo.index.Load(); i != 0 {
			return int(i) - 1
		}
	}
	return v
}

// shmem says whether fo belongs to shared anonymous memory.
func (k *Kernel) shmem(fo *Folio) bool { return k.Cfg.Vars[k.placeOf(fo, fo.v)].Shared }

// freeNative ends a folio; it is handed out again when nobody can still know it.
func (k *Kernel) freeNative(f *Folio) {
	if f.life.Swap(0) != 0 {
		k.nat.pages.Put(f.pfn)
		k.nat.live.add(f.pfn, -1)
	}
}

// rmapNative says whether the reverse map of fo should look at m. It looks at the
// entry without a lock: one that fork adds meanwhile is seen by the map count.
func (k *Kernel) rmapNative(fo *Folio, m *MM, v int) bool {
	p := PTE(m.at[v].pte.Peek())
	return p.present() && p.pfn() == fo.pfn
}

// nextMM is the number of the first address space from id on that may have an entry
// for v; nmm or more if there is none. Natively it stands for the anon_vmas of a page
// and for the mappings of a file, beyond which no walk looks: to look at others would
// take cache lines away from their tasks.
func (k *Kernel) nextMM(id, v int) int {
	if k.nat == nil || len(k.mms) > 64 {
		return min(id, k.nmm)
	}
	if left := k.vars[v].mapped.Load() >> id; left != 0 && id < 64 {
		return id + bits.TrailingZeros64(left)
	}
	return k.nmm
}

// maps notes that m is about to map v. Of more than 64 address spaces nothing is noted.
func (k *Kernel) maps(m *MM, v int) {
	if k.nat == nil || len(k.mms) > 64 {
		return
	}
	if at, bit := &k.vars[v].mapped, uint64(1)<<m.ID; at.Load()&bit == 0 {
		at.Or(bit)
	}
}

// unmaps notes that m, which is gone, maps nothing any more. It is for native tasks.
func (k *Kernel) unmaps(m *MM) {
	if len(k.mms) > 64 {
		return
	}
	for v := range k.vars {
		if at, bit := &k.vars[v].mapped, uint64(1)<<m.ID; at.Load()&bit != 0 {
			at.And(^bit)
		}
	}
}

// forked gives the child the oracle's page as it is now: its entry is about to be
// written, and the parent's is write-protected. See forkPage.
func (k *Kernel) forked(parent, child *MM, v int) {
	if k.nat != nil {
		k.shut(parent, v)
		k.oracle.fork(parent, child, v)
		k.open(parent, v)
	}
}

// copying makes a copy that may be for a child: the oracle's copy is made with it
// natively, since other threads go on storing to a page that fork copies.
func (k *Kernel) copying(f *Frame, note func(to, from *shadow), copied func()) {
	if k.nat == nil || f.child == nil {
		copied()
		return
	}
	o := &k.oracle
	k.shut(f.mm, f.v)
	copied()
	note(o.shadow(o.page(f.child, f.v)), o.shadow(o.page(f.mm, f.v)))
	k.open(f.mm, f.v)
}

// TakeMM returns an address space that nobody uses, for Fork; nil when there is
// none. It has no users, and nobody can join it, until Fork is done. It is for
// native tasks.
func (k *Kernel) TakeMM() *MM {
	k.nat.mu.Lock()
	defer k.nat.mu.Unlock()
	n := len(k.nat.spare)
	if n == 0 {
		return nil
	}
	m := k.nat.spare[n-1]
	k.nat.spare = k.nat.spare[:n-1]
	m.pinned.Store(0)
	return m
}

// Spare makes m, which was just made, one of those that TakeMM returns.
func (k *Kernel) Spare(m *MM) {
	m.users.Store(0)
	for v := range k.Cfg.Vars {
		k.Reserve(m, v)
	}
	k.retire(m)
}

// rss is which of an address space's counters.
type rss int

const (
	anonPages rss = iota // MM_ANONPAGES
	swapEnts             // MM_SWAPENTS
	numRSS
)

// rssAdd counts pages of m. Natively each task has its part of the counter, as
// tasks or processors have in the kernel (mm/memory.c:add_mm_counter_fast (v6.1),
// struct percpu_counter since v6.2).
func (k *Kernel) rssAdd(f *Frame, m *MM, which rss, n int64) {
	if k.nat != nil {
		f.t.rss[m.ID][which] += n
		return
	}
	m.rss[which].AddBlind(n)
}

// rssOf is what a counter of m has, when nothing runs.
func (k *Kernel) rssOf(m *MM, which rss) int64 {
	n := int64(m.rss[which].Peek())
	for i := range k.tasks {
		if k.nat != nil {
			n += k.tasks[i].rss[m.ID][which]
		}
	}
	return n
}

// retire takes an address space back that has no users.
func (k *Kernel) retire(m *MM) {
	k.nat.mu.Lock()
	k.nat.spare = append(k.nat.spare, m)
	k.nat.mu.Unlock()
}

// Join makes t one more thread of m, unless m is gone.
func (k *Kernel) Join(t *Task, m *MM) bool {
	if !m.users.AddUnlessZero(1) {
		return false
	}
	t.MM = m
	return true
}

// epochs tell when an operation began. What was freed after that it may know.
type epochs struct {
	now   explore.Atomic
	_     [64]byte
	since []paddedAtomic // by task; never: in no operation
}

type paddedAtomic struct {
	explore.Atomic
	_ [64]byte
}

const never = math.MaxUint64

func (e *epochs) reset(tasks int) {
	e.now.Init(nil, "", -1, 1)
	e.since = make([]paddedAtomic, tasks)
	for i := range e.since {
		e.since[i].Init(nil, "", -1, never)
	}
}

func (e *epochs) enter(task int) { e.since[task].Store(e.now.Load()) }
func (e *epochs) leave(task int) { e.since[task].Store(never) }

// oldest is when the oldest operation under way began.
func (e *epochs) oldest() uint64 {
	low := uint64(never)
	for i := range e.since {
		low = min(low, e.since[i].Load())
	}
	return low
}

// MajorFaults is how many major faults t has had, natively. Only t may ask while
// it runs.
func (k *Kernel) MajorFaults(t *Task) int64 { return t.cost.MajorFaults }
