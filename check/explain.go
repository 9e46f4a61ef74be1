package check

import (
	"time"

	"tagswap/explore"
	"tagswap/litmus"
	"tagswap/mm"
)

// Counterexample is one execution that breaks a property.
type Counterexample struct {
	Design   *mm.Program
	Test     *litmus.Test
	Property string
	Detail   string
	Schedule []explore.Step
	Trace    *explore.Trace
	Broke    int  // how many events of the trace came before it showed
	AtEnd    bool // it showed when all columns were done
}

// limits of the search for a simple execution; the first is met on every machine
// alike, the second is for those that are very slow.
const (
	simplestExecutions = 200_000
	simplestBudget     = 20 * time.Second
)

// Explain looks for the simplest execution that breaks a property: fewest
// preemptions, then fewest switches, then shortest. known is an execution that
// breaks it already, or nil; without it nil is returned if none is found.
func Explain(t *litmus.Test, d *mm.Program, property string, known *explore.Violation) (*Counterexample, error) {
	p := newProgram(t, d, &sink{Outcomes: map[string]int64{}})
	v := explore.Minimise(p.run, property, explore.Options{MaxExecutions: simplestExecutions, Budget: simplestBudget})
	if v == nil {
		v = known
	}
	if v == nil {
		return nil, nil
	}
	c, err := ReplayCounterexample(t, d, v.Schedule)
	if c != nil {
		c.Property, c.Detail = v.Property, v.Detail
	}
	return c, err
}

// ReplayCounterexample runs one schedule. Property is "" if nothing broke in it.
func ReplayCounterexample(t *litmus.Test, d *mm.Program, steps []explore.Step) (*Counterexample, error) {
	trace, res, err := Replay(t, d, steps)
	if err != nil {
		return nil, err
	}
	c := &Counterexample{Design: d, Test: t, Schedule: steps, Trace: trace, Broke: len(trace.Events)}
	c.AtEnd = steps[len(steps)-1].Task == 0
	last := 0
	for _, v := range res.Violations {
		// What showed last is what the schedule leads to.
		if n := length(v.Schedule); n > last {
			last = n
			c.Property, c.Detail = v.Property, v.Detail
		}
	}
	return c, nil
}

// length is how many operations a schedule has.
func length(steps []explore.Step) int {
	n := 0
	for _, s := range steps {
		n += s.Ops
	}
	return n
}
