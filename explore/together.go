package explore

import (
	"math/bits"
	"slices"
)

// An event that waits for what commuting updates have made of a value may have to
// come before several of them at once: two readers each keep a writer out, and an
// Await of 1 that finds 5 behind two additions of 2 could go on before both and
// before neither alone. The updates that are left out are closed: whatever comes
// after one is left out, too. So from all updates on, the last ones are taken away
// one after another until the event can go on, in every way that there is.
//
// A task in Retry waits for one of several conditions, each that an object has another
// value than was seen. Each condition is looked at by itself. That is enough: of a
// smallest set of events without which one holds either all come after those that touch
// the object, or none does, and then the set is a single event, which racesOf finds.
//
// And nothing is missed for it. Let a task in Retry be able to go on behind events u
// that commute with all branches of a frame, which do not commute with its going on. If
// it can go on behind a branch and u, an execution that does so shows the race. If it
// cannot behind any, take one branch, p, and the fewest events z behind p and u that let
// it go on. Every set without which it could have gone on has p in it, or fewer events
// would have done; so a smallest one is found, and reversed. What then comes first
// either is u, or it is an event r of z, and r is a branch. So p gives all objects that
// had changed behind u the values that were seen, r does too, and they commute: they
// add the same. Behind both the task can go on, so r alone is a z, and the smallest set is
// p and r: reversed, that is u.

// groups is what together works with.
type groups struct {
	events  []int    // that touch the object
	after   []uint64 // of each, those that come after it and itself
	delta   []uint64 // of each, what it added
	against uint64   // those that conflict with the wait
	seen    []uint64 // sets that have been looked at
	enough  []uint64 // those behind which the event can go on
}

// tooMany is why a search ends in which these sets do not fit in a word.
const tooMany = "more than 64 updates that commute of what a task waits for"

// shares says whether what the block did to an object commutes with the like.
func (f *footprint) shares(o *object) bool {
	for i := range f.acc {
		if a := &f.acc[i]; a.o == o {
			return a.kind == kindAdd || a.kind == kindRLock || a.kind == kindRUnlock
		}
	}
	return false
}

// together finds the smallest sets of several events before all of which event i,
// by task q, could have gone on. own is what comes before it in any case.
func (m *dpor) together(x *X, i, q int, foot *footprint, wait *until, own *clock) {
	g := &m.groups
	if !m.gather(i, foot, wait.o, own) {
		x.refused = tooMany
		return
	}
	g.seen, g.enough = g.seen[:0], g.enough[:0]
	g.without(0, m.foundBy(i, foot, wait.o), wait)
	for _, set := range g.enough {
		smaller := func(s uint64) bool { return s != set && s&^set == 0 }
		if slices.ContainsFunc(g.enough, smaller) || g.single(set) {
			continue
		}
		first := bits.TrailingZeros64(set & g.against)
		var also []int32
		for r := set & g.against &^ (1 << first); r != 0; r &= r - 1 {
			also = append(also, int32(g.events[bits.TrailingZeros64(r)]))
		}
		m.found = append(m.found, reversal{i, g.events[first], q, foot, also})
	}
}

// gather collects the events before event i that touch o, which it waits for.
func (m *dpor) gather(i int, foot *footprint, o *object, own *clock) bool {
	g := &m.groups
	g.events, g.after, g.delta, g.against = g.events[:0], g.after[:0], g.delta[:0], 0
	bit := uint64(1) << (uint32(o.idx) & 63)
	for l := range m.stack[:i] {
		e := &m.events[l]
		if e.wr&bit == 0 || own[e.task] > int32(l) {
			continue
		}
		n, d, touches, against := len(g.events), uint64(0), false, false
		for k := range e.foot.acc {
			a := &e.foot.acc[k]
			if a.o != o || a.kind == kindSpawn {
				continue
			}
			touches = true
			d += a.delta
			for b := range foot.acc {
				against = against || conflict(a, &foot.acc[b])
			}
		}
		if !touches {
			continue
		}
		if n == 64 {
			return false
		}
		g.events, g.after, g.delta = append(g.events, l), append(g.after, 0), append(g.delta, d)
		if against {
			g.against |= 1 << n
		}
		for k, j := range g.events {
			if m.stack[l].clock[m.events[j].task] > int32(j) {
				g.after[k] |= 1 << n
			}
		}
	}
	return true
}

// without takes one more event away from all that are not in out, behind which the
// value is val.
func (g *groups) without(out, val uint64, wait *until) {
	for r := g.against &^ out; r != 0; r &= r - 1 {
		k := bits.TrailingZeros64(r)
		if g.after[k]&^out&g.against != 1<<k {
			continue // something that comes after it is still there
		}
		next := out | g.after[k]
		if slices.Contains(g.seen, next) {
			continue
		}
		g.seen = append(g.seen, next)
		v := val
		for s := next &^ out; s != 0; s &= s - 1 {
			v -= g.delta[bits.TrailingZeros64(s)]
		}
		if wait.holds(v) {
			g.enough = append(g.enough, next)
		} else {
			g.without(next, v, wait)
		}
	}
}

// single says whether the set is all that comes after one event.
func (g *groups) single(set uint64) bool { return slices.Contains(g.after, set) }
