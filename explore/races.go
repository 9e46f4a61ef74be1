package explore

import "math/bits"

// reversal is a race: event i, by task q, could have come before event j.
type reversal struct {
	i, j, q int
	foot    *footprint
	also    []int32 // it has to come before these events, too; see together.go
}

// leftOut says whether event l is not there when the race is reversed.
func (m *dpor) leftOut(r *reversal, l int) bool {
	c := &m.stack[l].clock
	if c[m.events[r.j].task] > int32(r.j) {
		return true
	}
	for _, j := range r.also {
		if c[m.events[j].task] > j {
			return true
		}
	}
	return false
}

// reverse finds the races of the execution that has ended and puts the reversal
// of each into the wakeup tree where it has to begin, unless it was explored.
func (m *dpor) reverse(x *X) {
	n := len(m.stack)
	known := len(m.found)
	for known > 0 && m.found[known-1].i >= m.fresh {
		known--
	}
	m.found = m.found[:known]
	var last, starts [MaxTasks]int // index+1 of each task's last event, and of the one that started it
	for i := range n {
		q, foot := m.events[i].task, m.events[i].foot
		if i >= m.fresh {
			f := &m.stack[i]
			if f.wait.kind == pendJoin {
				for p, l := range last[:x.ntasks] {
					f.clock[p] = int32(l)
				}
			} else {
				m.racesOf(x, i, q, foot, f.wait.access, f.until, &f.clock, last[q], starts[q])
			}
			f.clock[q] = int32(i) + 1
		}
		last[q] = i + 1
		if !m.events[i].spawn {
			continue
		}
		for k := range foot.acc {
			if foot.acc[k].kind == kindSpawn {
				starts[foot.acc[k].before] = i + 1
			}
		}
	}
	// What is still waiting could have gone on earlier.
	for r := x.live; r != 0; r &= r - 1 {
		t := x.tasks[bits.TrailingZeros32(r)]
		if x.enabled(t) {
			continue
		}
		if m.until = t.waitsFor(m.until[:0]); len(m.until) == 0 {
			continue
		}
		foot := &m.waiting[t.id]
		var c clock
		m.racesOf(x, n, t.id, foot, t.pend.access, m.until, &c, last[t.id], starts[t.id])
	}
	m.reverseAll(x)
}

// reverseAll reverses the races of an execution. One that executions before had, too,
// is reversed again if anything is new that does not come after its earlier event:
// then that stands before the reversed event now, and what was made of it in another
// execution need not cover this.
func (m *dpor) reverseAll(x *X) {
	since := max(m.fresh, m.base) // those before are of other executions, or of another worker
	var least clock
	for t := range x.ntasks {
		least[t] = int32(len(m.stack)) + 1
	}
	for l := since; l < len(m.stack); l++ {
		least.meet(&m.stack[l].clock, x.ntasks)
	}
	for i := range m.found {
		if r := &m.found[i]; r.i >= since {
			m.dataRace(x, r)
		}
	}
	if len(x.refine) > 0 {
		return // it will start again
	}
	for i := range m.found {
		r := &m.found[i]
		again := least[m.events[r.j].task] <= int32(r.j) || r.foot.open && m.elsewhere(r)
		if r.i < since && !again {
			continue
		}
		if m.insert(x, r); x.restarted {
			return
		}
	}
}

// dataRace reports a race between plain accesses.
func (m *dpor) dataRace(x *X, r *reversal) {
	e := &m.stack[r.j]
	g := &e.foots[e.choice]
	if len(g.acc) == 0 || len(r.foot.acc) == 0 || e.wait.retries() {
		return
	}
	if r.i < len(m.stack) && m.stack[r.i].wait.retries() || r.i == len(m.stack) && x.tasks[r.q].pend.retries() {
		return // to wait until it changes is no access
	}
	a, b := &g.acc[0], &r.foot.acc[0]
	if a.o.isPlain() && a.group == a.o && b.group == b.o && a.first && b.first && conflict(a, b) {
		x.raced(a.o, x.tasks[e.choice], a.kind, x.tasks[r.q], b.kind)
	}
}

// racesOf computes the clock of event i, by task q, and the events it races with:
// those that come directly before it for no other reason than that the two are
// dependent. A waiting event races with the latest one before which it could
// have gone on. What it waits for it is about to make an access of kind k to.
func (m *dpor) racesOf(x *X, i, q int, foot *footprint, k kind, waits []until, c *clock, prev, start int) {
	*c = clock{}
	if prev > 0 {
		*c = m.stack[prev-1].clock
	} else if start > 0 {
		*c = m.stack[start-1].clock
	}
	var own, free clock // free: without the events that cannot be reversed
	if len(waits) > 0 {
		own, free = *c, *c
	}
	var shared uint64 // which of waits commuting updates have to do with, modulo 64
	for j := i - 1; j >= 0; j-- {
		ev := &m.events[j]
		seen := c[ev.task] > int32(j)
		if seen && (len(waits) == 0 || free[ev.task] > int32(j)) || ev.task == q {
			continue
		}
		if ev.wr&(foot.rd|foot.wr)|ev.rd&foot.wr == 0 && !x.ordered {
			continue
		}
		if x.commute(ev.task, q) && !dependent(ev.foot, foot) {
			continue
		}
		e := &m.stack[j]
		if len(waits) > 0 && !m.couldGo(i, j, foot, waits) {
			for n := range waits {
				o := waits[n].o
				if !isAcquire(k) {
					x.thereAndBack(o, k, &e.foots[e.choice])
				}
				if ev.foot.shares(o) {
					shared |= 1 << (n & 63)
				}
			}
			c.join(&e.clock, x.ntasks)
			continue
		}
		m.found = append(m.found, reversal{i: i, j: j, q: q, foot: foot})
		c.join(&e.clock, x.ntasks)
		if len(waits) > 0 {
			free.join(&e.clock, x.ntasks)
		}
	}
	for n := range waits {
		if shared>>(n&63)&1 != 0 {
			m.together(x, i, q, foot, &waits[n], &own)
		}
	}
}

// insert puts the reversal of a race into the wakeup tree where the earlier event
// was chosen.
func (m *dpor) insert(x *X, r *reversal) {
	f := &m.stack[r.j]
	w := m.seq[:0]
	for l := r.j + 1; l < len(m.stack); l++ {
		e := &m.stack[l]
		if l != r.i && !m.leftOut(r, l) {
			w = append(w, wstep{e.choice, &e.foots[e.choice]})
		}
	}
	foot := m.turned(x, r, w)
	if foot == nil {
		return // it starts again
	}
	w = append(w, wstep{r.q, foot})
	m.seq = w
	if x.covered(f, f.sleep, w) {
		return
	}
	if f.shared != nil {
		m.insertShared(x, f, w)
		return
	}
	at := &f.tree
	if *at != nil {
		at = &(*at).next // the current choice is the event itself, which w does not begin with
	}
	if at, w = x.place(at, w); at != nil {
		m.grow(at, w)
	}
}

// turned is the footprint that the later event of a race has behind w, where it
// comes when the race is reversed: an update that changed nothing may change
// something there, and the other way round. That decides what it commutes with,
// and so what covers it. What is behind the first access need not be known: while
// no scheduling point is missing it commutes with whatever the first access does.
// nil: another scheduling point was found.
func (m *dpor) turned(x *X, r *reversal, w []wstep) *footprint {
	f := r.foot
	if r.i == len(m.stack) || f.test.mask == 0 && !f.open {
		return f
	}
	if f.open {
		if m.elsewhere(r) {
			return m.tried(x, r, w)
		}
		return f
	}
	a := f.acc[0]
	k := kindRead
	if f.test.holds(a.before - m.undone(r, a.o)) {
		k = kindUpdate
	}
	if k == a.kind {
		return f
	}
	a.kind = k
	g := &m.other
	g.reset()
	g.acc = append(g.acc, a)
	g.mask(a.o, k, true)
	return g
}

// elsewhere says whether the later event of a race sees something else when it is
// reversed.
func (m *dpor) elsewhere(r *reversal) bool {
	for k := range r.foot.acc {
		if a := &r.foot.acc[k]; a.first && a.kind != kindSpawn && m.undone(r, a.o) != 0 {
			return true
		}
	}
	return false
}

// undone is what the events that a reversal leaves out had added to an object.
func (m *dpor) undone(r *reversal, o *object) (d uint64) {
	bit := uint64(1) << (uint32(o.idx) & 63)
	for l := r.j; l < r.i; l++ {
		if m.events[l].wr&bit == 0 || !m.leftOut(r, l) {
			continue
		}
		d += m.events[l].foot.added(o)
	}
	return d
}

// tried runs the program to find out what turned asks.
func (m *dpor) tried(x *X, r *reversal, w []wstep) *footprint {
	plan := m.path(r.j)
	for _, s := range w {
		plan = append(plan, int8(s.task))
	}
	m.other.reset()
	if !x.probe(x.prog, plan, r.q, &m.other) {
		x.refused = unrepeatable
	}
	if x.restarted {
		return nil
	}
	return &m.other
}

// covered says whether one of sleep can come first in something equivalent to w.
func (x *X) covered(f *dframe, sleep uint32, w []wstep) bool {
	for z := sleep; z != 0; z &= z - 1 {
		s := bits.TrailingZeros32(z)
		if k := x.weakInitial(s, &f.foots[s], w); k >= -1 {
			return true
		}
	}
	return false
}

// place finds where in the wakeup trees at at w belongs, and what of it is not
// there yet; nil if what is there covers w.
func (x *X) place(at **wnode, w []wstep) (**wnode, []wstep) {
	for {
		n, ok := *at, false
		for ; n != nil; n = n.next {
			if w, ok = x.without(n, w); ok {
				break
			}
		}
		if n == nil {
			break
		}
		if n.child == nil || len(w) == 0 {
			return nil, nil // what a leaf leads to covers w
		}
		at = &n.child
	}
	return end(at), w
}

// without says whether n can come first in something equivalent to w, or to w
// with it, and returns w without it.
func (x *X) without(n *wnode, w []wstep) ([]wstep, bool) {
	k := x.weakInitial(n.task, &n.foot, w)
	if k >= 0 {
		w = append(w[:k], w[k+1:]...)
	}
	return w, k != -2
}

// grow adds w as a branch.
func (m *dpor) grow(at **wnode, w []wstep) {
	for _, s := range w {
		*at = m.node(s.task, s.foot)
		at = &(*at).child
	}
}

// weakInitial says whether a step of task p can come first in something
// equivalent to w, or to w with that step added: the index of its step in w, -1
// if it is not in w but commutes with all, -2 if it cannot.
func (x *X) weakInitial(p int, foot *footprint, w []wstep) int {
	for k := range w {
		if w[k].task == p {
			return k
		}
		if !x.commute(p, w[k].task) || dependent(foot, w[k].foot) {
			return -2
		}
	}
	return -1
}
