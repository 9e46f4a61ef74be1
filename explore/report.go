package explore

import (
	"fmt"
	"strings"
)

// Violation is a property that an execution broke.
type Violation struct {
	Property string
	Detail   string
	Schedule []Step
}

// sink collects what executions report: of each property, the simplest.
type sink struct {
	cost map[string]int // by property, of the one in res
	res  *Result
}

func (x *X) report(property, detail string) {
	s := x.sink
	if s == nil || x.abort {
		return
	}
	if x.onReport != nil {
		x.onReport(property)
	}
	c := x.cost()
	old, ok := s.cost[property]
	if ok && old <= c {
		return
	}
	s.cost[property] = c
	v := Violation{property, detail, x.steps()}
	for i := range s.res.Violations {
		if s.res.Violations[i].Property == property {
			s.res.Violations[i] = v
			return
		}
	}
	s.res.Violations = append(s.res.Violations, v)
}

func (s *sink) has(property string) bool {
	_, ok := s.cost[property]
	return ok
}

// cost orders executions: fewest preemptions, then fewest switches, then
// shortest.
func (x *X) cost() int {
	pre, sw := 0, 0
	for i := range x.path {
		if i > 0 && x.path[i-1].task != x.path[i].task {
			sw++
		}
		if x.path[i].preempts {
			pre++
		}
	}
	return pre<<48 + sw<<32 + x.ops
}

// steps is the path as steps.
func (x *X) steps() []Step {
	var out []Step
	for i, m := range x.path {
		end := x.ops
		if i+1 < len(x.path) {
			end = int(x.path[i+1].ops)
		}
		n := end - int(m.ops)
		if k := len(out); k > 0 && out[k-1].Task == int(m.task) {
			out[k-1].Ops += n
		} else if n > 0 {
			out = append(out, Step{int(m.task), n})
		}
	}
	return out
}

// stuck reports an execution in which nobody can go on.
func (x *X) stuck() {
	if x.failed {
		return // somebody is dead, and that is why
	}
	property := "deadlock"
	if x.tasks[0].done {
		property = "leaked-task"
	}
	var parts []string
	for _, t := range x.tasks[:x.ntasks] {
		if t.done {
			continue
		}
		if t.pend.kind == pendRetry || t.pend.kind == pendBusy {
			property = "livelock"
		}
		if t.pend.kind != pendJoin {
			parts = append(parts, x.waiting(t))
		}
	}
	x.report(property, strings.Join(parts, "; "))
	x.failed = true
}

// waiting says what a task waits for, and who has it.
func (x *X) waiting(t *task) string {
	p := &t.pend
	if p.obj == nil {
		return fmt.Sprintf("%s waits: %s", t.name, p.what)
	}
	s := fmt.Sprintf("%s waits: %s %s", t.name, p.what, p.obj)
	if h := int(p.obj.holder); h > 0 {
		return s + ", held by " + x.tasks[h-1].name
	}
	for _, u := range x.tasks[:x.ntasks] {
		if p.obj.readers>>(4*u.id)&15 != 0 {
			s += ", held by " + u.name
		}
	}
	return s
}
