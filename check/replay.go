package check

import (
	"tagswap/explore"
	"tagswap/litmus"
	"tagswap/mm"
)

// Replay runs a test under a design in one schedule and returns what happened.
// It fails when the schedule is not one of this test under this design.
func Replay(t *litmus.Test, d *mm.Program, steps []explore.Step) (*explore.Trace, *Result, error) {
	p := newProgram(t, d, &sink{Outcomes: map[string]int64{}})
	trace, res, err := explore.Replay(p.run, steps, explore.Options{})
	return trace, &Result{Design: d.Name, Test: t, Violations: res.Violations, Cut: res.Cut}, err
}
