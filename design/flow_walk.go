package design

import "tagswap/mm"

// node is one place of one path: the op about to run and what is known there.
type node struct {
	at   int
	in   facts
	from *node // nil at the start
	took bool  // the result of from's op
}

// maxNodes bounds one walk; the functions of the kernel need some hundred. A
// function that needs more gets a warning, and no more is said about it.
const maxNodes = 2000

// walk is the check of one function in one situation.
type fnWalk struct {
	f      *flow
	b      *body
	shape  *shape
	via    *node // the caller's place, nil for an entry
	caller *body
	mixed  []uint64 // by op: the locks that are held on some paths only
	echo   []bool   // by op: both outcomes of the test are known, on one path or another
	sum    *summary
	todo   []*node
	seen   map[nodeKey]bool
	at     [][]*node // by op
	exits  []*exit
	full   bool
}

type nodeKey struct {
	at int
	in facts
}

// exit is one way out of a function.
type exit struct {
	last *node // the last op
	end
}

// call checks a function in one situation and returns what it ends in.
func (f *flow) call(fn string, in facts, caller *body, via *node) *summary {
	in.known, in.value = 0, 0
	key := situation{fn, in, via == nil}
	if w := f.memo[key]; w != nil {
		return w.sum
	}
	b := f.u.bodies[fn]
	w := &fnWalk{f: f, b: b, shape: f.shape(b), caller: caller, via: via}
	w.run(in)
	w.learn()
	w.run(in)
	f.memo[key] = w
	if f.quiet {
		return w.sum
	}
	if w.full {
		msg := fn + " has too many paths: its locks are not checked"
		w.complain(0, complaint{what: "paths", msg: msg, doubt: true})
	} else {
		w.judge()
	}
	return w.sum
}

// learn looks at a first walk for what a second can tell better.
func (w *fnWalk) learn() {
	w.mixed = make([]uint64, len(w.b.ops))
	w.echo = make([]bool, len(w.b.ops))
	for i, nodes := range w.at {
		var yes, no bool
		for _, n := range nodes {
			w.mixed[i] |= (n.in.held ^ nodes[0].in.held) | (n.in.free ^ nodes[0].in.free)
			known := w.shape.tests[i] & n.in.known
			yes = yes || known&n.in.value != 0
			no = no || known&^n.in.value != 0
		}
		w.echo[i] = yes && no
	}
}

// run walks all paths.
func (w *fnWalk) run(in facts) {
	w.sum, w.seen, w.exits, w.full = &summary{}, map[nodeKey]bool{}, nil, false
	w.at = make([][]*node, len(w.b.ops))
	w.push(&node{in: in})
	for len(w.todo) > 0 {
		n := w.todo[0]
		w.todo = w.todo[1:]
		w.step(n)
	}
}

// push adds a place unless it is known.
func (w *fnWalk) push(n *node) {
	n.in.known &= w.shape.live[n.at]
	n.in.value &= n.in.known
	key := nodeKey{n.at, n.in}
	if w.seen[key] {
		return
	}
	if w.full = w.full || len(w.seen) >= maxNodes; w.full {
		return
	}
	w.seen[key] = true
	w.at[n.at] = append(w.at[n.at], n)
	w.todo = append(w.todo, n)
}

// step runs the op of a place and goes on with its results.
func (w *fnWalk) step(n *node) {
	o := &w.b.ops[n.at]
	switch {
	case o.bare():
		w.follow(n, true, n.in)
	case o.call != "":
		callee := w.f.u.bodies[o.call]
		sum := w.f.call(o.call, n.in, w.b, n)
		w.sum.wantHeld |= sum.wantHeld
		w.sum.wantFree |= sum.wantFree
		for _, e := range sum.ends {
			out := n.in
			out.held, out.free, out.twice, out.doubt = e.out.held, e.out.free, e.out.twice, e.out.doubt
			var back []mm.Reg
			for _, r := range callee.fn.Returns {
				back = append(back, mm.Reg(r.Text))
			}
			mask := w.f.regBits(back)
			out.set = out.set&^mask | e.out.set&mask
			w.shape.forget(&out, back)
			w.follow(n, e.result, out)
		}
	default:
		w.prim(n, o)
	}
}

// prim runs a step: its effects, for each result that it can have.
func (w *fnWalk) prim(n *node, o *op) {
	s, f := o.step, w.f
	base := n.in
	for _, l := range s.Needs {
		w.want(&base, f.bit(l), f.stronger(l))
	}
	drops := f.bits(s.Drops)
	w.sum.wantHeld |= drops &^ base.held &^ base.free &^ base.doubt
	base.twice, drops = base.twice&^drops, drops&^base.twice
	base.held &^= drops
	base.free |= drops
	if decides(s) {
		base.set |= f.regBits(s.Uses) // it asks whether they are set
	}
	bit := w.shape.tests[n.at]
	for _, result := range []bool{true, false} {
		if !result && !s.Cond || w.contradicts(n, bit, result) {
			continue
		}
		if result && s.Cond && len(s.Sets) == 0 && f.bits(s.Takes)&base.held != 0 {
			continue // a trylock of one's own lock fails
		}
		out := base
		if result {
			w.takes(&out, s)
			out.set |= f.regBits(s.Sets)
		}
		w.shape.forget(&out, s.Sets)
		if out.known |= bit; result {
			out.value |= bit
		} else {
			out.value &^= bit
		}
		if w.mixed != nil {
			out.doubt |= w.mixed[n.at] & w.shape.guards[n.at]
		}
		w.follow(n, result, out)
	}
}

// contradicts says whether a result of a test cannot be, because the path
// has already seen the other.
func (w *fnWalk) contradicts(n *node, bit uint64, result bool) bool {
	return w.echo != nil && w.echo[n.at] && bit&n.in.known != 0 && (bit&n.in.value != 0) != result
}

// want assumes that a lock, or its stronger form, is held. Where that is known
// to be wrong, judge says so, once: behind the step the lock counts as held.
func (w *fnWalk) want(in *facts, bit, stronger uint64) {
	if in.held&(bit|stronger) != 0 {
		return
	}
	if in.free&bit != 0 && stronger&^in.free != 0 {
		bit = stronger
	}
	w.sum.wantHeld |= bit &^ in.free &^ in.doubt
	in.held |= bit
	in.free &^= bit
}

// takes adds the locks that a step takes.
func (w *fnWalk) takes(in *facts, s *mm.Step) {
	for _, l := range s.Takes {
		b := w.f.bit(l)
		if in.held&b != 0 && counted(s, l) {
			in.twice |= b
			continue
		}
		w.sum.wantFree |= b &^ in.held &^ in.free &^ in.doubt
		in.held |= b
		in.free = in.free&^b | w.f.weaker(l)
	}
}

// follow goes on behind an op with one of its results.
func (w *fnWalk) follow(n *node, result bool, out facts) {
	o := &w.b.ops[n.at]
	to := o.no
	if result {
		to = o.yes
	}
	if to < 0 {
		out.known, out.value = 0, 0
		e := end{to == mm.Return, out}
		w.exits = append(w.exits, &exit{&node{at: -1, in: out, from: n, took: result}, e})
		for _, prior := range w.sum.ends {
			if prior == e {
				return
			}
		}
		w.sum.ends = append(w.sum.ends, e)
		return
	}
	if to <= n.at {
		out.known, out.value = 0, 0
	}
	w.push(&node{at: to, in: out, from: n, took: result})
}
