package main

import (
	"time"

	"tagswap/check"
	"tagswap/design"
	"tagswap/kernel"
	"tagswap/litmus"
	"tagswap/mm"
)

// checkerModel answers what a design allows by exploring it, for a limited time
// on each test: what it has not reached by then is unknown, not forbidden.
type checkerModel struct {
	budget   time.Duration
	programs map[string]*mm.Program
	counts   map[string]int64 // of the last test
	total    int64
}

// Rarity implements kernel.Rarity.
func (m *checkerModel) Rarity(state string) (executions, total int64) {
	return m.counts[state], m.total
}

// Allowed implements kernel.Model.
func (m *checkerModel) Allowed(name string, t *litmus.Test) (states map[string]bool, complete bool, err error) {
	p := m.programs[name]
	if p == nil {
		d, err := design.Lookup(name)
		if err != nil {
			return nil, false, err
		}
		if p, err = design.Compile(d); err != nil {
			return nil, false, err
		}
		if m.programs == nil {
			m.programs = map[string]*mm.Program{}
		}
		m.programs[name] = p
	}
	r := check.Run(t, p, check.Options{Budget: m.budget})
	states, m.counts, m.total = map[string]bool{}, map[string]int64{}, 0
	for _, o := range r.Outcomes {
		key := kernel.Project(t, o.State)
		states[key] = true
		m.counts[key] += o.Count
		m.total += o.Count
	}
	return states, r.Complete, nil
}
