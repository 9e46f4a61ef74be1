package explore

import "math/bits"

// scout runs executions at random near the beginning of a search, to find out
// what has to be visible: a restart costs nothing then, and nearly everything late
// in a search. It ends when a number of executions in a row have shown nothing new,
// and the search begins again. What it misses the search finds itself. Most small
// searches are over before it is due.
type scout struct {
	rng    rng
	after  int // executions until it is due
	runs   int // so far
	quiet  int // in a row, without anything new
	choice bool
}

const (
	scoutAfter = 64
	scoutRuns  = 400
	scoutQuiet = 48
)

// due is asked before each execution.
func (s *scout) due() bool {
	s.after--
	return s.after < 0
}

// nextScout prepares the next execution at random; false ends the scouting.
func (m *merge) nextScout(x *X) bool {
	s := m.scout
	if m.pending {
		m.endBlock(x)
	}
	if s.runs == 0 {
		// What the search has done so far is void. What it has made visible may be
		// more than need be: it looks at neighbouring executions.
		m.seen.reset()
		m.walked.reset()
		m.cuts = 0
		x.moved = false
		for _, o := range x.list {
			o.mode = x.visible
		}
	} else {
		if len(x.refine) > 0 || x.moved {
			s.quiet = 0
		} else {
			s.quiet++
		}
		x.moved = false
	}
	m.stack, m.keys, m.pending = m.stack[:0], m.keys[:0], false
	x.plan, x.fast = nil, false
	if s.runs > 0 && !s.choice || s.runs == scoutRuns || s.quiet == scoutQuiet {
		x.restarted = s.runs > 0
		return false
	}
	s.runs++
	return true
}

// scoutChoice chooses at random.
func (m *merge) scoutChoice(x *X, enabled uint32) int {
	if m.pending && x.pos > 0 {
		m.endBlock(x)
	}
	m.pending = true
	f := m.push(x, x.pos)
	f.sleep, f.todo = 0, enabled
	n := bits.OnesCount32(enabled)
	if n > 1 {
		m.scout.choice = true
	}
	// Every other run switches seldom: what takes a task far ahead shows there.
	stay := m.scout.runs%2 == 0 && m.scout.rng.intn(8) != 0
	if c := x.cur.id; stay && enabled>>c&1 != 0 {
		f.choice = c
		return c
	}
	e := enabled
	for range m.scout.rng.intn(n) {
		e &= e - 1
	}
	f.choice = bits.TrailingZeros32(e)
	return f.choice
}
