package explore

import (
	"cmp"
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"
)

// rng is splitmix64: the same on every machine.
type rng uint64

func (r *rng) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	return mix(uint64(*r), 0)
}

func (r *rng) intn(n int) int { return int(r.next() % uint64(n)) }

// lots gives out the numbers of samples. What is random in a sample is a function of the
// seed and of its number, so it does not matter which worker makes it.
type lots struct {
	seed  uint64
	limit int64 // 0: none
	taken atomic.Int64
}

// draw is false if there are no more.
func (l *lots) draw(r *rng) bool {
	i := l.taken.Add(1)
	*r = rng(mix(l.seed, uint64(i)))
	return l.limit == 0 || i <= l.limit
}

// walk chooses at random at every operation.
type walk struct {
	lots *lots
	rng  rng
}

func (w *walk) Next(x *X) bool { return w.lots.draw(&w.rng) }

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
	lots    *lots
	rng     rng
	depth   int
	prio    [MaxTasks]int
	changes []int
	length  int // operations of an execution, about
}

func (p *pct) Next(x *X) bool {
	if !p.lots.draw(&p.rng) {
		return false
	}
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

// sampler makes the strategy of a worker. How long an execution is PCT learns from one
// that counts nowhere.
func (x *X) sampler(prog func(*X), o *Options, l *lots) strategy {
	x.nohash, x.names.alone = true, true
	if o.Search == Random {
		return &walk{lots: l}
	}
	p := &pct{lots: l, depth: o.Depth}
	if p.depth == 0 {
		p.depth = 3
	}
	sink := x.sink
	x.strat, x.sink = &walk{rng: rng(o.Seed)}, nil
	x.drive(prog)
	x.sink, p.length = sink, max(x.ops, 1)
	return p
}

// sample runs executions of a strategy that never ends by itself.
func (x *X) sample(prog func(*X), o Options) *Result {
	if o.MaxExecutions == 0 && o.Budget == 0 && o.Stop == nil {
		o.MaxExecutions = 10000
	}
	l := &lots{seed: o.Seed, limit: o.MaxExecutions}
	o.MaxExecutions = 0
	run := func(x *X, prog func(*X), o Options) {
		x.strat = x.sampler(prog, &o, l)
		x.sink.res.Cut = cmp.Or(x.search(prog, &o, func() {}), "executions")
	}
	var others sync.WaitGroup
	var stop atomic.Bool
	var crash atomic.Value
	xs := []*X{x}
	for len(xs) < o.Workers && o.room() {
		w := newX(o)
		xs = append(xs, w)
		prog := prog
		if o.Clone != nil {
			prog = o.Clone()
		}
		o := o
		o.Progress, o.Stop = nil, stop.Load
		others.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					crash.Store(fmt.Sprint(r))
				}
			}()
			run(w, prog, o)
		})
	}
	if show := o.Progress; show != nil && len(xs) > 1 {
		o.Progress = func(r *Result) {
			all := *r
			all.Executions = l.taken.Load() // those that are under way included
			show(&all)
		}
	}
	run(x, prog, o)
	if c := x.sink.res.Cut; c != "executions" && c != "events" {
		stop.Store(true)
	}
	others.Wait()
	if r := crash.Load(); r != nil {
		panic(r)
	}
	for _, w := range xs[1:] {
		x.gather(w)
		w.Close()
		o.leave()
	}
	return x.sink.res
}

// gather adds what w has sampled.
func (x *X) gather(w *X) {
	to, from := x.sink.res, w.sink.res
	to.Executions += from.Executions
	to.Events += from.Events
	if from.Cut == "events" && to.Cut == "executions" {
		to.Cut = from.Cut
	}
	for i := range from.Violations {
		x.sink.add(&from.Violations[i], w.sink.cost[from.Violations[i].Property])
	}
	for _, e := range w.order.edges {
		x.order.add(e)
	}
	to.Inversions = x.order.found
}
