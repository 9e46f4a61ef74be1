package stress

import (
	"runtime"

	"tagswap/mm"
)

// recording is what a machine does about the steps that lead to a violation. To
// keep them always would cost too much, so that they are kept after the first
// violation, until there is one of the same property whose own access took the
// steps. Others are better than nothing.
type recording struct {
	tries  int        // slices that were recorded
	on     bool       // changed between slices alone
	kind   string     // property of the first violation
	got    *Violation // protected by the machine's mu
	worth  int        // of got; protected by the machine's mu
	offers int        // in this slice; protected by the machine's mu
}

// How many slices are recorded for a violation that may not come back, and how
// many violations of a slice are looked at.
const (
	mostRecorded = 8
	mostOffers   = 200
)

// What a violation with steps is worth.
const (
	worthNothing = iota
	worthSomething
	worthAll // its own access took steps
)

// begin starts to record if that is wanted, before a slice.
func (r *recording) begin(m *Machine) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.first == nil || r.worth == worthAll || r.tries == mostRecorded {
		return false
	}
	r.tries++
	r.offers = 0
	r.on, r.kind = true, m.first.Property
	m.hook(true)
	return true
}

// hook says what is done between steps in the slices to come.
func (m *Machine) hook(record bool) {
	byTask := make([]*actor, m.o.Tasks+daemons)
	for _, a := range m.actors() {
		byTask[a.t.ID] = a
	}
	shake := m.o.Shake
	m.k.Jitter = nil
	if !record && shake == 0 {
		return
	}
	m.k.Jitter = func(t *mm.Task) {
		a := byTask[t.ID]
		if record {
			a.noteStep()
		}
		if shake > 0 && a.shake.IntN(shake) == 0 {
			runtime.Gosched()
		}
	}
}

// end stops it, after the slice.
func (r *recording) end(m *Machine) {
	if m.dead.Load() {
		return // somebody may still be at it
	}
	m.hook(false)
	m.mu.Lock()
	r.on = false
	m.mu.Unlock()
}

// wants says whether a violation of property is worth a look.
func (r *recording) wants(property string) bool {
	return r.on && r.worth < worthAll && property == r.kind && r.offers < mostOffers
}

// offer keeps v if it is the best so far.
func (r *recording) offer(v *Violation) {
	r.offers++
	worth := worthNothing
	switch {
	case v.faulted:
		worth = worthAll
	case len(v.Steps) > 0:
		worth = worthSomething
	}
	if worth > r.worth {
		r.got, r.worth = v, worth
	}
}
