package explore

import "math/bits"

// rng is splitmix64: the same on every machine.
type rng uint64

func (r *rng) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	return mix(uint64(*r), 0)
}

func (r *rng) intn(n int) int { return int(r.next() % uint64(n)) }

// walk chooses at random at every operation.
type walk struct{ rng rng }

func (w *walk) Next(x *X) bool { return true }

func (w *walk) Choose(x *X, s *state) int {
	n := w.rng.intn(bits.OnesCount32(s.Enabled))
	e := s.Enabled
	for range n {
		e &= e - 1
	}
	return bits.TrailingZeros32(e)
}

// pct runs the task of highest priority; priorities are random and drop at depth-1
// random places (Burckhardt and others, "A randomized scheduler with probabilistic
// guarantees of finding bugs", ASPLOS 2010). With n tasks and k operations it finds a
// bug of depth d with a probability of at least 1/(n*k^(d-1)) in each execution.
type pct struct {
	rng     rng
	depth   int
	prio    [MaxTasks]int
	changes []int
	length  int // operations of the longest execution so far
}

func (p *pct) Next(x *X) bool {
	p.length = max(p.length, x.ops, 1)
	for i := range p.prio {
		p.prio[i] = p.depth + i
	}
	for i := len(p.prio) - 1; i > 0; i-- {
		j := p.rng.intn(i + 1)
		p.prio[i], p.prio[j] = p.prio[j], p.prio[i]
	}
	p.changes = p.changes[:0]
	for range p.depth - 1 {
		p.changes = append(p.changes, p.rng.intn(p.length))
	}
	return true
}

func (p *pct) Choose(x *X, s *state) int {
	for i, at := range p.changes {
		if at == x.ops && s.Enabled>>x.cur.id&1 != 0 {
			p.prio[x.cur.id] = i
		}
	}
	best := -1
	for r := s.Enabled; r != 0; r &= r - 1 {
		c := bits.TrailingZeros32(r)
		if best < 0 || p.prio[c] > p.prio[best] {
			best = c
		}
	}
	return best
}

// sample runs executions of a strategy that never ends by itself.
func (x *X) sample(prog func(*X), o Options, s strategy) *Result {
	if o.MaxExecutions == 0 && o.Budget == 0 && o.Stop == nil {
		o.MaxExecutions = 10000
	}
	x.strat, x.nohash = s, true
	res := x.sink.res
	res.Cut = x.search(prog, &o, func() {})
	return res
}
