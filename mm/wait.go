package mm

// seen is what a round of a fault has read of the things that can keep it from
// its goal, and when: a round that would read the same again is a wait.
type seen struct {
	mm    *MM
	v     int
	pte   PTE
	entry Entry // of slot and cache
	slot  uint64
	cache uint64
	file  uint64
	folio *Folio // whose references were found frozen
	world uint64 // swapoff: everything it walks over, as its round found it
}

// self is the task that runs, for notes that need no event.
func (k *Kernel) self() *Task { return &k.tasks[k.X.Task()] }

func (k *Kernel) sawPTE(f *Frame, p PTE) {
	s := &f.t.seen
	s.mm, s.v, s.pte = f.mm, f.v, p
}

func (k *Kernel) sawSlot(e Entry, v uint64) {
	s := &k.self().seen
	if s.entry != e {
		s.cache = 0
	}
	s.entry, s.slot = e, v
}

func (k *Kernel) sawCache(e Entry, pfn uint64) {
	s := &k.self().seen
	if s.entry != e {
		s.slot = k.area(e).slots[e.Slot()].Peek()
	}
	s.entry, s.cache = e, pfn
}

// stale says whether anything that the round has read is different now. It is no
// event: what it looks at decides when the next round may start.
func (k *Kernel) stale(s *seen) bool {
	switch {
	case s.world != 0:
		return s.world != k.world(s.entry.Area())
	case s.folio != nil && s.folio.refs.Peek() != 0:
		return true
	case s.mm != nil && PTE(s.mm.pte[s.v].Peek()) != s.pte:
		return true
	case s.mm != nil && k.Cfg.Vars[s.v].Shared && k.vars[s.v].mapping.Peek() != s.file:
		return true
	case s.entry == 0:
		return false
	}
	si := k.area(s.entry)
	i := s.entry.Slot()
	return si.slots[i].Peek() != s.slot || si.folios[i].Peek() != s.cache
}

// world is a hash of all that swapoff looks at on device area.
func (k *Kernel) world(area int) uint64 {
	si := &k.areas[area]
	h := uint64(1)
	m := func(v uint64) { h = (h ^ v) * 0xff51afd7ed558ccd; h ^= h >> 29 }
	m(si.inuse.Peek())
	for i := range si.cfg.Slots {
		m(si.slots[i].Peek()<<16 | si.folios[i].Peek())
	}
	for i := range k.nmm {
		for v := range k.Cfg.Vars {
			m(k.mms[i].pte[v].Peek())
		}
		m(k.mms[i].users.Peek()<<1 | k.mms[i].list.Peek())
	}
	for v := range k.Cfg.Vars {
		m(k.vars[v].mapping.Peek())
	}
	return h | 1
}

// wait ends a round that came to nothing, asleep or busy. The next may start
// when something that the round has read is different.
func (k *Kernel) wait(t *Task, busy bool) {
	k.Costs.Retries++
	s := &t.seen
	k.X.RetryUntil(func() bool { return k.stale(s) })
	s.folio, s.world = nil, 0
}

// hash adds what the round has seen to h.
func (s *seen) hash(h uint64) uint64 {
	h = (h ^ (s.mm.num() | uint64(s.v)<<8 | uint64(s.entry)<<16 | s.slot<<24 | s.cache<<32)) * 0xff51afd7ed558ccd
	h = (h ^ h>>31 ^ uint64(s.pte)<<1 ^ s.file<<30 ^ s.folio.num()<<50) * 0xc4ceb9fe1a85ec53
	return h ^ h>>29 ^ s.world
}
