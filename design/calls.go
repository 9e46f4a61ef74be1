package design

import (
	"slices"
	"strings"
)

// callees returns the calls that a function makes.
func (u *unit) callees(fn string) []*Term {
	var calls []*Term
	walk(u.fns[fn].Body, func(s *Stmt) {
		for _, t := range terms(s) {
			if isCall(u.fns, fn, t.Name.Text) {
				calls = append(calls, t)
			}
		}
	})
	return calls
}

// callGraph is a walk over all functions, from the entries down.
type callGraph struct {
	u     *unit
	path  []string
	depth map[string]int // how deep calls go from a function on, itself included; 0: not visited
}

const openFn = -1 // depth of a function on the path

// calls checks that no function reaches itself, that calls do not go deeper
// than the model has frames for, and that each function is of use.
func (u *unit) calls() {
	g := &callGraph{u: u, depth: map[string]int{}}
	for _, e := range u.Entries {
		if _, ok := u.fns[e]; ok {
			g.visit(e)
		}
	}
	u.useless(g.depth)
	for _, n := range u.order {
		g.visit(n)
	}
}

func (g *callGraph) visit(n string) int {
	u := g.u
	if d := g.depth[n]; d != 0 {
		return d
	}
	g.depth[n] = openFn
	g.path = append(g.path, n)
	deepest := 0
	for _, t := range u.callees(n) {
		c := t.Name.Text
		d := g.visit(c)
		if d == openFn {
			circle := append(slices.Clone(g.path[slices.Index(g.path, c):]), c)
			u.fail(u.fns[n], t.Name.Pos, "functions call each other in a circle: %s", strings.Join(circle, " -> "))
		}
		if d > deepest {
			deepest = d
		}
		if u.MaxDepth > 0 && d == u.MaxDepth {
			u.fail(u.fns[n], t.Name.Pos, "calls go too deep: from %s on there are %d functions inside each other, and no more are possible",
				c, d)
		}
	}
	g.path = g.path[:len(g.path)-1]
	g.depth[n] = deepest + 1
	return deepest + 1
}

// useless reports the design's own functions that no entry reaches: an error
// when the name looks like a slip, for then the patch would do nothing.
func (u *unit) useless(reached map[string]int) {
	if len(u.Entries) == 0 {
		return
	}
	called := slices.Clone(u.Entries)
	for n := range reached {
		called = append(called, n)
	}
	slices.Sort(called)
	for _, f := range u.design.Fns {
		if reached[f.Name] != 0 {
			continue
		}
		fn := Resolved{f, u.design}
		if n := nearest(f.Name, called); n != "" && u.design.Fn(n) == nil {
			u.fail(fn, f.Pos, "nothing calls function %s; did you mean %q?", f.Name, n)
			continue
		}
		u.errs.warn(fn.Design.File, f.Pos, "nothing calls function %s", f.Name)
	}
}
