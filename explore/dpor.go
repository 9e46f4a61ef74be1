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
	fresh    int     // the first choice of this execution that is made anew
	looked   int     // events before this one have seen
	pending  bool
	started  bool
	strict   bool // refuse Atomically
	plan     []int8
	root     footprint // what the root did before the first choice
	before   event     // the same
	free     *wnode    // nodes to use again
	seq      []wstep
	found    []reversal
	groups   groups
	other    footprint           // of the later event of a race that is reversed
	waiting  [MaxTasks]footprint // of the tasks that the execution left waiting
	until    []until             // what one of them waits for
	restarts int
	blocked  int64 // executions that a sleep set cut short

	pool    *pool // whose part this is; nil: it is alone
	x       *X
	base    int      // races between events before this one are another worker's
	target  *sframe  // the next execution goes there …
	loading []*wnode // … by these branches, the last one first
}

// dframe is one choice: the state before it and the event after it.
type dframe struct {
	sleep  uint32
	foots  [MaxTasks]footprint // of the tasks in sleep, and of choice: the event
	tree   *wnode              // what to explore from here, the current choice first
	choice int
	wait   pending // of the event
	until  []until // what the event waited for, if it did: one of these
	seen   seen    // of the event
	shared *sframe // what other workers know of sleep and tree; nil: they need not
	mine   *wnode  // shared: the branch that this worker is at; tree is nil
	clock  clock   // of the event: of each task, how many choices of the stack come before, that one included
}

// event is what a choice led to.
type event struct {
	task  int
	foot  *footprint
	spawn bool
	n     int // accesses
	rd    uint64
	wr    uint64
	tailR uint64
	tailW uint64
}

func (e *event) set(task int, f *footprint) {
	e.task, e.foot, e.spawn, e.n = task, f, f.spawns > 0, len(f.acc)
	e.rd, e.wr, e.tailR, e.tailW = f.rd, f.wr, f.tailR, f.tailW
}

type clock [MaxTasks]int32

func (c *clock) join(d *clock, n int) {
	for i := range n {
		if d[i] > c[i] {
			c[i] = d[i]
		}
	}
}

func (c *clock) meet(d *clock, n int) {
	for i := range n {
		if d[i] < c[i] {
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

	// Of a branch of a frame that workers share; see sframe.go.
	home   *X      // whose objects the footprint has
	behind *sframe // the frame that it leads to, if that is shared
	taken  bool    // a worker has taken it up
	idle   bool    // … and has not begun
	leaf   bool    // nothing was to be followed behind it
	away   bool    // another process has it as a piece; see piece.go
	done   bool
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
	*n = wnode{task: task, foot: n.foot}
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
	if len(x.refine) > 0 || x.moved || x.restarted {
		x.moved, x.restarted = false, true
		m.restarts++
		x.forgetUsage()
		for i := range m.stack {
			m.release(m.stack[i].tree)
			m.stack[i].tree = nil
		}
		m.stack, m.fresh, m.blocked = m.stack[:0], 0, 0
		x.plan, x.fast = m.plan[:0], false
		return true
	}
	for len(m.stack) > 0 {
		d := len(m.stack) - 1
		if m.nextHere(x, d) {
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

// nextHere goes on to the next branch at depth d.
func (m *dpor) nextHere(x *X, d int) bool {
	f := &m.stack[d]
	if f.shared != nil {
		m.base = min(m.base, d)
		return m.leave(x, f) != nil
	}
	done := f.tree
	f.tree = done.next
	done.next = nil
	m.release(done)
	f.sleep |= 1 << f.choice
	return f.tree != nil
}

func (m *dpor) Choose(x *X, s *state) int {
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
	f.sleep, f.tree, f.shared, f.mine = 0, nil, nil, nil
	if d == 0 {
		x.tasks[0].foot.copyTo(&m.root)
		m.before.set(0, &m.root)
	}
	if len(m.loading) > 0 {
		m.loadFrame(x, f, d)
		if (len(m.loading) > 0 || f.shared.apart) && s.Enabled>>f.mine.task&1 == 0 {
			x.refused = unrepeatable
		}
		return m.take(x, s, d, true)
	}
	if d > 0 {
		p := &m.stack[d-1]
		for r := p.sleep; r != 0; r &= r - 1 {
			q := bits.TrailingZeros32(r)
			if x.commute(p.choice, q) && !dependent(&p.foots[p.choice], &p.foots[q]) {
				f.sleep |= 1 << q
				p.foots[q].copyTo(&f.foots[q])
			}
		}
		if n := p.branch(); !m.follow(x, f, p, s.Enabled) {
			f.tree, n.child = n.child, nil
		}
	}
	return m.take(x, s, d, false)
}

// take goes on with the first task of the wakeup tree at depth d, or with any
// that is awake.
func (m *dpor) take(x *X, s *state, d int, again bool) int {
	f := &m.stack[d]
	if f.shared != nil {
		if f.choice = m.takeShared(x, s, d, again); f.choice < 0 {
			return -1
		}
		return m.taken(x, f)
	}
	for f.tree != nil && s.Enabled>>f.tree.task&1 == 0 {
		// A sequence that no execution follows: readers that were to let go first
		// have not.
		n := f.tree
		f.tree, n.next = n.next, nil
		m.release(n)
	}
	if f.tree == nil {
		c := m.awake(x, s, d, again)
		if c < 0 {
			return -1
		}
		f.tree = m.node(c, nil)
	}
	f.choice = f.tree.task
	return m.taken(x, f)
}

// awake returns a task that does not sleep at depth d, the current one if it can;
// -1 cuts the execution.
func (m *dpor) awake(x *X, s *state, d int, again bool) int {
	todo := s.Enabled &^ m.stack[d].sleep
	if todo == 0 || again {
		m.blocked++
		m.stack = m.stack[:d]
		m.pending = false
		return -1
	}
	if todo>>x.cur.id&1 != 0 {
		return x.cur.id
	}
	return bits.TrailingZeros32(todo)
}

// taken notes what the choice at f does, and whether it can be reversed.
func (m *dpor) taken(x *X, f *dframe) int {
	t := x.tasks[f.choice]
	f.wait, f.until = t.pend, t.waitsFor(f.until[:0])
	switch {
	case x.ordered:
		x.refused = "priorities"
	case m.strict && len(x.classes) > 0:
		x.refused = "atomically"
	case m.strict && x.drops:
		x.refused = "drop"
	}
	m.pending = true
	return f.choice
}

// branch is the branch that the worker is at.
func (f *dframe) branch() *wnode {
	if f.shared != nil {
		return f.mine
	}
	return f.tree
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
	if f.shared != nil {
		m.begun(x, f)
	}
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
		if f.shared != nil {
			left = f.shared.left()
		}
		weight /= float64(max(past+left, 1))
		sum += weight * float64(past)
	}
	return sum
}
