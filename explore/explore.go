package explore

import (
	"slices"
	"time"
)

// Options of an exploration. The zero value explores everything.
type Options struct {
	MaxExecutions int64         // 0: no bound
	MaxEvents     int64         // events of one execution; 0: 100,000
	Memory        int64         // bytes for the table of states; 0: 1 GiB. Beyond, states are explored again
	Budget        time.Duration // 0: no bound
	Stop          func() bool   // asked every few milliseconds; true ends the exploration as incomplete
	Progress      func(*Result) // called about ten times a second
	NoMerge       bool          // do not match states
	AllVisible    bool          // every operation is a scheduling point
	NoSleep       bool          // Merge: every choice in every state, without sleep sets
	Bounded       bool          // only executions with at most Preemptions, those with the fewest first
	Preemptions   int

	// Workers is how many explore at once; 0: one. They have programs of their own, which Clone makes; without it prog has to be safe to be run by several
	// goroutines, each with an X of its own. If Spare is not nil, a worker beyond the first
	// comes when it can put something in there, which it takes out when it goes: several
	// searches may share it, and processors that one does not need.
	Workers int
	Clone   func() func(*X)
	Spare   chan struct{}

	// Discarded is called when all executions so far count no more, because the search
	// begins again with more scheduling points. No execution is under way.
	Discarded func()

	// Save is given what is needed to go on with the search in another process, every
	// few seconds and when it is stopped, while no execution is under way. A record adds to
	// those before it. Saved is all records of an earlier search of the same program
	// with the same options, to go on with, or a piece of one; see Split.
	Save  func(record []byte) error
	Saved [][]byte

	Search Search // how executions are chosen
	Seed   uint64 // of Random and PCT
	Depth  int    // of PCT; 0: 3

	eager  bool   // for tests: several workers from the start
	strict bool   // refuse what the optimal search has not been proved right for, and what may not end
	until  string // end when the bound at which this property first fails is done
}

// Result says what was found and what was covered. It is valid at any time.
type Result struct {
	Complete   bool // every interleaving was covered
	Executions int64
	Events     int64   // of those executions, what they repeat of others included
	Discarded  int64   // executions before the last restart
	States     int64   // kept, to be recognised
	Bytes      int64   // that they take, with what was explored between them
	Done       float64 // an estimate of how much is behind, 0 to 1; see docs/explore.md
	Restarts   int     // of the search, because it found another scheduling point
	Pieces     int64   // of the search that one worker left to another
	Blocked    int64   // executions that were cut because all that was left had been covered
	Violations []Violation
	Inversions []string // circles in the order in which locks are taken: wrong, unless another lock keeps the tasks apart
	Cut        string   // why the exploration is not complete
	Unsaved    error    // why Options.Save was given up
	Alone      string   // why there was but one worker, and nothing saved, against Options
}

// poll limits how often the clock is read.
type poll struct {
	executions int
	events     int64
	start      time.Time
	progress   time.Time
}

// due is asked after every execution and is true every few milliseconds.
func (p *poll) due(events int64) bool {
	p.executions++
	p.events += events
	if p.executions < 512 && p.events < 50000 {
		return false
	}
	p.executions, p.events = 0, 0
	return true
}

// Run explores prog, which is called once for each execution and must do the
// same things whenever it observes the same values.
func Run(prog func(*X), o Options) *Result {
	if o.Search == Auto {
		return runAuto(prog, o)
	}
	if o.Search == Random || o.Search == PCT {
		o.AllVisible = true
	}
	x := newX(o)
	defer x.Close()
	switch {
	case o.Bounded:
		return x.bounded(prog, o)
	case o.Search == Optimal:
		return x.optimal(prog, o)
	case o.Search == Random || o.Search == PCT:
		return x.sample(prog, o)
	}
	return x.merge(prog, o)
}

// Search says how executions are chosen.
type Search int

const (
	Merge   Search = iota // sleep sets with state matching: no state twice
	Optimal               // every Mazurkiewicz trace once, nothing remembered
	Auto                  // Optimal for a while, and Merge if that does not end; what Test does
	Random                // random choices; until one of the bounds is reached
	PCT                   // random priorities that change Depth-1 times
)

func (x *X) optimal(prog func(*X), o Options) *Result {
	m := newDpor(o.strict)
	x.strat = m
	if o.pooled() {
		return x.optimalPool(prog, &o, m)
	}
	res := x.sink.res
	res.Cut = x.search(prog, &o, func() { m.fill(res) })
	m.keep()
	res.complete()
	return res
}

// autoExecutions is how many executions Auto gives to the optimal search: about
// a tenth of a second. One of more than autoEvents may go round for ever.
const (
	autoExecutions = 20000
	autoEvents     = 10000
)

// runAuto runs whichever search ends sooner, by trying. Programs with few traces
// end in the first, those whose many traces meet in few states in the second.
func runAuto(prog func(*X), o Options) *Result {
	first := o
	first.Search, first.strict = Optimal, true
	if first.MaxExecutions == 0 || first.MaxExecutions > autoExecutions {
		first.MaxExecutions = autoExecutions
	}
	if first.MaxEvents == 0 || first.MaxEvents > autoEvents {
		first.MaxEvents = autoEvents
	}
	r := Run(prog, first)
	switch {
	case r.Complete, r.Cut == "time", r.Cut == "stopped":
		return r
	case r.Cut == "executions" && o.MaxExecutions != 0 && o.MaxExecutions <= autoExecutions:
		return r
	}
	o.Search = Merge
	m := Run(prog, o)
	for _, v := range r.Violations {
		if !slices.ContainsFunc(m.Violations, func(w Violation) bool { return w.Property == v.Property }) {
			m.Violations = append(m.Violations, v) // there was no time to find it again
		}
	}
	return m
}

func (o *Options) memory() int64 {
	if o.Memory == 0 {
		return 1 << 30
	}
	return o.Memory
}

func (x *X) merge(prog func(*X), o Options) *Result {
	m := newMerge(&o)
	if !o.AllVisible && len(o.Saved) == 0 {
		m.scout = &scout{}
		if !o.eager {
			m.scout.after = scoutAfter
		}
	}
	m.seen.limit = o.memory() - m.limit
	x.strat = m
	if o.pooled() {
		return x.mergePool(prog, &o, m)
	}
	res := x.sink.res
	res.Cut = x.search(prog, &o, func() { m.fill(res) })
	round := res.Cut == "" && x.goesRound(m)
	m.keep()
	if round {
		res.Cut = x.livelocks(prog, &o)
	}
	res.complete()
	return res
}

// search runs executions until the strategy has no more, or returns why not.
func (x *X) search(prog func(*X), o *Options, fill func()) (cut string) {
	res := x.sink.res
	defer func() {
		fill()
		res.Inversions = x.order.found
	}()
	for x.strat.Next(x) {
		if x.handover != nil && !x.restarted && x.handover() {
			return handedOver
		}
		if o.MaxExecutions > 0 && res.Executions+res.Discarded >= o.MaxExecutions {
			return "executions"
		}
		if x.restarted {
			x.restarted, cut = false, ""
			res.Discarded += res.Executions
			res.Executions, res.Events = 0, 0
			if o.Discarded != nil {
				o.Discarded()
			}
		}
		x.drive(prog)
		if x.atEnd != nil {
			x.atEnd()
		}
		res.Executions++
		res.Events += x.events
		if x.over {
			if cut = "events"; o.strict {
				return cut
			}
		}
		if x.refused != "" {
			return x.refused
		}
		if x.poll.due(x.events) {
			fill()
			if c := x.ask(o); c != "" {
				return c
			}
		}
	}
	if x.refused != "" {
		return x.refused
	}
	return cut
}

func newX(o Options) *X {
	x := &X{limit: o.MaxEvents, all: o.AllVisible}
	if x.limit == 0 {
		x.limit = 100000
	}
	x.names.alone = !o.pooled()
	if x.all {
		x.visible = visibleOps | visibleRelease
	}
	x.runProg = func() { x.prog(x) }
	x.sink = &sink{map[string]int{}, &Result{}}
	now := time.Now()
	x.poll.start, x.poll.progress = now, now
	return x
}

// ask looks at the clock and at the caller's wishes.
func (x *X) ask(o *Options) string {
	now := time.Now()
	if o.Budget > 0 && now.Sub(x.poll.start) >= o.Budget {
		return "time"
	}
	if o.Stop != nil && o.Stop() {
		return "stopped"
	}
	if o.Progress != nil && now.Sub(x.poll.progress) >= 100*time.Millisecond {
		x.poll.progress = now
		o.Progress(x.sink.res)
	}
	return ""
}

func (m *merge) fill(r *Result) {
	if m.pool != nil {
		m.share(r)
		return
	}
	r.States = int64(m.seen.n)
	r.Bytes = m.seen.bytes() + m.walked.bytes()
	r.Restarts = m.restarts
	r.Blocked = m.cuts
	r.Done = m.done()
}

func (r *Result) complete() {
	if r.Complete = r.Cut == ""; r.Complete {
		r.Done = 1
	}
}
