package design

import (
	"fmt"
	"slices"
	"strings"
)

// bind checks that every name means something, and what it is used for.
func (u *unit) bind() {
	names := append(slices.Clone(u.names), u.order...)
	u.entries()
	for _, n := range u.order {
		fn := u.fns[n]
		for _, reg := range fn.Returns {
			if !slices.Contains(u.regs, reg.Text) {
				u.fail(fn, reg.Pos, "unknown register %q%s", reg.Text, hint(reg.Text, u.regs))
			}
		}
		walk(fn.Body, func(s *Stmt) {
			for _, t := range terms(s) {
				u.bindTerm(fn, s, t, names)
			}
		})
	}
	u.calls()
}

// entries checks that the functions that the model calls are there.
func (u *unit) entries() {
	var missing []string
	h := ""
	for _, e := range u.Entries {
		if _, ok := u.fns[e]; ok {
			continue
		}
		missing = append(missing, e)
		if n := nearest(e, u.order); n != "" && !slices.Contains(u.Entries, n) && h == "" {
			h = fmt.Sprintf("; is %q meant to be %s?", n, e)
		}
	}
	if len(missing) == 0 {
		return
	}
	if h == "" && u.design.Base == "" {
		h = "; does it lack a base?"
	}
	u.errs.add(u.design.File, u.design.NamePos, "design %s lacks what the model calls: %s%s",
		u.design.Name, strings.Join(missing, ", "), h)
}

// terms returns the steps and calls of one statement, without those inside it.
func terms(s *Stmt) []*Term {
	var ts []*Term
	add := func(c *Cond) {
		for i := range c.Terms {
			ts = append(ts, &c.Terms[i])
		}
	}
	switch s.Kind {
	case Do:
		ts = append(ts, &s.Call)
	case While:
		add(&s.Cond)
	case If:
		for _, a := range s.Arms {
			add(&a.Cond)
		}
	}
	return ts
}

// bindTerm checks one use of a name.
func (u *unit) bindTerm(fn Resolved, s *Stmt, t *Term, names []string) {
	if u.errs.full() {
		return
	}
	n := t.Name
	if isCall(u.fns, fn.Name, n.Text) {
		if t.Arg.Text != "" {
			u.fail(fn, t.Arg.Pos, "%s is a function and takes no argument", n.Text)
		}
		return
	}
	step := u.steps[n.Text]
	switch {
	case step == nil && n.Text == fn.Name:
		u.fail(fn, n.Pos, "%s calls itself", n.Text)
		return
	case step == nil:
		u.fail(fn, n.Pos, "there is no step or function %q%s", n.Text, hint(n.Text, names))
		return
	}
	if _, ok := argument(step, t.Arg.Text); !ok {
		u.badArg(fn, t, step.Args)
		return
	}
	asked := s.Kind != Do || s.To != nil
	if asked && !step.Cond {
		u.fail(fn, n.Pos, "%s always succeeds; its result cannot decide anything", n.Text)
	}
	if !asked && step.Cond && len(step.Takes) > 0 {
		u.fail(fn, n.Pos, "%s takes the %s only when it succeeds; say where to go with else LABEL, or test it with if",
			n.Text, step.Takes[0])
	}
}

func (u *unit) badArg(fn Resolved, t *Term, args []string) {
	n := t.Name.Text
	switch {
	case len(args) == 0:
		u.fail(fn, t.Arg.Pos, "step %s takes no argument", n)
	case t.Arg.Text == "":
		u.fail(fn, t.Name.Pos, "step %s needs one of: %s", n, strings.Join(args, ", "))
	default:
		u.fail(fn, t.Arg.Pos, "step %s does not know %q%s", n, t.Arg.Text, hint(t.Arg.Text, args))
	}
}

// dead reports statements that no path reaches, and jumps that go nowhere.
func (u *unit) dead(fn Resolved, ops []op) {
	live := reach(ops)
	was := true
	for i, o := range ops {
		if o.stmt == nil {
			continue
		}
		if was && !live[i] {
			u.fail(fn, o.stmt.Pos, "step out of reach: no path leads to this statement")
		}
		was = live[i]
	}
	for i, o := range ops {
		if o.stmt != nil && o.stmt.Kind == Goto && o.yes == i+1 {
			u.fail(fn, o.pos, "goto %s jumps over nothing", o.stmt.To.Label)
		}
	}
}
