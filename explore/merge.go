package explore

import "math/bits"

// merge is a depth-first search that never explores a state twice: sleep sets
// with state matching (Godefroid, "Partial-Order Methods for the Verification of
// Concurrent Systems", 1996, section 5.2), over blocks; see doc.go for what a
// block is and why blocks are enough.
type merge struct {
	stack    []mframe
	keys     []hash128 // the states of stack
	walked   transitions
	fresh    int       // the choice of this execution that is made anew
	pending  bool      // the block of the last choice has not been looked at
	root     footprint // what the root did before the first choice
	seen     table
	plan     []int8
	limit    int64 // bytes of walked
	nomerge  bool
	nosleep  bool
	started  bool
	restarts int
	cuts     int64
	scout    *scout

	pool    *pool               // whose part this is; nil: it is alone
	base    int                 // frames below belong to others
	loading *work               // the next execution goes to it
	probed  [MaxTasks]footprint // of who sleeps there
}

// mframe is one choice of the current execution and the state before it.
type mframe struct {
	todo, sleep uint32 // still to be explored from here; asleep, or explored already
	choice      int
	width       int                 // choices there were
	cur         int                 // bounded: whose block led here
	enabled     uint32              // bounded
	used        int                 // bounded: preemptions so far
	node        int32               // graph
	hash        hash128             // of the shared state
	table       uint64              // value of the task table
	before      knowledge           // of the task whose block led here
	foots       [MaxTasks]footprint // blocks from here, of the tasks in sleep and of choice
}

func (m *merge) Next(x *X) bool {
	if m.scout != nil && m.scout.due() {
		if m.nextScout(x) {
			return true
		}
		m.scout, m.started = nil, false
	}
	if !m.started {
		m.started = true
		m.fresh = 0
		return true
	}
	if m.pending {
		m.endBlock(x)
	}
	if len(x.refine) > 0 || x.moved {
		x.moved = false
		x.restarted = true
		m.restarts++
		m.seen.reset()
		m.walked.reset()
		m.cuts = 0
		m.stack, m.keys = m.stack[:0], m.keys[:0]
		m.plan, m.fresh = m.plan[:0], 0
		m.begin(x)
		return true
	}
	for len(m.stack) > m.base {
		d := len(m.stack) - 1
		f := &m.stack[d]
		f.sleep |= 1 << f.choice
		f.todo &^= 1 << f.choice
		if m.nosleep {
			f.sleep = 0
		}
		if f.todo != 0 {
			f.choice = bits.TrailingZeros32(f.todo)
			m.fresh = d
			m.begin(x)
			return true
		}
		m.stack, m.keys = m.stack[:d], m.keys[:d]
	}
	return false
}

// begin prepares the repetition of what comes before the fresh choice.
func (m *merge) begin(x *X) {
	m.plan = m.plan[:0]
	for i := range m.stack[:min(m.fresh, len(m.stack))] {
		m.plan = append(m.plan, int8(m.stack[i].choice))
	}
	x.plan = m.plan
	x.fast = len(m.stack) > 0
}

// restore gives the tasks what they knew before the choice at depth d: while a
// prefix is repeated, nothing is hashed.
func (m *merge) restore(x *X, d int) {
	for i := 0; i <= d; i++ {
		if i == 0 {
			x.tasks[0].know = m.stack[0].before
			x.tasks[0].win = &m.root
			continue
		}
		c := m.stack[i-1].choice
		x.tasks[c].know = m.stack[i].before
		x.tasks[c].win = &m.stack[i-1].foots[c]
	}
	x.join()
	x.hash, x.table.p.val = m.stack[d].hash, m.stack[d].table
	x.fast = false
}

func (m *merge) Choose(x *X, s *state) int {
	if m.scout != nil && m.scout.runs > 0 {
		return m.scoutChoice(x, s.Enabled)
	}
	d := x.pos
	if x.fast {
		m.restore(x, d)
		m.pending = true
		return m.stack[d].choice
	}
	if m.pending && d > 0 {
		m.endBlock(x)
	}
	m.pending = true
	f := m.push(x, d)
	if m.loading != nil {
		return m.loadChoice(x, f, s, d)
	}
	sleep := m.asleep(x, d)
	f.todo = s.Enabled &^ sleep
	if !m.nomerge {
		m.match(x, d, &sleep)
	}
	f.sleep = sleep
	f.width = bits.OnesCount32(f.todo)
	if f.todo == 0 {
		m.cuts++
		m.stack, m.keys = m.stack[:d], m.keys[:d]
		m.pending = false
		return -1
	}
	f.choice = bits.TrailingZeros32(f.todo)
	if c := x.cur.id; f.todo&(1<<c) != 0 {
		f.choice = c
	}
	return f.choice
}

// endBlock looks at the block that the last choice led to: it keeps its
// footprint and finds out what has to become a scheduling point.
func (m *merge) endBlock(x *X) {
	m.pending = false
	f := &m.stack[len(m.stack)-1]
	t := x.tasks[f.choice]
	g := &f.foots[f.choice]
	t.foot.copyTo(g)
	x.races(t)
	t.win = g
}

// push makes the frame for depth d.
func (m *merge) push(x *X, d int) *mframe {
	if cap(m.stack) > d {
		m.stack = m.stack[:d+1]
	} else {
		m.stack = append(m.stack[:d], mframe{})
	}
	m.keys = append(m.keys[:d], hash128{})
	f := &m.stack[d]
	f.hash, f.table = x.hash, x.table.p.val
	f.before = x.tasks[0].know
	if d > 0 {
		f.before = x.tasks[m.stack[d-1].choice].know
	} else {
		x.tasks[0].foot.copyTo(&m.root)
		x.tasks[0].win = &m.root
	}
	return f
}

// asleep works out who sleeps at depth d: who slept, or was explored, one choice
// earlier and commutes with the block between.
func (m *merge) asleep(x *X, d int) uint32 {
	if d == 0 {
		return 0
	}
	p, f := &m.stack[d-1], &m.stack[d]
	var sleep uint32
	for r := p.sleep &^ (1 << p.choice); r != 0; r &= r - 1 {
		q := bits.TrailingZeros32(r)
		if x.commute(p.choice, q) && !dependent(&p.foots[p.choice], &p.foots[q]) {
			sleep |= 1 << q
			p.foots[q].copyTo(&f.foots[q])
		}
	}
	return sleep
}

// match looks the state up. A state that was explored with fewer tasks asleep
// has nothing left; otherwise only what slept then and does not now is explored.
//
// It does not matter in which order several workers come to a state. Let w be
// what may follow a state, none of whose first steps sleeps for a worker that
// comes there. If this worker is the one that takes a first step of w up, let it be
// the first that it does: none of w's others sleeps behind it. If all were taken up
// before, the same holds for who took the last of them up. So the rest of w follows
// from there, and by induction over its length all of w is explored.
func (m *merge) match(x *X, d int, sleep *uint32) {
	key := x.stateHash()
	m.keys[d] = key
	if d > 0 {
		m.walked.add(m.keys[d-1].a, key.a, x.forgets, m.limit)
	}
	t, sh := m.states(key)
	if sh != nil {
		defer sh.mu.Unlock()
	}
	s := t.lookup(key)
	if s == nil {
		return
	}
	if s.used == 0 {
		s.used, s.sleep = 1, *sleep
		if sh != nil {
			m.pool.states.note(sh, s)
		}
		return
	}
	m.stack[d].todo &= s.sleep
	*sleep &= s.sleep
	if sh != nil && s.sleep != *sleep {
		s.sleep = *sleep
		m.pool.states.note(sh, s)
	}
	s.sleep = *sleep
}

// done estimates how much of the search is behind: every choice counts as much
// as its siblings (Knuth, "Estimating the efficiency of backtrack programs",
// 1975). Merging makes later siblings smaller than earlier ones, so it tends to
// say too little.
func (m *merge) done() float64 {
	sum, weight := 0.0, 1.0
	for i := range m.stack {
		f := &m.stack[i]
		if f.width == 0 {
			continue
		}
		weight /= float64(f.width)
		sum += weight * float64(f.width-bits.OnesCount32(f.todo))
	}
	return sum
}
