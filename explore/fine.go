package explore

import "math/bits"

// In the optimal search one execution stands for all that order independent
// blocks differently, so what a task did behind its last scheduling point when
// another ran says nothing. Which accesses of two blocks are ordered is worked
// out from the whole execution instead, access by access: an access behind a
// scheduling point comes before what another task does only if a release of a
// lock, or the next block of its own task, stands between.

// place is a place in an execution: the number of the block, and in the lower
// bits how many of its accesses.
type place int32

const placeBits = 12

func at(block, accesses int) place { return place(block<<placeBits | accesses) }

// seen is, of each task, the place up to which its accesses come before.
type seen [MaxTasks]place

func (s *seen) join(t *seen, n int) {
	for i := range n {
		if t[i] > s[i] {
			s[i] = t[i]
		}
	}
}

// hidden makes scheduling points of the accesses of the execution that conflict
// without being ordered. Blocks count from 1; 0 is what the root did before the
// first choice.
func (m *dpor) hidden(x *X) {
	m.looked = min(m.looked, m.fresh)
	waiting := m.waiters(x)
	if x.all || !x.open {
		return
	}
	x.open = false
	if !m.tails(waiting) {
		return
	}
	var last, starts [MaxTasks]seen
	spawned(&m.root, 0, &seen{}, 0, &starts)
	last[0][0] = at(0, len(m.root.acc))
	for i := range m.stack {
		f := &m.stack[i]
		q, g := m.events[i].task, m.events[i].foot
		if i >= m.looked {
			f.seen = last[q]
			f.seen.join(&starts[q], x.ntasks)
			m.unordered(x, i, q, g, &f.seen)
		}
		spawned(g, q, &f.seen, i+1, &starts)
		last[q] = f.seen
		last[q][q] = at(i+1, len(g.acc))
	}
	m.looked = len(m.stack)
	// Who waits in the end may have been in time before what came last in a tail.
	for r := waiting; r != 0; r &= r - 1 {
		q := bits.TrailingZeros32(r)
		s := last[q]
		s.join(&starts[q], x.ntasks)
		m.unorderedFirst(x, len(m.stack), q, &m.waiting[q], &s)
	}
}

// waiters returns the tasks that the execution has left waiting, and notes what
// for.
func (m *dpor) waiters(x *X) (waiting uint32) {
	for r := x.live; r != 0; r &= r - 1 {
		t := x.tasks[bits.TrailingZeros32(r)]
		if x.enabled(t) {
			continue
		}
		if m.until = t.waitsFor(m.until[:0]); len(m.until) == 0 {
			continue
		}
		waiting |= 1 << t.id
		foot := &m.waiting[t.id]
		foot.reset()
		for n := range m.until {
			o, k := m.until[n].o, t.pend.access
			foot.add(o, o, k, true)
			if !x.together && o.protect(t, k, true) {
				x.open = true
			}
		}
	}
	return waiting
}

// event returns what choice j led to; -1 is what the root did before.
func (m *dpor) event(j int) *event {
	if j < 0 {
		return &m.before
	}
	return &m.events[j]
}

// tails says whether a task did anything behind a scheduling point that another
// may conflict with. Those that wait are about to do what they wait for.
func (m *dpor) tails(waiting uint32) bool {
	var rd, wr, tailR, tailW [MaxTasks]uint64
	tasks := waiting
	for r := waiting; r != 0; r &= r - 1 {
		t := bits.TrailingZeros32(r)
		rd[t], wr[t] = m.waiting[t].rd, m.waiting[t].wr
	}
	for i := -1; i < len(m.stack); i++ {
		e := m.event(i)
		t := e.task
		tasks |= 1 << t
		rd[t] |= e.rd
		wr[t] |= e.wr
		tailR[t] |= e.tailR
		tailW[t] |= e.tailW
	}
	for a := tasks; a != 0; a &= a - 1 {
		t := bits.TrailingZeros32(a)
		for b := tasks &^ (1 << t); b != 0; b &= b - 1 {
			u := bits.TrailingZeros32(b)
			if tailW[t]&(rd[u]|wr[u])|tailR[t]&wr[u] != 0 {
				return true
			}
		}
	}
	return false
}

// spawned notes what the tasks started in a block begin with.
func spawned(g *footprint, q int, s *seen, block int, starts *[MaxTasks]seen) {
	if g.spawns == 0 {
		return
	}
	for k := range g.acc {
		if a := &g.acc[k]; a.kind == kindSpawn {
			starts[a.before] = *s
			starts[a.before][q] = at(block, k+1)
		}
	}
}

// unordered compares block i, by task q, with all before it. s is what comes
// before the block, and in the end what comes before what follows its scheduling
// point.
func (m *dpor) unordered(x *X, i, q int, g *footprint, s *seen) {
	f := &m.stack[i]
	if f.wait.kind == pendJoin {
		for j := range m.stack[:i] {
			e := &m.stack[j]
			s.join(&e.seen, x.ntasks)
			s[e.choice] = max(s[e.choice], at(j+1, len(e.foots[e.choice].acc)))
		}
		s[0] = max(s[0], at(0, len(m.root.acc)))
		return
	}
	m.unorderedFirst(x, i, q, g, s)
	m.unorderedTail(x, i, q, g, s)
}

// unorderedFirst compares the visible accesses of block i, which see what they
// conflict with, with all before it.
func (m *dpor) unorderedFirst(x *X, i, q int, g *footprint, s *seen) {
	now := *s
	firstR, firstW := g.rd, g.wr
	if len(g.acc) == 0 || !g.acc[0].first {
		firstR, firstW = 0, 0
	}
	for j := i - 1; j >= -1; j-- {
		h := m.event(j)
		p := h.task
		if p == q || s[p] >= at(j+1, h.n) || h.wr&(firstR|firstW)|h.rd&firstW == 0 {
			continue
		}
		// A lock taken behind a scheduling point is not ordered by its own release,
		// so only where nothing was done behind one may what this block sees count.
		if h.tailR|h.tailW == 0 && now[p] >= at(j+1, h.n) {
			continue
		}
		for k := h.n - 1; k >= 0; k-- {
			c := &h.foot.acc[k]
			if s[p] > at(j+1, k) {
				break
			}
			for l := range g.acc {
				b := &g.acc[l]
				if !b.first {
					break
				}
				if !conflict(c, b) {
					continue
				}
				if !c.first && !(isRelease(c.kind) && isAcquire(b.kind)) {
					x.makeVisible(c)
					x.makeVisible(b)
				}
				if j >= 0 {
					now.join(&m.stack[j].seen, x.ntasks)
				}
				now[p] = max(now[p], at(j+1, k+1))
			}
		}
	}
	*s = now
}

// unorderedTail compares what block i did behind its scheduling point with all
// before it.
func (m *dpor) unorderedTail(x *X, i, q int, g *footprint, s *seen) {
	for j := i - 1; j >= -1; j-- {
		h := m.event(j)
		p := h.task
		if p == q || s[p] >= at(j+1, h.n) || h.wr&(g.tailR|g.tailW)|h.rd&g.tailW == 0 {
			continue
		}
		for k := range h.foot.acc {
			c := &h.foot.acc[k]
			if s[p] > at(j+1, k) {
				continue
			}
			for l := range g.acc {
				b := &g.acc[l]
				if !b.first && conflict(c, b) && !(isRelease(c.kind) && isAcquire(b.kind)) {
					x.makeVisible(c)
					x.makeVisible(b)
				}
			}
		}
	}
}

func touch(f, g *footprint) bool { return f.wr&(g.rd|g.wr) != 0 || f.rd&g.wr != 0 }
