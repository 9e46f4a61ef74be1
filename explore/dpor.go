package explore

import "math/bits"

// dpor is optimal dynamic partial-order reduction: source sets with wakeup trees
// (Abdulla, Aronsson, Jonsson and Sagonas, "Optimal dynamic partial order
// reduction", POPL 2014; "Source sets", JACM 2017), over blocks. It visits each
// Mazurkiewicz trace once and remembers only the current execution and what is
// still to do along it.
type dpor struct {
	stack    []dframe
	events   []event // of stack, what is looked at most often
	fresh    int
	pending  bool
	started  bool
	plan     []int8
	root     footprint // what the root did before the first choice
	before   event     // the same
	free     *wnode    // nodes to use again
	seq      []wstep
	found    []reversal
	waiting  [MaxTasks]footprint // of the tasks that the execution left waiting
	restarts int
	blocked  int64 // executions that a sleep set cut short
}

// dframe is one choice: the state before it and the event after it.
type dframe struct {
	sleep  uint32
	foots  [MaxTasks]footprint // of the tasks in sleep, and of choice: the event
	tree   *wnode              // what to explore from here, the current choice first
	choice int
	wait   pending // of the event, if it waited for a value
	seen   seen    // of the event
	clock  clock   // of the event: of each task, how many choices of the stack come before, that one included
}

// event is what a choice led to.
type event struct {
	task  int
	foot  *footprint
	n     int // accesses
	rd    uint64
	wr    uint64
	tailR uint64
	tailW uint64
}

func (e *event) set(task int, f *footprint) {
	*e = event{task, f, len(f.acc), f.rd, f.wr, f.tailR, f.tailW}
}

type clock [MaxTasks]int32

func (c *clock) join(d *clock, n int) {
	for i := range n {
		if d[i] > c[i] {
			c[i] = d[i]
		}
	}
}

// wnode is a node of a wakeup tree: a step of a task, what follows it, and what
// to try after that.
type wnode struct {
	task  int
	foot  footprint
	child *wnode
	next  *wnode
}

// wstep is a step of a sequence to be inserted.
type wstep struct {
	task int
	foot *footprint
}

func (m *dpor) node(task int, foot *footprint) *wnode {
	n := m.free
	if n == nil {
		n = &wnode{}
	} else {
		m.free = n.next
	}
	n.task, n.child, n.next = task, nil, nil
	if foot == nil {
		n.foot.reset()
	} else {
		foot.copyTo(&n.foot)
	}
	return n
}

func (m *dpor) release(n *wnode) {
	for n != nil {
		m.release(n.child)
		next := n.next
		n.child, n.next, m.free = nil, m.free, n
		n = next
	}
}

func (m *dpor) Next(x *X) bool {
	if !m.started {
		m.started = true
		x.nohash, x.nosolo = true, true
		return true
	}
	if m.pending {
		m.endBlock(x)
	}
	m.hidden(x)
	if len(x.refine) == 0 {
		m.reverse(x)
	}
	if len(x.refine) > 0 || x.moved {
		x.moved, x.restarted = false, true
		m.restarts++
		for i := range m.stack {
			m.release(m.stack[i].tree)
			m.stack[i].tree = nil
		}
		m.stack, m.fresh = m.stack[:0], 0
		x.plan, x.fast = m.plan[:0], false
		return true
	}
	for len(m.stack) > 0 {
		d := len(m.stack) - 1
		f := &m.stack[d]
		done := f.tree
		f.tree = done.next
		done.next = nil
		m.release(done)
		f.sleep |= 1 << f.choice
		if f.tree != nil {
			m.fresh = d
			m.plan = m.plan[:0]
			for i := range m.stack[:d] {
				m.plan = append(m.plan, int8(m.stack[i].choice))
			}
			x.plan, x.fast = m.plan, true
			return true
		}
		m.stack = m.stack[:d]
	}
	return false
}

func (m *dpor) Choose(x *X, s *State) int {
	d := x.pos
	if x.fast {
		x.fast = false
		return m.take(x, s, d, true)
	}
	if m.pending && d > 0 {
		m.endBlock(x)
	}
	if len(x.refine) > 0 || x.moved {
		m.pending = false
		return -1 // it will start again
	}
	if cap(m.stack) > d {
		m.stack = m.stack[:d+1]
	} else {
		m.stack = append(m.stack[:d], dframe{})
	}
	if len(m.events) <= d {
		m.events = append(m.events, event{})
	}
	f := &m.stack[d]
	f.sleep, f.tree = 0, nil
	if d == 0 {
		x.tasks[0].foot.copyTo(&m.root)
		m.before.set(0, &m.root)
	} else {
		p := &m.stack[d-1]
		f.tree = p.tree.child
		p.tree.child = nil
		for r := p.sleep; r != 0; r &= r - 1 {
			q := bits.TrailingZeros32(r)
			if x.commute(p.choice, q) && !dependent(&p.foots[p.choice], &p.foots[q]) {
				f.sleep |= 1 << q
				p.foots[q].copyTo(&f.foots[q])
			}
		}
	}
	return m.take(x, s, d, false)
}

// take goes on with the first task of the wakeup tree at depth d, or with any
// that is awake.
func (m *dpor) take(x *X, s *State, d int, again bool) int {
	f := &m.stack[d]
	for f.tree != nil && s.Enabled>>f.tree.task&1 == 0 {
		// A sequence that no execution follows: readers that were to let go first
		// have not.
		n := f.tree
		f.tree, n.next = n.next, nil
		m.release(n)
	}
	if f.tree == nil {
		todo := s.Enabled &^ f.sleep
		if todo == 0 || again {
			m.blocked++
			m.stack = m.stack[:d]
			m.pending = false
			return -1
		}
		c := bits.TrailingZeros32(todo)
		if todo>>x.cur.id&1 != 0 {
			c = x.cur.id
		}
		f.tree = m.node(c, nil)
	}
	f.choice = f.tree.task
	f.wait = x.tasks[f.choice].pend
	if k := f.wait.kind; k == pendRetry || k == pendBusy {
		x.refused = "retry"
	}
	if x.ordered {
		x.refused = "priorities"
	}
	m.pending = true
	return f.choice
}

// endBlock looks at the block that the last choice led to.
func (m *dpor) endBlock(x *X) {
	m.pending = false
	d := len(m.stack) - 1
	f := &m.stack[d]
	t := x.tasks[f.choice]
	g := &f.foots[f.choice]
	t.foot.copyTo(g)
	m.events[d].set(f.choice, g)
}

// reversal is a race: event i, by task q, could have come before event j.
type reversal struct {
	i, j, q int
	foot    *footprint
}

// reverse finds the races of the execution that has ended and puts the reversal
// of each into the wakeup tree where it has to begin, unless it was explored.
func (m *dpor) reverse(x *X) {
	n := len(m.stack)
	m.found = m.found[:0]
	var last, starts [MaxTasks]int // index+1 of each task's last event, and of the one that started it
	for i := range n {
		q, foot := m.events[i].task, m.events[i].foot
		if i >= m.fresh {
			f := &m.stack[i]
			m.racesOf(x, i, q, foot, &f.wait, &f.clock, last[q], starts[q])
			f.clock[q] = int32(i) + 1
		}
		last[q] = i + 1
		if foot.spawns == 0 {
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
		p := &t.pend
		if p.kind == pendRetry || p.kind == pendBusy {
			x.refused = "retry"
		}
		if p.obj == nil || x.enabled(t) {
			continue
		}
		foot := &m.waiting[t.id]
		foot.reset()
		foot.add(p.obj, p.obj, p.access, true)
		var c clock
		m.racesOf(x, n, t.id, foot, p, &c, last[t.id], starts[t.id])
	}
	for i := range m.found {
		m.dataRace(x, &m.found[i])
		m.insert(x, &m.found[i])
	}
}

// dataRace reports a race between plain accesses.
func (m *dpor) dataRace(x *X, r *reversal) {
	e := &m.stack[r.j]
	g := &e.foots[e.choice]
	if len(g.acc) == 0 || len(r.foot.acc) == 0 {
		return
	}
	a, b := &g.acc[0], &r.foot.acc[0]
	if a.o.isPlain() && a.first && b.first && conflict(a, b) {
		x.raced(a.o, x.tasks[e.choice], a.kind, x.tasks[r.q], b.kind)
	}
}

// racesOf computes the clock of event i, by task q, and the events it races with:
// those that come directly before it for no other reason than that the two are
// dependent. A waiting event races with the latest one before which it could
// have gone on.
func (m *dpor) racesOf(x *X, i, q int, foot *footprint, wait *pending, c *clock, prev, start int) {
	*c = clock{}
	if prev > 0 {
		*c = m.stack[prev-1].clock
	} else if start > 0 {
		*c = m.stack[start-1].clock
	}
	if wait.kind == pendJoin {
		for j := range m.stack[:i] {
			c.join(&m.stack[j].clock, x.ntasks)
		}
		return
	}
	waits := wait.mask != 0
	var free clock // without the events that cannot be reversed
	if waits {
		free = *c
	}
	for j := i - 1; j >= 0; j-- {
		ev := &m.events[j]
		seen := c[ev.task] > int32(j)
		if seen && (!waits || free[ev.task] > int32(j)) || ev.task == q {
			continue
		}
		if ev.wr&(foot.rd|foot.wr)|ev.rd&foot.wr == 0 && !x.ordered {
			continue
		}
		if x.commute(ev.task, q) && !dependent(ev.foot, foot) {
			continue
		}
		e := &m.stack[j]
		if waits && !m.couldGo(i, j, wait) {
			if !isAcquire(wait.access) {
				x.thereAndBack(wait.obj, &e.foots[e.choice])
			}
			c.join(&e.clock, x.ntasks)
			continue
		}
		m.found = append(m.found, reversal{i, j, q, foot})
		c.join(&e.clock, x.ntasks)
		if waits {
			free.join(&e.clock, x.ntasks)
		}
	}
}

// couldGo says whether an event that waits could go on when all that does not
// come after event j has happened, up to event i.
func (m *dpor) couldGo(i, j int, wait *pending) bool {
	val, known := uint64(0), false
	foot := m.events[j].foot
	for k := range foot.acc {
		if a := &foot.acc[k]; a.o == wait.obj && a.kind != kindSpawn {
			val, known = a.before, true
			break
		}
	}
	if !known {
		return false // it conflicts with what comes behind the wait, which something else orders
	}
	t := m.events[j].task
	bit := uint64(1) << (uint32(wait.obj.idx) & 63)
	for l := j + 1; l < i; l++ {
		if m.events[l].wr&bit == 0 || m.stack[l].clock[t] > int32(j) {
			continue
		}
		f := m.events[l].foot
		for k := range f.acc {
			if a := &f.acc[k]; a.o == wait.obj {
				val += a.delta
			}
		}
	}
	return val&wait.mask == wait.want
}

// insert puts the reversal of a race into the wakeup tree where the earlier event
// was chosen.
func (m *dpor) insert(x *X, r *reversal) {
	f := &m.stack[r.j]
	w := m.seq[:0]
	for l := r.j + 1; l < len(m.stack); l++ {
		e := &m.stack[l]
		if l != r.i && e.clock[f.choice] <= int32(r.j) {
			w = append(w, wstep{e.choice, &e.foots[e.choice]})
		}
	}
	w = append(w, wstep{r.q, r.foot})
	m.seq = w
	for z := f.sleep; z != 0; z &= z - 1 {
		s := bits.TrailingZeros32(z)
		if k := x.weakInitial(s, &f.foots[s], w); k >= -1 {
			return
		}
	}
	at := &f.tree
	if at != nil && *at != nil {
		at = &(*at).next // the current choice is the event itself, which w does not begin with
	}
	for {
		n := *at
		for ; n != nil; n = n.next {
			k := x.weakInitial(n.task, &n.foot, w)
			if k == -2 {
				continue
			}
			if k >= 0 {
				w = append(w[:k], w[k+1:]...)
			}
			break
		}
		if n == nil {
			break
		}
		if n.child == nil {
			return // a leaf: what it leads to covers w
		}
		if len(w) == 0 {
			return
		}
		at = &n.child
	}
	for *at != nil {
		at = &(*at).next
	}
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

// done estimates how much of the search is behind, from what is known to be left
// along the current execution. Races yet to be found make it say too much.
func (m *dpor) done() float64 {
	sum, weight := 0.0, 1.0
	for i := range m.stack {
		f := &m.stack[i]
		past := bits.OnesCount32(f.sleep)
		left := 0
		for n := f.tree; n != nil; n = n.next {
			left++
		}
		weight /= float64(max(past+left, 1))
		sum += weight * float64(past)
	}
	return sum
}
