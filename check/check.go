package check

import (
	"sort"
	"time"

	"tagswap/explore"
	"tagswap/litmus"
	"tagswap/mm"
)

// Verdict is what can be said of a test under a design.
type Verdict string

// Verdicts. Holds is said only when every interleaving was covered.
const (
	Holds   Verdict = "holds"
	Fails   Verdict = "fails"
	Bounded Verdict = "bounded"
)

// Options of a check. The zero value explores everything.
type Options struct {
	MaxExecutions int64
	Budget        time.Duration // 0: none
	Stop          func() bool
	AllVisible    bool // every operation is a scheduling point: slower, the same results
	NoMerge       bool // states are not matched: slower, the same results
	// Costs asks for the costs of every execution. A search that merges states does
	// not see them all; if the test is small, it is searched once more without.
	Costs bool
}

// Outcome is one final state, as herd7 prints it, and in how many of the
// executions that were run it came up.
type Outcome struct {
	State string `json:"state"`
	Count int64  `json:"count"`
}

// Result is a test under a design.
type Result struct {
	Design     string
	Test       *litmus.Test
	Verdict    Verdict
	Violations []explore.Violation // one a property, by name
	Complete   bool
	Cut        string // why not complete
	Executions int64
	States     int64
	Events     int64
	Elapsed    time.Duration
	Costs      mm.Costs // the most that any execution that was run cost
	CostsExact bool     // … that there is
	Outcomes   []Outcome
	Positive   int64 // executions that satisfy the condition's proposition
	Negative   int64
}

// Run checks one test under one design.
func Run(t *litmus.Test, d *mm.Program, o Options) *Result {
	start := time.Now()
	s := &sink{outcomes: map[string]int64{}}
	p := newProgram(t, d, s)
	res := explore.Run(p.run, explore.Options{
		MaxExecutions: o.MaxExecutions, Stop: o.stop(start), AllVisible: o.AllVisible, NoMerge: o.NoMerge,
	})
	r := &Result{
		Design: d.Name, Test: t, Complete: res.Complete, Cut: res.Cut,
		Executions: res.Executions, States: res.States, Events: res.Events,
		Violations: res.Violations, Costs: s.costs, Positive: s.positive, Negative: s.negative,
		Elapsed: time.Since(start),
	}
	for state, n := range s.outcomes {
		r.Outcomes = append(r.Outcomes, Outcome{state, n})
	}
	sort.Slice(r.Outcomes, func(i, j int) bool { return r.Outcomes[i].State < r.Outcomes[j].State })
	r.judgeExists()
	r.exactCosts(d, o)
	sort.Slice(r.Violations, func(i, j int) bool { return r.Violations[i].Property < r.Violations[j].Property })
	r.Verdict = r.verdict()
	return r
}

func (o Options) stop(start time.Time) func() bool {
	return func() bool {
		return o.Stop != nil && o.Stop() || o.Budget > 0 && time.Since(start) > o.Budget
	}
}

// The second search for costs is only made when the first took few executions,
// and ends after so many of its own.
const (
	costSmall  = 500
	costSearch = 4000
)

func (r *Result) exactCosts(d *mm.Program, o Options) {
	r.CostsExact = r.Complete && o.NoMerge
	if !o.Costs || !r.Complete || o.NoMerge || r.Executions > costSmall {
		return
	}
	again := Run(r.Test, d, Options{NoMerge: true, MaxExecutions: costSearch, Stop: o.Stop})
	r.Costs.Max(&again.Costs)
	r.CostsExact = again.Complete
}

// judgeExists fails a test that asks for a state which no execution reached; it
// takes all of them to say so.
func (r *Result) judgeExists() {
	if r.Test.Quant == litmus.Exists && r.Complete && r.Positive == 0 {
		r.Violations = append(r.Violations, explore.Violation{
			Property: "condition", Detail: "no execution satisfies the condition",
		})
	}
}

func (r *Result) verdict() Verdict {
	switch {
	case len(r.Violations) > 0:
		return Fails
	case !r.Complete:
		return Bounded
	}
	return Holds
}

// Properties returns the names of the properties that fail, sorted.
func (r *Result) Properties() []string {
	var names []string
	for _, v := range r.Violations {
		names = append(names, v.Property)
	}
	return names
}
