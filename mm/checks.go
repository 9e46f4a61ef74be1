package mm

import (
	"fmt"
)

// Max keeps the larger of each cost.
func (c *Costs) Max(d *Costs) {
	c.Copies = max(c.Copies, d.Copies)
	c.Faults = max(c.Faults, d.Faults)
	c.MajorFaults = max(c.MajorFaults, d.MajorFaults)
	c.Reuses = max(c.Reuses, d.Reuses)
	c.Retries = max(c.Retries, d.Retries)
	c.LockWaits = max(c.LockWaits, d.LockWaits)
	c.DeviceWaits = max(c.DeviceWaits, d.DeviceWaits)
	c.SlotsKept = max(c.SlotsKept, d.SlotsKept)
}

// SlotsInUse counts the slots that are in use, without those that Config.Used
// takes. It is no event.
func (k *Kernel) SlotsInUse() int {
	n := 0
	for i := range k.narea {
		if si := &k.areas[i]; si.flags.Peek()&(1<<areaUsed) != 0 {
			n += int(si.inuse.Peek()) - si.cfg.Used
		}
	}
	return n
}

// PageState answers a state function of the litmus language for v of m: swapped,
// cached, exclusive; 0 or 1. It is no event.
func (k *Kernel) PageState(m *MM, v int, what string) int {
	p := PTE(m.at[v].pte.Peek())
	if k.Cfg.Vars[v].Shared && !p.present() {
		p = PTE(k.vars[v].mapping.Peek())
	}
	yes := false
	switch what {
	case "swapped":
		yes = p.swap()
	case "cached":
		switch {
		case p.swap():
			e := p.entry()
			yes = k.area(e).slots[e.Slot()].cache.Peek() != 0
		case p.present():
			yes = k.folio(p.pfn()).flags.Peek()>>flagSwapcache&1 != 0
		}
	case "exclusive":
		if p.present() {
			yes = p.write() || k.folio(p.pfn()).flags.Peek()>>flagAnonExclusive&1 != 0
		} else {
			yes = p.exclusive()
		}
	}
	if yes {
		return 1
	}
	return 0
}

// Readable says whether v is mapped readable in m and m is in use. It is no event.
func (k *Kernel) Readable(m *MM, v int) bool {
	f := m.at[v].vma.Peek()
	return f&VMMapped != 0 && f&VMRead != 0 && m.users.Peek() != 0
}

// ExitAll ends an address space whoever still uses it.
func (k *Kernel) ExitAll(t *Task) {
	if t.MM.users.Peek() == 0 {
		return
	}
	t.MM.users.Store(1)
	k.mmput(t, t.MM)
}

// tally is what page tables and tables of the kernel say about one folio or slot.
type tally struct{ mapped, cached, held, file int }

// CheckCounts compares, when nothing runs, every count with what it counts: a
// folio's references and mappings, a slot's count, an address space's counters.
func (k *Kernel) CheckCounts() {
	folios := map[int]*tally{}
	slots := map[Entry]*tally{}
	for i := range k.nmm {
		k.countMM(&k.mms[i], folios, slots)
	}
	for v := range k.Cfg.Vars {
		switch p := PTE(k.vars[v].mapping.Peek()); {
		case p.present():
			at(folios, p.pfn()).file++
		case p.swap():
			at(slots, p.entry()).mapped++
		}
	}
	k.countCache(folios, slots)
	for i := range k.tasks {
		for v := range k.tasks[i].held {
			if h := &k.tasks[i].held[v]; h.folio != nil {
				n := 1
				if h.pin {
					n = pinBias
				}
				at(folios, h.folio.pfn).held += n
			}
		}
	}
	k.compareFolios(folios)
	k.compareSlots(slots)
}

func at[K comparable](m map[K]*tally, key K) *tally {
	if m[key] == nil {
		m[key] = &tally{}
	}
	return m[key]
}

func (k *Kernel) countMM(m *MM, folios map[int]*tally, slots map[Entry]*tally) {
	anon, swap := 0, 0
	for v := range k.Cfg.Vars {
		switch p := PTE(m.at[v].pte.Peek()); {
		case p.present():
			at(folios, p.pfn()).mapped++
			if !k.Cfg.Vars[v].Shared {
				anon++
			}
		case p.swap():
			at(slots, p.entry()).mapped++
			swap++
		}
	}
	if got := k.rssOf(m, anonPages); got != int64(anon) {
		k.violation("counters", fmt.Sprintf("MM_ANONPAGES is %d where %d pages are mapped", got, anon))
	}
	if got := k.rssOf(m, swapEnts); got != int64(swap) {
		k.violation("counters", fmt.Sprintf("MM_SWAPENTS is %d where %d entries are swapped out", got, swap))
	}
}

func (k *Kernel) countCache(folios map[int]*tally, slots map[Entry]*tally) {
	for i := range k.narea {
		for s := range k.areas[i].cfg.Slots {
			if pfn := int(k.areas[i].slots[s].cache.Peek()); pfn != 0 {
				at(folios, pfn).cached++
				at(slots, mkEntry(i, s)).cached++
			}
		}
	}
}

// eachFolio visits the folios that were allocated in this execution.
func (k *Kernel) eachFolio(visit func(*Folio)) {
	if k.nat != nil {
		for i := range k.folios[1:] {
			visit(&k.folios[i+1])
		}
		return
	}
	for i := range k.tasks {
		for n := 1; n <= k.tasks[i].nfolio; n++ {
			visit(&k.folios[k.tasks[i].ID*perTask+n])
		}
	}
}

func (k *Kernel) compareFolios(folios map[int]*tally) {
	k.eachFolio(func(f *Folio) {
		if f.life.Peek() == 0 {
			return
		}
		t := at(folios, f.pfn)
		want := t.mapped + t.cached + t.held + t.file
		if got := int(f.refs.Peek()); got != want {
			k.violation("refcount", fmt.Sprintf("page %d has %d references where %d are known", f.pfn, got, want))
		}
		if got := int(f.mapcount.Peek()); got != t.mapped {
			k.violation("refcount", fmt.Sprintf("page %d has map count %d where %d entries map it", f.pfn, got, t.mapped))
		}
	})
}

func (k *Kernel) compareSlots(slots map[Entry]*tally) {
	for i := range k.narea {
		si := &k.areas[i]
		if si.gone.Peek() != 0 {
			continue
		}
		for s := range si.cfg.Slots {
			t := at(slots, mkEntry(i, s))
			if got := int(si.slots[s].count.Peek() & countMask); got != t.mapped {
				k.violation("refcount", fmt.Sprintf("slot %d has count %d where %d entries name it", s, got, t.mapped))
			}
		}
	}
}

// CheckLeaks looks for what is left when everything has exited.
func (k *Kernel) CheckLeaks() {
	k.eachFolio(func(f *Folio) {
		if f.life.Peek() != 0 {
			k.violation("leak", fmt.Sprintf("page %d is never freed", f.pfn))
		}
	})
	if n := k.SlotsInUse(); n != 0 {
		k.violation("leak", fmt.Sprintf("%d slots are never freed", n))
	}
	if n := k.Tags.Kept(); n != 0 {
		k.violation("leak", fmt.Sprintf("%d tag records are never freed", n))
	}
	for i := range k.narea {
		k.checkArea(&k.areas[i])
	}
}

// checkArea looks for what is left on a device: slots that are marked but not
// counted, contents of free slots, what swapoff has not given back.
func (k *Kernel) checkArea(si *SwapInfo) {
	on := si.flags.Peek()
	if on>>areaAlive&1 == 0 && on>>areaUsed&1 != 0 {
		k.violation("leak", "swapoff never closes the device")
	}
	if si.gone.Peek() != 0 {
		return
	}
	if on == 0 {
		k.violation("leak", "swapoff never frees the slot map")
	}
	for s := range si.cfg.Slots {
		switch held := si.slots[s].count.Peek(); {
		case held != 0:
			k.violation("leak", fmt.Sprintf("slot %d is never freed", s))
		case si.cfg.Sync && si.slots[s].data.Peek() != 0:
			k.violation("leak", fmt.Sprintf("slot %d is free, but the device keeps its contents", s))
		}
	}
}
