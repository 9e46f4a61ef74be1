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
	what  string // with the place, the key
	msg   string
	lock  bool // about locks, not registers
	doubt bool // only a warning
	fn    Resolved
	pos   Pos
}

// complain records a complaint about an op.
func (w *fnWalk) complain(op int, c complaint) {
	c.fn, c.pos = w.b.fn, w.b.ops[op].pos
	at := complaintAt{w.b.fn.Name, op, c.what}
	prior := w.f.found[at]
	if prior == nil {
		w.f.seen = append(w.f.seen, at)
	}
	if prior == nil || prior.doubt && !c.doubt {
		w.f.found[at] = &c
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
		w.judgeLock(i, l, "needs", bit, w.lacking, func(in facts) bool { return in.free&bit == bit })
	}
	for _, l := range s.Drops {
		bit := f.bit(l)
		w.judgeLock(i, l, "drops", bit, w.lacking, func(in facts) bool { return in.free&bit != 0 })
	}
	for _, l := range s.Takes {
		if s.Cond || counted(s, l) || slices.Contains(s.Drops, l) {
			continue // a trylock fails, and a reference can be taken twice
		}
		bit := f.bit(l)
		w.judgeLock(i, l, "takes", bit, w.having, func(in facts) bool { return in.held&bit != 0 })
	}
	if decides(s) {
		return
	}
	for _, r := range s.Uses {
		bit := f.regs[r]
		bad, good, _ := w.split(i, 0, func(in facts) bool { return in.set&bit == 0 })
		if bad != nil {
			msg := fmt.Sprintf("%s reads the register %s, which is not set%s", s.Name, r, w.through(bad, good))
			w.complain(i, complaint{what: "uses " + string(r), msg: msg})
		}
	}
}

// judgeLock checks one thing that a step does with a lock.
func (w *fnWalk) judgeLock(i int, l mm.Lock, verb string, bits uint64,
	why func(bad, good *node, l mm.Lock) string, isBad func(facts) bool) {
	bad, good, doubt := w.split(i, bits, isBad)
	if bad == nil {
		return
	}
	msg := fmt.Sprintf("%s %s the %s, which %s", w.b.ops[i].name(), verb, l, why(bad, good, l))
	w.complain(i, complaint{what: verb + " " + string(l), msg: msg, lock: true, doubt: doubt})
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
		c := complaint{what: "leaves " + string(l), lock: true, doubt: good != nil && bad.in.doubt&bit != 0}
		if want != 0 {
			c.msg = fmt.Sprintf("%s returns without the %s%s", w.b.fn.Name, l, w.apart(bad, good))
			w.complain(bad.from.at, c)
		} else {
			w.forgets(bad, good, l, c)
		}
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

// forgets reports a function that returns with a lock that it should not hold.
func (w *fnWalk) forgets(bad, good *node, l mm.Lock, c complaint) {
	w, bad, good = w.origin(bad, good, w.f.bit(l))
	c.msg = fmt.Sprintf("%s returns holding the %s%s", w.b.fn.Name, l, w.apart(bad, good))
	for n := bad; n.from != nil; n = n.from {
		if o := &w.b.ops[n.from.at]; w.changes(n, l, true) {
			c.msg += fmt.Sprintf("; %s in line %d takes it", o.name(), o.pos.Line)
			break
		}
	}
	w.complain(bad.from.at, c)
}

// apart is through for the end of a function, where the test says more.
func (w *fnWalk) apart(bad, good *node) string {
	line, test := w.parting(bad, good)
	if test != "" {
		return test
	}
	return line
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
		for _, t := range u.callees(n) {
			called[t.Name.Text] = true
		}
	}
	var roots []string
	for _, n := range u.order {
		if slices.Contains(u.Entries, n) || !called[n] {
			roots = append(roots, n)
		}
	}
	return roots
}
