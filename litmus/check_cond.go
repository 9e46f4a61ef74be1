package litmus

import (
	"fmt"
	"slices"
	"strings"
)

// order checks that barriers can be passed: each has two tasks or more, each
// task names it once, and forks and barriers form no circle.
func (c *checker) order() {
	users := map[string][]int{}
	after := map[string][]string{} // what must happen before what
	for i, task := range c.t.Tasks {
		last := fmt.Sprintf("the start of P%d", i)
		for _, op := range task.Ops {
			event := ""
			switch op.Kind {
			case OpBarrier:
				event = strings.TrimSpace("barrier " + op.Name)
				if slices.Contains(users[event], i) {
					c.errorf(op.Pos, "P%d meets at %q twice; give the second one a name of its own", i, event)
					continue
				}
				users[event] = append(users[event], i)
			case OpFork:
				event = fmt.Sprintf("the start of P%d", op.Task)
			default:
				continue
			}
			after[last] = append(after[last], event)
			if last = event; reaches(after, event, event) {
				c.errorf(op.Pos, "this can never be passed: %s waits for itself, by way of other tasks", event)
			}
		}
	}
	for i, task := range c.t.Tasks {
		for _, op := range task.Ops {
			event := strings.TrimSpace("barrier " + op.Name)
			if op.Kind == OpBarrier && len(users[event]) < 2 {
				c.errorf(op.Pos, "only P%d meets at %q; another task must name it too", i, event)
			}
		}
	}
}

// reaches says whether there is a path of at least one step.
func reaches(edges map[string][]string, from, to string) bool {
	seen := map[string]bool{}
	var visit func(string) bool
	visit = func(n string) bool {
		for _, m := range edges[n] {
			if m == to {
				return true
			}
			if !seen[m] {
				seen[m] = true
				if visit(m) {
					return true
				}
			}
		}
		return false
	}
	return visit(from)
}

// conditions checks the locations, the filter and the condition.
func (c *checker) conditions() {
	for _, l := range c.t.Observe {
		c.loc(l)
	}
	for _, p := range []*Prop{c.t.Filter, c.t.Cond} {
		p.walk(c.atom)
	}
}

// loc checks that a location has a value at the end.
func (c *checker) loc(l Loc) bool {
	if l.Func == "slots" || l.Func == "records" {
		return true
	}
	task := max(l.Task, 0)
	if !c.hasTask(task, l.Pos) {
		return false
	}
	if isReg(l.Name) && l.Func == "" {
		return c.register(task, l)
	}
	if l.Func == "fault" && l.Name == "" {
		return true
	}
	if c.t.Var(l.Name) == nil && len(l.Name) > 2 && nearest(l.Name, tagNames) != "" {
		c.errorf(l.Pos, "%q is neither a variable nor a tag%s", l.Name, hint(l.Name, slices.Concat(c.varNames(), tagNames)))
		return false
	}
	v := c.use(l.Name, task, l.Pos)
	if v == nil {
		return false
	}
	if l.Func == "fault" {
		return true
	}
	return c.readable(task, v, l)
}

// readable checks that the page of a variable can be asked at the end.
func (c *checker) readable(task int, v *Var, l Loc) bool {
	n := len(*c.errs)
	space := c.t.Space(task)
	ended := true
	for i, other := range c.t.Tasks {
		if c.t.Space(i) == space {
			ended = ended && len(other.Ops) > 0 && other.Ops[len(other.Ops)-1].Kind == OpExit
		}
	}
	mapped := c.does(task, OpMmap, v.Name)
	switch {
	case ended:
		c.errorf(l.Pos, "the address space of P%d is gone at the end (exit); read %s into a register before", task, v.Name)
	case v.Unmapped && !mapped, !mapped && c.does(task, OpMunmap, v.Name):
		c.errorf(l.Pos, "%s is not mapped in P%d at the end; read it into a register before", v.Name, task)
	case v.Locked && (l.Func == "swapped" || l.Func == "cached"):
		c.errorf(l.Pos, "%s(%s): %s is locked and never leaves memory", l.Func, v.Name, v.Name)
	case l.Func == "tag":
		c.tagged(task, v, l.Pos)
	}
	return len(*c.errs) == n
}

// register checks that a register is written by its task.
func (c *checker) register(task int, l Loc) bool {
	var names []string
	for _, op := range c.t.Tasks[task].Ops {
		if op.Reg == l.Name {
			return true
		}
		if op.Reg != "" && !slices.Contains(names, op.Reg) {
			names = append(names, op.Reg)
		}
	}
	known := "it writes none"
	if len(names) > 0 {
		known = "it writes " + strings.Join(names, ", ")
	}
	c.errorf(l.Pos, "P%d never writes %s; %s", task, l.Name, known)
	return false
}

// sort says what kind of value a location has.
func (c *checker) sort(l Loc) string {
	switch {
	case l.IsTag:
		return "a tag"
	case isFlag(l):
		return "0 or 1"
	case l.Func != "":
		return "a count"
	}
	return "contents"
}

// atom checks both sides of an atom and that they can be compared.
func (c *checker) atom(p *Prop) {
	if !c.loc(p.Loc) || p.Right != nil && !c.loc(*p.Right) {
		return
	}
	left := c.sort(p.Loc)
	if p.Right != nil {
		if right := c.sort(*p.Right); right != left {
			c.errorf(p.Pos, "%s holds %s and %s holds %s; they cannot be compared", p.Loc, left, *p.Right, right)
		}
		return
	}
	limit := map[string]int{"a tag": MaxTag, "0 or 1": 1, "a count": MaxSlots * maxAreas, "contents": MaxValue}[left]
	switch {
	case p.Value.IsTag && !p.Loc.IsTag:
		right := "tag(x)"
		if isReg(p.Loc.Name) {
			right = p.Loc.Name + " = tag(x)"
		}
		c.errorf(p.Pos, "%s holds %s, not a tag; a tag is read with %s", p.Loc, left, right)
	case p.Value.N < 0 || p.Value.N > limit:
		c.errorf(p.Pos, "%s holds %s; it is never %d", p.Loc, left, p.Value.N)
	}
}
