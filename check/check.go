package check

import (
	"slices"
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
	AllVisible    bool          // every operation is a scheduling point: slower, the same results
	NoMerge       bool          // states are not matched: slower, the same results
	NoSleep       bool          // every choice in every state is taken: slower, the same results
	Optimal       bool          // every trace once, no states kept: slower, the same results. Not with Machine.FIFO
	Afresh        bool          // every execution sets the machine up anew: slower, the same results
	Workers       int           // for one test under one design; 0: one
	Spare         chan struct{} // see explore.Options
	// Save and Saved let a check be interrupted; see explore.Options.
	Save  func(record []byte) error
	Saved [][]byte
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
	Test       *litmus.Test `json:"-"`
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
	Unsaved    error `json:"-"` // why it could not be written down
}

// Run checks one test under one design.
func Run(t *litmus.Test, d *mm.Program, o Options) *Result {
	start := time.Now()
	sinks := &sinks{t: t, d: d, afresh: o.Afresh}
	o, before, err := o.resumed(sinks)
	if err != nil {
		return &Result{Design: d.Name, Test: t, Verdict: Bounded, Cut: err.Error()}
	}
	eo := explore.Options{
		MaxExecutions: o.MaxExecutions, Stop: o.stop(start), AllVisible: o.AllVisible, NoMerge: o.NoMerge, NoSleep: o.NoSleep,
		Workers: o.Workers, Spare: o.Spare, Clone: sinks.program, Discarded: sinks.discard, Saved: o.Saved,
	}
	if o.Optimal {
		eo.Search = explore.Optimal
	}
	if o.Save != nil {
		eo.Save = func(record []byte) error {
			return o.save(record, sinks.total(), before+time.Since(start))
		}
	}
	res := explore.Run(sinks.program(), eo)
	s := sinks.total()
	r := &Result{
		Design: d.Name, Test: t, Complete: res.Complete, Cut: res.Cut,
		Executions: res.Executions, States: res.States, Events: res.Events,
		Violations: res.Violations, Costs: s.Costs, Positive: s.Positive, Negative: s.Negative,
		Elapsed: before + time.Since(start), Unsaved: res.Unsaved,
	}
	for state, n := range s.Outcomes {
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
	all := o.NoMerge || o.Optimal
	r.CostsExact = r.Complete && all
	if !o.Costs || !r.Complete || all || r.Executions > costSmall {
		return
	}
	if slices.Contains(r.Properties(), "livelock") {
		return // without merging, what goes round for ever has no end
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
