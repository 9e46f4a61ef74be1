package explore

import (
	"fmt"
	"strconv"
	"strings"
)

// FormatSchedule writes a schedule as one line, such as "P0*35 P1*12".
func FormatSchedule(s []Step) string {
	var b strings.Builder
	for i, st := range s {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "P%d*%d", st.Task, st.Ops)
	}
	return b.String()
}

// ParseSchedule reads what FormatSchedule wrote.
func ParseSchedule(s string) ([]Step, error) {
	var out []Step
	for i, w := range strings.Fields(s) {
		task, ops, ok := strings.Cut(strings.TrimPrefix(w, "P"), "*")
		t, err1 := strconv.Atoi(task)
		n, err2 := strconv.Atoi(ops)
		if !ok || w[0] != 'P' || err1 != nil || err2 != nil {
			return nil, fmt.Errorf("step %d of the schedule is %q, not a task and a count such as P1*12", i+1, w)
		}
		if t < 0 || t >= MaxTasks || n < 1 {
			return nil, fmt.Errorf("step %d of the schedule, %q: tasks are 0 to %d and counts at least 1", i+1, w, MaxTasks-1)
		}
		out = append(out, Step{t, n})
	}
	return out, nil
}

// replay repeats one schedule, whatever the search that found it took for
// visible: every operation is a scheduling point.
type replay struct {
	steps  []Step
	ends   []int // operations done at the end of each step
	ran    bool
	err    error
	states map[hash128]bool // that the execution has been in
	looped bool             // one came again at the end of the schedule
}

func (r *replay) Next(x *X) bool {
	was := r.ran
	r.ran = true
	return !was
}

// at returns the step that the next operation belongs to.
func (r *replay) at(ops int) int {
	for i, e := range r.ends {
		if ops < e {
			return i
		}
	}
	return len(r.steps)
}

func (r *replay) Choose(x *X, s *state) int {
	i := r.at(x.ops)
	key := x.stateHash()
	if i == len(r.steps) {
		return r.after(x, s, key)
	}
	r.states[key] = true
	c := r.steps[i].Task
	if s.Enabled>>c&1 == 0 {
		r.err = fmt.Errorf("the schedule does not fit this program: step %d, P%d*%d, but %s",
			i+1, c, r.steps[i].Ops, x.cannot(c))
		return -1
	}
	return c
}

// after goes on behind the end of the schedule until something is reported: in
// the order of the tasks, the current one first.
func (r *replay) after(x *X, s *state, key hash128) int {
	if len(x.sink.res.Violations) > 0 {
		return -1
	}
	if r.states[key] {
		r.looped = true
		return -1
	}
	if s.Enabled>>x.cur.id&1 != 0 {
		return x.cur.id
	}
	for c := 0; ; c++ {
		if s.Enabled>>c&1 != 0 {
			return c
		}
	}
}

// cannot says why a task cannot go on.
func (x *X) cannot(c int) string {
	if c >= x.ntasks {
		return "there is no such task yet"
	}
	if t := x.tasks[c]; !t.done {
		return x.waiting(t)
	}
	return x.tasks[c].name + " has returned"
}

// Replay runs prog once under a schedule and records what happened. It fails, and
// names the step, if the schedule is not one of prog's.
func Replay(prog func(*X), steps []Step, o Options) (*Trace, *Result, error) {
	o.AllVisible = true
	x := newX(o)
	defer x.Close()
	x.trace = &Trace{}
	r := &replay{steps: steps, states: map[hash128]bool{}}
	n := 0
	for _, s := range steps {
		n += s.Ops
		r.ends = append(r.ends, n)
	}
	x.strat = r
	res := x.sink.res
	r.Next(x)
	x.drive(prog)
	x.trace.settle()
	for _, t := range x.tasks[:x.ntasks] {
		x.trace.Names = append(x.trace.Names, t.name)
	}
	res.Executions, res.Events = 1, x.events
	res.Cut = "one schedule"
	if x.over {
		res.Cut = "events"
	}
	if r.looped {
		res.Violations = append(res.Violations, Violation{"livelock", "the same state comes again", steps})
	}
	if r.err == nil {
		r.err = r.fits(x)
	}
	return x.trace, res, r.err
}

// fits compares what ran with what was asked for: where only one task was left,
// the strategy was not asked.
func (r *replay) fits(x *X) error {
	got := x.steps()
	for i, s := range r.steps {
		last := i == len(r.steps)-1
		switch {
		case i >= len(got):
			return fmt.Errorf("the schedule does not fit this program: it ended before step %d, P%d*%d", i+1, s.Task, s.Ops)
		case got[i].Task != s.Task || got[i].Ops < s.Ops || got[i].Ops > s.Ops && !last:
			return fmt.Errorf("the schedule does not fit this program: step %d is P%d*%d, the program did P%d*%d",
				i+1, s.Task, s.Ops, got[i].Task, got[i].Ops)
		}
	}
	return nil
}
