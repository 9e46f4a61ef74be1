package explore

import "time"

// Options of an exploration. The zero value explores everything.
type Options struct {
	MaxExecutions int64         // 0: no bound
	MaxEvents     int64         // events of one execution; 0: 100,000
	Stop          func() bool   // asked between executions; true ends the exploration as incomplete
	Progress      func(*Result) // called now and then
	NoMerge       bool
	AllVisible    bool
	Budget        time.Duration
}

// Violation is a property that an execution broke.
type Violation struct {
	Property string
	Detail   string
	Schedule []Step
}

// Result says what was found and what was covered.
type Result struct {
	Complete   bool // every interleaving was covered
	Executions int64
	Events     int64
	States     int64
	Restarts   int
	Violations []Violation
	Cut        string // why the exploration is not complete
}

type sink struct {
	first map[string]int
	res   *Result
}

func (x *X) report(property, detail string) {
	s := x.sink
	if s == nil {
		return
	}
	path := append([]Step(nil), x.path...)
	if i, ok := s.first[property]; ok {
		v := &s.res.Violations[i]
		if cost(path) < cost(v.Schedule) {
			v.Detail, v.Schedule = detail, path
		}
		return
	}
	s.first[property] = len(s.res.Violations)
	s.res.Violations = append(s.res.Violations, Violation{property, detail, path})
}

// cost orders schedules: fewest switches, then shortest.
func cost(p []Step) int {
	n, sw := 0, 0
	for i, s := range p {
		n += s.Ops
		if i > 0 && p[i-1].Task != s.Task {
			sw++
		}
	}
	return sw<<20 + n
}

// Run explores prog, which is called once for each execution and must do the
// same things whenever it observes the same values.
func Run(prog func(*X), o Options) *Result {
	x := &X{limit: o.MaxEvents, all: o.AllVisible}
	if x.limit == 0 {
		x.limit = 100000
	}
	defer x.Close()
	res := &Result{}
	m := newMerge()
	m.nomerge = o.NoMerge
	x.strat = m
	for m.Next(x) {
		if o.MaxExecutions > 0 && res.Executions >= o.MaxExecutions {
			res.Cut = "executions"
			return res
		}
		if o.Stop != nil && o.Stop() {
			res.Cut = "stopped"
			return res
		}
		if m.restarts != res.Restarts || x.sink == nil {
			res.Restarts = m.restarts
			res.Violations = res.Violations[:0]
			x.sink = &sink{map[string]int{}, res}
		}
		x.drive(prog)
		res.Executions++
		res.Events += x.events
		if x.over {
			res.Cut = "events"
		}
	}
	res.States = int64(len(m.seen))
	res.Complete = res.Cut == ""
	return res
}
