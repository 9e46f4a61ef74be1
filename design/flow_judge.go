package design

import (
	"fmt"
	"slices"

	"tagswap/mm"
)

// complaintAt is what a complaint is about; each is made once.
type complaintAt struct {
	fn   string
	op   int
	what string
}

// complaint is an error of the lock check before it is known whether a surer
// one for the same place comes up.
type complaint struct {
	fn    Resolved
	pos   Pos
	msg   string
	doubt bool
	lock  bool // about locks, not registers
}

func (w *fnWalk) complain(op int, what, msg string, lock, doubt bool) {
	at := complaintAt{w.b.fn.Name, op, what}
	c := &complaint{w.b.fn, w.b.ops[op].pos, msg, doubt, lock}
	prior := w.f.found[at]
	if prior == nil {
		w.f.seen = append(w.f.seen, at)
	}
	if prior == nil || prior.doubt && !doubt {
		w.f.found[at] = c
	}
}

// judge looks at all places of the finished walk.
func (w *fnWalk) judge() {
	for i := range w.b.ops {
		if s := w.b.ops[i].step; s != nil {
			w.judgeStep(i, s)
		}
	}
	if w.via == nil {
		w.judgeExits()
	}
}

// judgeStep checks a step on every path that leads to it.
func (w *fnWalk) judgeStep(i int, s *mm.Step) {
	f := w.f
	for _, l := range s.Needs {
		bit := f.bit(l) | f.stronger(l)
		bad, good, doubt := w.split(i, bit, func(in facts) bool { return in.free&bit == bit })
		if bad != nil {
			w.complain(i, "needs "+string(l), fmt.Sprintf("%s needs the %s, which %s", s.Name, l, w.lacking(bad, good, l)), true, doubt)
		}
	}
	for _, l := range s.Drops {
		bit := f.bit(l)
		bad, good, doubt := w.split(i, bit, func(in facts) bool { return in.free&bit != 0 })
		if bad != nil {
			w.complain(i, "drops "+string(l), fmt.Sprintf("%s drops the %s, which %s", s.Name, l, w.lacking(bad, good, l)), true, doubt)
		}
	}
	for _, l := range s.Takes {
		if s.Cond || counted(s, l) || slices.Contains(s.Drops, l) {
			continue // a trylock fails, and a reference can be taken twice
		}
		bit := f.bit(l)
		bad, good, doubt := w.split(i, bit, func(in facts) bool { return in.held&bit != 0 })
		if bad != nil {
			w.complain(i, "takes "+string(l), fmt.Sprintf("%s takes the %s, which %s", s.Name, l, w.having(bad, good, l)), true, doubt)
		}
	}
	for _, r := range s.Uses {
		if decides(s) {
			break
		}
		bit := f.regs[r]
		bad, good, doubt := w.split(i, 0, func(in facts) bool { return in.set&bit == 0 })
		if bad != nil {
			w.complain(i, "uses "+string(r), fmt.Sprintf("%s reads the register %s, which is not set%s", s.Name, r, w.through(bad, good)), false, doubt)
		}
	}
}

// split finds a path to an op that is bad and one that is not. A path on which
// the locks in bits are in doubt only counts for certain when all are bad.
func (w *fnWalk) split(i int, bits uint64, isBad func(facts) bool) (bad, good *node, doubt bool) {
	for _, n := range w.at[i] {
		sure := n.in.doubt&bits == 0
		switch {
		case !isBad(n.in):
			if good == nil || sure && good.in.doubt&bits != 0 {
				good = n
			}
		case bad == nil || sure && bad.in.doubt&bits != 0:
			bad = n
		}
	}
	return bad, good, bad != nil && good != nil && bad.in.doubt&bits != 0
}

// lacking says why a lock is not held at the end of a path.
func (w *fnWalk) lacking(bad, good *node, l mm.Lock) string {
	for n := bad; n.from != nil; n = n.from {
		o := &w.b.ops[n.from.at]
		if w.changes(n, l, false) {
			return fmt.Sprintf("%s in line %d has dropped", o.name(), o.pos.Line)
		}
	}
	if good == nil && w.via != nil {
		return fmt.Sprintf("is not held where %s calls %s (%s)", w.caller.fn.Name, w.b.fn.Name, w.callSite())
	}
	return "is not held" + w.through(bad, good)
}

// having says why a lock is held at the end of a path.
func (w *fnWalk) having(bad, good *node, l mm.Lock) string {
	for n := bad; n.from != nil; n = n.from {
		o := &w.b.ops[n.from.at]
		if w.changes(n, l, true) {
			return fmt.Sprintf("%s in line %d has taken already", o.name(), o.pos.Line)
		}
	}
	if good == nil && w.via != nil {
		return fmt.Sprintf("is held already where %s calls %s (%s)", w.caller.fn.Name, w.b.fn.Name, w.callSite())
	}
	return "is held already" + w.through(bad, good)
}

// changes says whether the op in front of n made a lock held, or no longer held.
func (w *fnWalk) changes(n *node, l mm.Lock, held bool) bool {
	bits := w.f.bit(l) | w.f.stronger(l)
	was, is := n.from.in.held&bits != 0, n.in.held&bits != 0
	return was != is && is == held
}

func (w *fnWalk) callSite() string {
	d := w.caller.fn.Design
	line := w.caller.ops[w.via.at].pos.Line
	if d != w.b.fn.Design {
		return fmt.Sprintf("%s:%d", d.File, line)
	}
	return fmt.Sprintf("line %d", line)
}

// through names a line of the bad path by which the reader recognises it: the
// last that the good path avoids, else the last test that goes the other way.
func (w *fnWalk) through(bad, good *node) string {
	line, test := w.parting(bad, good)
	if line != "" {
		return line
	}
	return test
}

// parting describes where a bad path parts from a good one: the last line that
// the good path avoids, and the last test that goes the other way.
func (w *fnWalk) parting(bad, good *node) (line, test string) {
	if good == nil {
		return "", ""
	}
	type outcome struct {
		op   int
		took bool
	}
	onGood, went := map[int]bool{}, map[outcome]bool{}
	for n := good; n.from != nil; n = n.from {
		onGood[n.from.at] = true
		went[outcome{n.from.at, n.took}] = true
	}
	for n := bad; n.from != nil; n = n.from {
		i := n.from.at
		o := &w.b.ops[i]
		switch {
		case o.bare():
		case !onGood[i] && line == "":
			line = fmt.Sprintf(" on the path through line %d", o.pos.Line)
		case onGood[i] && !went[outcome{i, n.took}] && test == "":
			test = fmt.Sprintf(" on the path on which %s in line %d fails", o.name(), o.pos.Line)
			if n.took {
				test = fmt.Sprintf(" on the path on which %s in line %d succeeds", o.name(), o.pos.Line)
			}
		}
	}
	return line, test
}

// judgeExits checks what an entry function leaves behind.
func (w *fnWalk) judgeExits() {
	f, start := w.f, w.at[0][0].in
	state, known := f.u.state(w.b.fn.Name)
	leave := f.bits(state.Leave)
	for _, l := range f.locks {
		bit := f.bit(l)
		want := start.held & bit // as it was found, unless the entry says otherwise
		if known {
			want = leave & bit
		} else if (start.held|start.free)&bit == 0 {
			continue
		}
		var bad, good *node
		for _, x := range w.exits {
			known := (x.out.held|x.out.free)&bit != 0
			switch {
			case !known || x.out.held&bit == want:
				if good == nil || good.in.doubt&bit != 0 {
					good = x.last
				}
			case bad == nil || bad.in.doubt&^x.out.doubt&bit != 0:
				bad = x.last
			}
		}
		if bad == nil || !known && want != 0 && good == nil {
			continue // an entry that is called with a lock may have to drop it
		}
		w.leaves(bad, good, l, want != 0, good != nil && bad.in.doubt&bit != 0)
	}
}

// origin follows a lock that an exit leaves held into the function that forgets
// it on one path and not on another.
func (w *fnWalk) origin(bad, good *node, bit uint64) (*fnWalk, *node, *node) {
	for n := bad; n.from != nil; n = n.from {
		o := &w.b.ops[n.from.at]
		if n.in.held&bit == 0 || n.from.in.held&bit != 0 {
			continue
		}
		in := n.from.in
		in.known, in.value = 0, 0
		callee := w.f.memo[situation{o.call, in, false}]
		if callee == nil {
			break
		}
		var held, free *node
		for _, x := range callee.exits {
			if x.result == n.took && x.out.held == n.in.held {
				held = x.last
			} else if x.result == n.took && x.out.held&bit == 0 {
				free = x.last
			}
		}
		if held == nil || free == nil {
			break
		}
		return callee.origin(held, free, bit)
	}
	return w, bad, good
}

// leaves reports an entry function that returns with a lock it should not hold,
// or without one that it should.
func (w *fnWalk) leaves(bad, good *node, l mm.Lock, want, doubt bool) {
	if !want {
		w, bad, good = w.origin(bad, good, w.f.bit(l))
	}
	line, how := w.parting(bad, good)
	if how == "" {
		how = line
	}
	fn := w.b.fn.Name
	msg := fmt.Sprintf("%s returns without the %s%s", fn, l, how)
	if !want {
		msg = fmt.Sprintf("%s returns holding the %s%s", fn, l, how)
		for n := bad; n.from != nil; n = n.from {
			if o := &w.b.ops[n.from.at]; w.changes(n, l, true) {
				msg += fmt.Sprintf("; %s in line %d takes it", o.name(), o.pos.Line)
				break
			}
		}
	}
	w.complain(bad.from.at, "leaves "+string(l), msg, true, doubt)
}

// state returns what is known of an entry function's locks.
func (u *unit) state(entry string) (EntryState, bool) {
	if u.State == nil {
		return EntryState{}, false
	}
	return u.State(entry)
}

// locks runs the lock check over the whole design.
func (u *unit) locks() {
	quiet, loud := newFlow(u, true), newFlow(u, false)
	for _, e := range u.roots() {
		in := facts{set: ^uint64(0)}
		if s, ok := u.state(e); ok {
			in.held = loud.bits(s.Held)
			in.free = ^in.held
			in.set = loud.regBits(s.Set)
		} else {
			sum := quiet.call(e, in, nil, nil)
			in.held = sum.wantHeld &^ sum.wantFree
			in.free = sum.wantFree
		}
		loud.call(e, in, nil, nil)
	}
	allowed := u.design.Allows(AllowMissingLock)
	for _, at := range loud.seen {
		c := loud.found[at]
		if c.doubt || c.lock && allowed {
			u.errs.warn(c.fn.Design.File, c.pos, "%s", c.msg)
		} else {
			u.errs.add(c.fn.Design.File, c.pos, "%s", c.msg)
		}
	}
}

// roots returns the functions that the check starts from: the entries, or every
// function that no other calls when there are none.
func (u *unit) roots() []string {
	called := map[string]bool{}
	for _, n := range u.order {
		walk(u.fns[n].Body, func(s *Stmt) {
			for _, t := range terms(s) {
				if isCall(u.fns, n, t.Name.Text) {
					called[t.Name.Text] = true
				}
			}
		})
	}
	var roots []string
	for _, n := range u.order {
		if slices.Contains(u.Entries, n) || !called[n] {
			roots = append(roots, n)
		}
	}
	return roots
}
