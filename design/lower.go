package design

import "tagswap/mm"

// op is one instruction of a function, before the functions are joined. A bare
// jump has neither step nor call.
type op struct {
	step    *mm.Step
	call    string
	arg     int
	yes, no int // as mm.Instr: an index, mm.Return or mm.ReturnFalse
	pos     Pos
	stmt    *Stmt // the statement it belongs to
	term    *Term
	test    bool // the result decides, or is there to decide
}

func (o *op) bare() bool { return o.step == nil && o.call == "" }

// name is what the file calls the step or function.
func (o *op) name() string { return o.term.Name.Text }

// dest is a place to jump to, known once it was placed.
type dest struct{ at int }

// lowerer turns one function into ops. Names were checked before.
type lowerer struct {
	x      *index
	fn     Resolved
	fns    map[string]Resolved
	ops    []op
	yes    []*dest // of each op
	no     []*dest
	labels map[string]*dest
}

var (
	leave      = &dest{mm.Return}
	leaveFalse = &dest{mm.ReturnFalse}
)

// lower returns the ops of a function, as written: bare jumps are kept.
func lower(x *index, fn Resolved, fns map[string]Resolved) []op {
	l := &lowerer{x: x, fn: fn, fns: fns, labels: map[string]*dest{}}
	walk(fn.Body, func(s *Stmt) {
		if s.Kind == Label {
			l.labels[s.Name] = &dest{}
		}
	})
	l.body(fn.Body)
	l.jump(leave, fn.Pos, nil)
	for i := range l.ops {
		l.ops[i].yes, l.ops[i].no = l.yes[i].at, l.no[i].at
	}
	return l.ops
}

func (l *lowerer) here() *dest   { return &dest{len(l.ops)} }
func (l *lowerer) place(d *dest) { d.at = len(l.ops) }

func (l *lowerer) emit(o op, yes, no *dest) {
	l.ops = append(l.ops, o)
	l.yes = append(l.yes, yes)
	l.no = append(l.no, no)
}

func (l *lowerer) jump(to *dest, pos Pos, s *Stmt) { l.emit(op{pos: pos, stmt: s}, to, to) }

func (l *lowerer) target(t *Target) *dest {
	switch {
	case t.False:
		return leaveFalse
	case t.Exit:
		return leave
	}
	return l.labels[t.Label]
}

func (l *lowerer) body(body []*Stmt) {
	for _, s := range body {
		l.stmt(s)
	}
}

func (l *lowerer) stmt(s *Stmt) {
	switch s.Kind {
	case Do:
		next := &dest{}
		no := next
		if s.To != nil {
			no = l.target(s.To)
		}
		l.term(&s.Call, s, s.To != nil, next, no)
		l.place(next)
	case Goto, Exit:
		l.jump(l.target(s.To), s.Pos, s)
	case Label:
		l.place(l.labels[s.Name])
	case While:
		top, in, out := l.here(), &dest{}, &dest{}
		l.cond(&s.Cond, s, in, out)
		l.place(in)
		l.body(s.Body)
		l.jump(top, s.Pos, nil)
		l.place(out)
	case If:
		out := &dest{}
		for i, a := range s.Arms {
			next := &dest{}
			if len(a.Cond.Terms) > 0 {
				in := &dest{}
				l.cond(&a.Cond, s, in, next)
				l.place(in)
			}
			l.body(a.Body)
			if i < len(s.Arms)-1 {
				l.jump(out, a.Pos, nil)
			}
			l.place(next)
		}
		l.place(out)
	}
}

// cond emits the terms of a condition, as far as they are needed.
func (l *lowerer) cond(c *Cond, s *Stmt, yes, no *dest) {
	for i := range c.Terms {
		t := &c.Terms[i]
		next := &dest{}
		y, n := next, no
		if c.Or {
			y, n = yes, next
		}
		if i == len(c.Terms)-1 {
			y, n = yes, no
		}
		if t.Not {
			y, n = n, y
		}
		l.term(t, s, true, y, n)
		l.place(next)
	}
}

// term emits a step or a call.
func (l *lowerer) term(t *Term, s *Stmt, test bool, yes, no *dest) {
	o := op{pos: t.Name.Pos, stmt: s, term: t, test: test}
	if isCall(l.fns, l.fn.Name, t.Name.Text) {
		o.call = t.Name.Text
	} else {
		o.step = l.x.steps[t.Name.Text]
		o.arg, _ = argument(o.step, t.Arg.Text)
	}
	l.emit(o, yes, no)
}

// isCall says whether a name means a function: everywhere but inside the
// function of that name, which may wrap the step of that name.
func isCall(fns map[string]Resolved, in, name string) bool {
	_, ok := fns[name]
	return ok && name != in
}

// thread follows bare jumps and removes them, and what no path reaches. One
// stays in front when the function does not start with its first op. It returns
// false when a jump only ever leads to itself.
func thread(ops []op) ([]op, bool) {
	ok := true
	follow := func(at int) int {
		for n := 0; at >= 0 && ops[at].bare(); n++ {
			if n > len(ops) {
				ok = false
				return mm.Return
			}
			at = ops[at].yes
		}
		return at
	}
	start, live := follow(0), reach(ops)
	var keep []int
	for i := range ops {
		if !ops[i].bare() && live[i] {
			keep = append(keep, i)
		}
	}
	var out []op
	if len(keep) == 0 || keep[0] != start {
		out = append(out, op{yes: start, no: start, pos: ops[0].pos})
	}
	move := make([]int, len(ops))
	for n, i := range keep {
		move[i] = len(out) + n
	}
	for _, i := range keep {
		out = append(out, ops[i])
	}
	for i := range out {
		for _, to := range []*int{&out[i].yes, &out[i].no} {
			at := follow(*to)
			if at >= 0 {
				at = move[at]
			}
			*to = at
		}
	}
	return out, ok
}

// reach says which ops can be reached.
func reach(ops []op) []bool {
	live := make([]bool, len(ops))
	todo := []int{0}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if i >= 0 && !live[i] {
			live[i] = true
			todo = append(todo, ops[i].yes, ops[i].no)
		}
	}
	return live
}
