package stress

import (
	"time"

	"tagswap/explore"
	"tagswap/mm"
)

// Figures are what a machine has done, or did within a while. The last group is
// not of a while but as it is at the end.
type Figures struct {
	Ran      time.Duration // of all slices
	Accesses int64
	mm.Costs
	Major  int64         // accesses that read a page in
	Waits  int64         // waits for locks of all classes
	Waited time.Duration // of all tasks, for locks

	Resident, Swapped int // pages
	TagRecords        int
	TagBytes          int // that the tag store takes
	Violations        int64
}

// Figures returns what m has done so far. Nothing may run on it.
func (m *Machine) Figures() Figures {
	f := Figures{Ran: m.ran, Accesses: m.Accesses()}
	m.mu.Lock()
	for _, n := range m.counts {
		f.Violations += n
	}
	m.mu.Unlock()
	if m.dead.Load() {
		return f // its tasks may still be at work on what follows
	}
	for _, a := range m.actors() {
		c := m.k.CostsOf(a.t)
		add(&f.Costs, &c, 1)
	}
	for _, w := range m.workers {
		f.Major += w.major.n
	}
	m.k.Waits().Each(func(_ string, w *explore.Waits) {
		n, d := w.Sum()
		f.Waits += n
		f.Waited += d
	})
	f.Resident, f.Swapped = m.k.Resident(), m.k.SlotsInUse()
	use := m.k.Tags.Use()
	f.TagRecords, f.TagBytes = use.Records, use.Bytes
	return f
}

// majors has the major faults of all tasks so far.
func (m *Machine) majors() *histogram {
	var h histogram
	for _, w := range m.workers {
		h.merge(&w.major)
	}
	return &h
}

// add adds n times d to c.
func add(c, d *mm.Costs, n int64) {
	c.Copies += n * d.Copies
	c.Faults += n * d.Faults
	c.MajorFaults += n * d.MajorFaults
	c.SwapIns += n * d.SwapIns
	c.SwapOuts += n * d.SwapOuts
	c.Reuses += n * d.Reuses
	c.Retries += n * d.Retries
	c.LockWaits += n * d.LockWaits
}

// since is what was done from before to f.
func (f Figures) since(before *Figures) Figures {
	f.Ran -= before.Ran
	f.Accesses -= before.Accesses
	add(&f.Costs, &before.Costs, -1)
	f.Major -= before.Major
	f.Waits -= before.Waits
	f.Waited -= before.Waited
	f.Violations -= before.Violations
	return f
}
