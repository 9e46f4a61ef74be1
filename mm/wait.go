package mm

import "tagswap/explore"

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
		s.slot = k.area(e).slots[e.Slot()].Peek() // not read yet: as it is now
	}
	s.entry, s.cache = e, pfn
}

// wait ends a round that came to nothing, asleep or busy. The next may start
// when something that the round has read is different.
func (k *Kernel) wait(t *Task, busy bool) {
	k.Costs.Retries++
	s := &t.seen
	t.waits = t.waits[:0]
	if s.world != 0 {
		t.waits = append(t.waits, t.walked...)
	} else {
		k.watchRound(t)
	}
	k.X.RetryOn(busy, t.waits)
	s.folio, s.world = nil, 0
}

func (k *Kernel) watchRound(t *Task) {
	s := &t.seen
	add := func(a *explore.Atomic, v uint64) { t.waits = append(t.waits, explore.Seen{Of: a, Value: v}) }
	if s.folio != nil {
		add(&s.folio.refs, 0)
	}
	if s.mm != nil {
		add(&s.mm.pte[s.v], uint64(s.pte))
		if k.Cfg.Vars[s.v].Shared {
			add(&k.vars[s.v].mapping, s.file)
		}
	}
	if s.entry != 0 {
		si := k.area(s.entry)
		add(&si.slots[s.entry.Slot()], s.slot)
		add(&si.folios[s.entry.Slot()], s.cache)
	}
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
		add(&si.slots[i])
		add(&si.folios[i])
	}
	for i := range k.nmm {
		m := &k.mms[i]
		for v := range k.Cfg.Vars {
			add(&m.pte[v])
		}
		add(&m.users)
		add(&m.list)
	}
	for v := range k.Cfg.Vars {
		add(&k.vars[v].mapping)
	}
	t.seen.world = h | 1
}

// hash adds what the round has seen to h.
func (s *seen) hash(h uint64) uint64 {
	h = (h ^ (s.mm.num() | uint64(s.v)<<8 | uint64(s.entry)<<16 | s.slot<<24 | s.cache<<32)) * 0xff51afd7ed558ccd
	h = (h ^ h>>31 ^ uint64(s.pte)<<1 ^ s.file<<30 ^ s.folio.num()<<50) * 0xc4ceb9fe1a85ec53
	return h ^ h>>29 ^ s.world
}
