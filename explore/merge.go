package explore

import "math/bits"

// merge is a depth-first search that never explores a state twice: sleep sets
// with state matching (Godefroid, "Partial-Order Methods for the Verification of
// Concurrent Systems", 1996, section 5.2), over blocks. A block is a visible
// operation and the invisible ones behind it. Which objects are visible is found
// by the search itself: it starts with none; when two tasks' next blocks from
// one state touch an object in an order that matters and no scheduling point
// stands between, the object becomes visible and the search starts again.
// A search that ends without such a pair has covered every interleaving: take
// the shortest execution in which two invisible accesses conflict; all before
// it commutes into blocks, so the search came to the state in which both blocks
// are next, and compared them there.
type merge struct {
	stack    []mframe
	fresh    int // depth of the first choice that this execution makes anew
	seen     map[hash128]uint16
	restart  bool
	started  bool
	nomerge  bool
	restarts int
	cuts     int64
}

type mframe struct {
	todo   uint32 // still to be explored from here
	sleep  uint32 // asleep, or explored already
	choice int
	foots  [MaxTasks][]access // blocks from here, of the tasks in sleep and of choice
}

func newMerge() *merge { return &merge{seen: map[hash128]uint16{}} }

func (m *merge) Next(x *X) bool {
	if !m.started {
		m.started = true
		return true
	}
	if m.restart || len(x.refine) > 0 {
		m.restart = false
		m.restarts++
		x.applyRefinements()
		clear(m.seen)
		m.stack = m.stack[:0]
		m.fresh = 0
		return true
	}
	m.saveFoot(x)
	for len(m.stack) > 0 {
		f := &m.stack[len(m.stack)-1]
		f.sleep |= 1 << f.choice
		f.todo &^= 1 << f.choice
		if f.todo != 0 {
			f.choice = bits.TrailingZeros32(f.todo)
			m.fresh = len(m.stack) - 1
			return true
		}
		m.stack = m.stack[:len(m.stack)-1]
	}
	return false
}

// saveFoot keeps the footprint of the block that ended, if it ran from a choice
// made anew.
func (m *merge) saveFoot(x *X) {
	d := x.state.Depth - 1
	if d < m.fresh || d >= len(m.stack) {
		return
	}
	f := &m.stack[d]
	f.foots[f.choice] = append(f.foots[f.choice][:0], x.tasks[f.choice].foot...)
}

func (m *merge) Choose(x *X, s *State) int {
	if x.ntasks == 1 {
		return 0
	}
	d := s.Depth
	if d <= m.fresh && d < len(m.stack) {
		s.Depth++
		return m.stack[d].choice
	}
	m.saveFoot(x)
	sleep, ok := m.push(x, d)
	if !ok {
		m.restart = true
		return -1
	}
	f := &m.stack[d]
	f.todo = s.Enabled &^ sleep
	if !m.nomerge {
		m.match(x, f, &sleep)
	}
	f.sleep = sleep
	if f.todo == 0 {
		m.cuts++
		m.stack = m.stack[:d]
		return -1
	}
	f.choice = bits.TrailingZeros32(f.todo)
	if c := x.cur.id; f.todo&(1<<c) != 0 {
		f.choice = c
	}
	s.Depth++
	m.fresh = d
	return f.choice
}

// push makes the frame for depth d and works out who sleeps there: who slept, or
// was explored, one choice earlier and commutes with the block between.
func (m *merge) push(x *X, d int) (uint32, bool) {
	if cap(m.stack) > d {
		m.stack = m.stack[:d+1]
	} else {
		m.stack = append(m.stack[:d], mframe{})
	}
	if d == 0 {
		return 0, true
	}
	p, f := &m.stack[d-1], &m.stack[d]
	var sleep uint32
	for r := p.sleep &^ (1 << p.choice); r != 0; r &= r - 1 {
		q := bits.TrailingZeros32(r)
		switch x.compare(p.foots[p.choice], p.foots[q]) {
		case race:
			return 0, false
		case commute:
			sleep |= 1 << q
			f.foots[q] = append(f.foots[q][:0], p.foots[q]...)
		}
	}
	return sleep, true
}

// match looks the state up. A state that was explored with fewer tasks asleep
// has nothing left; otherwise only what slept then and does not now is explored.
func (m *merge) match(x *X, f *mframe, sleep *uint32) {
	key := x.stateHash()
	old, ok := m.seen[key]
	if !ok {
		m.seen[key] = uint16(*sleep)
		return
	}
	f.todo &= uint32(old)
	*sleep &= uint32(old)
	m.seen[key] = uint16(*sleep)
}

func (m *merge) Complete() bool { return true }
