package explore

import "math/bits"

// bounded looks at the executions with at most bound preemptions: switches away
// from a task that could have gone on (Musuvathi and Qadeer, "Iterative context
// bounding for systematic testing of multithreaded programs", PLDI 2007). A state
// is explored again when it is reached with more preemptions left. Sleep sets do
// not go together with a bound, so there are none.
type bounded struct {
	merge
	bound   int
	limited bool // the bound kept something out
}

func newBounded(bound int, limit int64) *bounded {
	b := &bounded{bound: bound}
	b.nosleep = true
	b.seen.limit = limit
	return b
}

// deepen allows more preemptions, from the start.
func (b *bounded) deepen() {
	b.bound++
	b.limited = false
	b.started = false
	b.seen.reset()
	b.stack, b.keys, b.plan = b.stack[:0], b.keys[:0], b.plan[:0]
}

func (b *bounded) Next(x *X) bool {
	if !b.started {
		x.plan, x.fast = nil, false
	}
	return b.merge.Next(x)
}

func (b *bounded) Choose(x *X, s *state) int {
	d := x.pos
	if x.fast {
		b.restore(x, d)
		b.pending = true
		return b.stack[d].choice
	}
	if b.pending && d > 0 {
		b.endBlock(x)
	}
	b.pending = true
	f := b.push(x, d)
	f.sleep = 0
	f.cur, f.enabled = x.cur.id, s.Enabled
	f.used = 0
	if d > 0 {
		p := &b.stack[d-1]
		f.used = p.used
		if p.choice != p.cur && p.enabled>>p.cur&1 != 0 {
			f.used++
		}
	}
	f.todo = s.Enabled
	own := s.Enabled & (1 << f.cur)
	if own != 0 && f.used >= b.bound {
		b.limited = b.limited || f.todo != own
		f.todo = own
	}
	f.width = bits.OnesCount32(f.todo)
	if !b.better(x, f) {
		b.stack, b.keys = b.stack[:d], b.keys[:d]
		b.pending = false
		return -1
	}
	f.choice = bits.TrailingZeros32(f.todo)
	if own != 0 {
		f.choice = f.cur
	}
	return f.choice
}

// better says whether the state has not been explored with as many preemptions
// left.
func (b *bounded) better(x *X, f *mframe) bool {
	key := x.stateHash()
	key.a ^= mix(uint64(f.cur), 77)
	left := uint32(b.bound-f.used) + 1
	s := b.seen.lookup(key)
	switch {
	case s == nil:
		return true
	case s.used == 0:
		s.used, s.sleep = 1, left
		return true
	case s.sleep < left:
		s.sleep = left
		return true
	}
	b.cuts++
	return false
}

// Minimise finds the simplest execution that breaks the property: fewest
// preemptions, then fewest switches, then shortest. It looks no longer than
// Options.Budget, 2 seconds if that is 0, and returns nil if it found none.
func Minimise(prog func(*X), property string, o Options) *Violation {
	if o.Budget == 0 {
		o.Budget = 2e9
	}
	o.Bounded, o.Preemptions, o.until = true, MaxTasks*8, property
	r := Run(prog, o)
	for i := range r.Violations {
		if r.Violations[i].Property == property {
			return &r.Violations[i]
		}
	}
	return nil
}
