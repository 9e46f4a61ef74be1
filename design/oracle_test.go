package design

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"tagswap/mm"
)

// Two ways to run a design, for TestRandomPrograms: the statements as written,
// and the compiled program. Both write down the steps they run; the result of
// the n-th step comes from a seeded source, so that they can be compared.

const maxSteps = 200

// trail is what a run did.
type trail struct {
	r    *rand.Rand
	n    int
	text strings.Builder
}

func newTrail(seed uint64) *trail { return &trail{r: rand.New(rand.NewPCG(seed, 2))} }

func (t *trail) step(name string, cond bool) bool {
	t.n++
	ok := !cond || t.r.IntN(2) == 0
	fmt.Fprintf(&t.text, "%s=%t ", name, ok)
	return ok
}

func (t *trail) full() bool { return t.n >= maxSteps }

// tracer runs compiled programs.
type tracer struct{ *trail }

func newTracer(seed uint64) *tracer { return &tracer{newTrail(seed)} }

func (t *tracer) run(f *mm.Func) string {
	ok := t.call(f)
	if t.full() {
		return "long: " + t.text.String()
	}
	return fmt.Sprintf("%s-> %t", t.text.String(), ok)
}

func (t *tracer) call(f *mm.Func) bool {
	for pc := 0; !t.full(); {
		in := f.Code[pc]
		ok := true
		switch {
		case in.Step != nil:
			ok = t.step(in.Step.Name, in.Step.Cond)
		case in.Call != nil:
			ok = t.call(in.Call)
		}
		pc = in.False
		if ok {
			pc = in.True
		}
		if pc < 0 {
			return pc == mm.Return
		}
	}
	return true
}

// oracle runs the statements themselves.
type oracle struct {
	*trail
	fns map[string]Resolved
}

func newOracle(d *Design, seed uint64) *oracle { return &oracle{newTrail(seed), d.Resolve()} }

func (o *oracle) run() string {
	ok := o.call(o.fns["f0"].Fn)
	if o.full() {
		return "long: " + o.text.String()
	}
	return fmt.Sprintf("%s-> %t", o.text.String(), ok)
}

// call runs a function; its labels stand in its outermost list.
func (o *oracle) call(f *Fn) bool {
	at := 0
	for !o.full() {
		to := o.body(f.Body[at:])
		if to == nil {
			return true
		}
		if to.Exit {
			return !to.False
		}
		for i, s := range f.Body {
			if s.Kind == Label && s.Name == to.Label {
				at = i
			}
		}
	}
	return true
}

// body runs statements until one leaves the list.
func (o *oracle) body(body []*Stmt) *Target {
	for _, s := range body {
		if o.full() {
			return nil
		}
		if to := o.stmt(s); to != nil {
			return to
		}
	}
	return nil
}

func (o *oracle) stmt(s *Stmt) *Target {
	switch s.Kind {
	case Do:
		if !o.term(&s.Call) {
			return s.To
		}
	case Goto, Exit:
		return s.To
	case While:
		for !o.full() && o.cond(&s.Cond) {
			if to := o.body(s.Body); to != nil {
				return to
			}
		}
	case If:
		for _, a := range s.Arms {
			if len(a.Cond.Terms) == 0 || o.cond(&a.Cond) {
				return o.body(a.Body)
			}
		}
	}
	return nil
}

func (o *oracle) cond(c *Cond) bool {
	for i := range c.Terms {
		if o.term(&c.Terms[i]) != c.Terms[i].Not == c.Or {
			return c.Or
		}
	}
	return !c.Or
}

func (o *oracle) term(t *Term) bool {
	if o.full() {
		return true
	}
	if f, ok := o.fns[t.Name.Text]; ok {
		return o.call(f.Fn)
	}
	n := t.Name.Text
	return o.step(n, n == "p" || n == "q" || n == "r")
}
