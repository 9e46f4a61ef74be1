package mm

import "tagswap/explore"

// seen is what a round of a fault has read of the things that can keep it from
// its goal, and when: a round that would read the same again is a wait.
type seen struct {
	mm     *MM
	v      int
	pte    PTE
	entry  Entry // of slot and cache
	slot   uint64
	cache  uint64
	file   uint64
	moved  bool   // something had two values within the round
	inside bool   // the round has waited inside the kernel
	mapped bool   // the round itself has put into the page table what was missing there
	world  uint64 // swapoff: everything it walks over, as its round found it
	depth  int    // swapoff: of the list whose round that is
}

// self is the task that runs, for notes that need no event.
func (k *Kernel) self() *Task { return &k.tasks[k.X.Task()] }

// Of each thing the round keeps the value that it read first. A later read that
// sees another one has moved: the next round may go elsewhere, even if the first
// value is back by then.

func (k *Kernel) sawPTE(f *Frame, p PTE) {
	if k.X == nil {
		return
	}
	s := &f.t.seen
	switch {
	case s.world != 0:
		k.walkedPast(f.t, &f.mm.at[f.v].pte, uint64(p))
	case s.mm != f.mm || s.v != f.v:
		s.mm, s.v, s.pte = f.mm, f.v, p
	case s.pte != p:
		s.moved = true
	}
}

func (k *Kernel) sawSlot(e Entry, v uint64) {
	if k.X == nil {
		return
	}
	t := k.self()
	s := &t.seen
	switch {
	case s.world != 0:
		k.walkedPast(t, &k.area(e).slots[e.Slot()].count, v)
	case s.entry != e:
		s.entry, s.slot, s.cache = e, v, k.area(e).slots[e.Slot()].cache.Peek()
	case s.slot != v:
		s.moved = true
	}
}

func (k *Kernel) sawCache(e Entry, pfn uint64) {
	if k.X == nil {
		return
	}
	t := k.self()
	s := &t.seen
	switch {
	case s.world != 0:
		k.walkedPast(t, &k.area(e).slots[e.Slot()].cache, pfn)
	case s.entry != e:
		s.entry, s.cache, s.slot = e, pfn, k.area(e).slots[e.Slot()].count.Peek()
	case s.cache != pfn:
		s.moved = true
	}
}

// What the round itself writes is no news to it.

func (k *Kernel) cacheIs(f *Frame, pfn uint64) {
	if s := &f.t.seen; s.entry == f.entry {
		s.cache = pfn
	}
}

func (k *Kernel) pteIs(f *Frame, p PTE) {
	s := &f.t.seen
	if s.world != 0 && p.present() {
		s.moved = true // swapoff has brought a page in, and reclaim may take it out again behind it
	}
	if s.mm == f.mm && s.v == f.v {
		s.mapped = s.mapped || p.present() && !s.pte.present() || p.write() && !s.pte.write()
		s.pte = p
	}
}

// walkedPast compares what swapoff has just read with the start of its round.
func (k *Kernel) walkedPast(t *Task, a *explore.Atomic, v uint64) {
	for i := range t.walked {
		if t.walked[i].Of == a && t.walked[i].Value != v {
			t.seen.moved = true
		}
	}
}

// wait ends a round of an access that came to nothing, asleep or busy. The next
// may start when something that the round has read is different.
func (k *Kernel) wait(t *Task, busy bool) {
	k.costs(t).Retries++
	if k.X == nil {
		k.rest(t)
		return
	}
	if s := &t.seen; s.moved || s.inside {
		return
	}
	t.waits = t.waits[:0]
	k.watchRound(t)
	k.X.RetryOn(busy, t.waits)
}

// waitInside ends a round of a loop inside the kernel: of swapoff, or of reading
// a page ahead in the middle of a fault, whose own round goes on.
func (k *Kernel) waitInside(t *Task, busy bool) {
	k.costs(t).Retries++
	if k.X == nil {
		k.rest(t)
		return
	}
	s := &t.seen
	outer := t.depth <= s.depth
	// A round of swapoff that has waited for something on its way is no wait.
	if moved := s.moved || s.inside && (outer || s.world != 0); !moved {
		t.waits = t.waits[:0]
		if s.world != 0 {
			t.waits = append(t.waits, t.walked...)
		} else {
			k.watchEntry(t)
		}
		k.X.RetryOn(busy, t.waits)
	}
	switch {
	case outer:
		*s = seen{}
	case s.world != 0:
		*s = seen{depth: s.depth, inside: true}
	default:
		s.entry, s.moved, s.inside = 0, false, true
	}
}

// spinOn waits for whoever froze folio, which is at entry in the swap cache or
// in the page cache, to take it away or to let it go.
func (k *Kernel) spinOn(f *Frame) {
	t := f.t
	if k.X == nil {
		k.rest(t)
		return
	}
	at, found := &k.vars[f.v].mapping, uint64(mkPTE(f.folio.pfn, 0))
	if f.entry != 0 {
		at, found = &k.area(f.entry).slots[f.entry.Slot()].cache, uint64(f.folio.pfn)
	}
	t.waits = append(t.waits[:0], explore.Seen{Of: &f.folio.refs}, explore.Seen{Of: at, Value: found})
	k.X.RetryOn(true, t.waits)
	t.seen.inside = true
}

// watchRound lists what the round of an access has seen.
func (k *Kernel) watchRound(t *Task) {
	s := &t.seen
	if s.mm != nil {
		t.waits = append(t.waits, explore.Seen{Of: &s.mm.at[s.v].pte, Value: uint64(s.pte)})
		if k.Cfg.Vars[s.v].Shared {
			t.waits = append(t.waits, explore.Seen{Of: &k.vars[s.v].mapping, Value: s.file})
		}
	}
	k.watchEntry(t)
}

// watchEntry lists what was seen of the swap entry, which is all that a loop
// that reads it in looks at.
func (k *Kernel) watchEntry(t *Task) {
	s := &t.seen
	if s.entry == 0 {
		return
	}
	si := k.area(s.entry)
	t.waits = append(t.waits,
		explore.Seen{Of: &si.slots[s.entry.Slot()].count, Value: s.slot},
		explore.Seen{Of: &si.slots[s.entry.Slot()].cache, Value: s.cache})
}

// walk notes all that a round of swapoff looks at on device area, as it is at
// the start of the round.
func (k *Kernel) walk(t *Task, area int) {
	si := &k.areas[area]
	t.walked = t.walked[:0]
	h := uint64(1)
	add := func(a *explore.Atomic) {
		v := a.Peek()
		t.walked = append(t.walked, explore.Seen{Of: a, Value: v})
		h = stir(h, v)
	}
	add(&si.inuse)
	for i := range si.cfg.Slots {
		add(&si.slots[i].count)
		add(&si.slots[i].cache)
	}
	for i := range k.nmm {
		m := &k.mms[i]
		for v := range k.Cfg.Vars {
			add(&m.at[v].pte)
		}
		add(&m.users)
		add(&m.list)
	}
	for v := range k.Cfg.Vars {
		add(&k.vars[v].mapping)
	}
	t.seen.world, t.seen.depth = h|1, t.depth
}

// hash adds what the round has seen to h.
func (s *seen) hash(h uint64) uint64 {
	h = (h ^ (s.mm.num() | uint64(s.v)<<8 | uint64(s.entry)<<16 | s.slot<<24 | s.cache<<32)) * 0xff51afd7ed558ccd
	h = (h ^ h>>31 ^ uint64(s.pte)<<1 ^ s.file<<30) * 0xc4ceb9fe1a85ec53
	return h ^ h>>29 ^ s.world ^ b2u(s.moved)<<7 ^ b2u(s.inside)<<9 ^ b2u(s.mapped)<<11 ^ uint64(s.depth)<<15
}
