package explore

import (
	"cmp"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// pool is a search that several workers share, or that can be written down and
// gone on with later. A worker has an X, a program and a strategy of its own; what
// they share is the table of states (merge) or the frames above the pieces that
// were handed out (dpor), and what has to be visible.
//
// Lock order: mu, then the parts of the table.
type pool struct {
	o      *Options
	states *shards // merge
	new    func(p *pool) part

	attention atomic.Bool  // somebody asks all to halt between two executions
	hungry    atomic.Int32 // workers for whom no work is left
	executed  atomic.Int64

	mu       sync.Mutex
	wake     sync.Cond
	queue    []*work // protected by mu; last in, first out
	workers  []*worker
	idle     int              // workers in take; protected by mu
	halted   int              // workers in halt; protected by mu
	wants    wants            // protected by mu
	turn     int              // how often all have halted; protected by mu
	over     bool             // protected by mu
	cut      string           // protected by mu
	alone    string           // why one worker has to do it after all; protected by mu
	crash    any              // protected by mu
	saved    time.Time        // when the search was written down; protected by mu
	asked    time.Time        // when the caller was told last; protected by mu
	restored bool             // it goes on with an earlier one
	fresh    bool             // what was written down before is void
	unsaved  error            // why it is written down no more
	before   Result           // of earlier runs of this search, and of what was thrown away
	costs    map[string]int   // of before.Violations
	names    map[nameKey]bool // that several objects have
	modes    map[uint64]visibility
	order    lockOrder
	walked   transitions   // merge: of earlier runs, and of pieces that others had
	forgot   bool          // see forgets; of earlier runs
	bound    int           // Bounded: preemptions that are allowed now
	limited  bool          // and earlier runs would have made more
	deepen   func() string // Bounded: why it is not complete, or deeper, for which all is prepared
	pieces   []*work       // to go on with

	// See piece.go.
	piece      string             // what it is a piece of a search by the name of; "": it is a search
	generation int                // how often the search began again
	rerun      bool               // it has to begin again
	away       []string           // pieces of Merge that others have
	root       *sframe            // the first frame of an optimal search that was written down
	results    map[string]*record // what others have come to

	handed  int64          // pieces that a worker took; protected by mu
	others  sync.WaitGroup // the workers but the first
	started time.Time
}

// wants is why all workers have to halt.
type wants struct{ restart, save, show, stop bool }

// part is a strategy that can be handed pieces of work.
type part interface {
	strategy
	load(w *worker, it *work) bool       // makes the next execution the first of it; false: there is none
	split(w *worker) []*work             // gives a part of what is left away
	rest(add func(*work))                // what is left, the first to be done first
	resume(w *worker, its []*work) error // puts what was left into the queue
	forget()                             // throws everything away
	fill(r *Result)
	steps() *transitions // that a merging search has explored
	done() float64       // of its piece, an estimate
}

// aloneExecutions is how many executions a search makes before it becomes a
// pool's: most are over by then, and do the same every time.
const aloneExecutions = 3000

// outgrown says whether a search has become one for a pool.
func (x *X) outgrown(o *Options) func() bool {
	return func() bool {
		res := x.sink.res
		return o.eager || res.Executions >= aloneExecutions || o.Save != nil && res.Events > 2e5
	}
}

// manyNames is why several workers could not tell objects apart.
const manyNames = "several objects that are used in every execution have the same name"

// saveEvery is how often a search is written down.
const saveEvery = 2 * time.Second

func (o *Options) pooled() bool { return o.Workers > 1 || o.Save != nil || len(o.Saved) > 0 }

func newPool(o *Options, x *X, prog func(*X), first part, fresh func(*pool) part) *pool {
	now := time.Now()
	p := &pool{o: o, new: fresh, saved: now, asked: now, started: x.poll.start, costs: map[string]int{},
		names: map[nameKey]bool{}, modes: map[uint64]visibility{}}
	p.wake.L = &p.mu
	p.workers = append(p.workers, &worker{p: p, x: x, prog: prog, part: first})
	return p
}

// run lets all work until nothing is left. begun says that the first worker is in
// the middle of its search.
func (p *pool) run(begun bool) *Result {
	first := p.workers[0]
	maps.Copy(p.names, first.x.names.shared)
	changed := p.agree()
	if first.x.names.irregular {
		p.alone = manyNames
		return nil
	}
	if p.restored && !p.over && !p.rerun {
		if err := first.part.resume(first, p.pieces); err != nil {
			p.cut, p.over = err.Error(), true
		}
		first.unsettled()
	}
	if begun && changed || p.rerun {
		// Its states were called otherwise, or a piece found what makes it begin again.
		p.rerun = false
		p.again()
		begun = false
	} else if !begun && !p.restored {
		p.queue = append(p.queue, &work{share: 1})
	}
	first.it = &work{share: 1}
	p.executed.Add(first.x.sink.res.Executions + first.x.sink.res.Discarded)
	p.mu.Lock()
	p.join()
	p.mu.Unlock()
	if begun {
		first.begun()
	}
	first.guarded()
	p.others.Wait()
	for _, w := range p.workers[1:] {
		w.x.Close()
	}
	if p.crash != nil {
		panic(p.crash)
	}
	r := p.total()
	r.complete()
	return r
}

// join lets workers come as far as there is room for them. mu is held.
func (p *pool) join() {
	for !p.over && len(p.workers) < p.o.Workers && p.o.room() {
		w := &worker{p: p, x: newX(*p.o), part: p.new(p), prog: p.workers[0].prog}
		if p.o.Clone != nil {
			w.prog = p.o.Clone()
		}
		w.x.strat = w.part
		w.x.names.settle(p.names)
		w.x.names.modes = p.modes
		w.seen = len(w.x.names.shared)
		p.workers = append(p.workers, w)
		p.others.Go(func() {
			w.guarded()
			p.o.leave()
		})
	}
}

// ask wants all workers to halt. why is the reason why the search is not complete.
func (p *pool) ask(want wants, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wants.restart = p.wants.restart || want.restart
	p.wants.save = p.wants.save || want.save
	p.wants.show = p.wants.show || want.show
	p.wants.stop = p.wants.stop || want.stop
	if p.cut == "" {
		p.cut = why
	}
	if p.wants != (wants{}) {
		p.attention.Store(true)
	}
}

// look asks the clock and the caller.
func (p *pool) look() {
	now := time.Now()
	p.mu.Lock()
	stop := ""
	switch {
	case p.over:
	case p.o.Budget > 0 && now.Sub(p.started) >= p.o.Budget:
		stop = "time"
	case p.o.Stop != nil && p.o.Stop():
		stop = "stopped"
	}
	save := p.o.Save != nil && now.Sub(p.saved) >= saveEvery
	show := p.o.Progress != nil && now.Sub(p.asked) >= 100*time.Millisecond
	if show {
		p.asked = now
	}
	if stop == "" {
		p.join()
	}
	p.mu.Unlock()
	if stop != "" || save || show {
		p.ask(wants{save: save, show: show, stop: stop != ""}, stop)
	}
}

// starve counts for whom there is no work.
func (p *pool) starve() { p.hungry.Store(int32(p.idle - len(p.queue))) }

// act does what was asked for: nobody runs now.
func (p *pool) act() {
	want := p.wants
	p.wants = wants{}
	p.attention.Store(false)
	p.turn++
	if want.restart && !p.over {
		p.again()
	}
	if want.save || want.stop {
		p.save()
	}
	if want.show && !p.over {
		p.o.Progress(p.total())
	}
	if want.stop {
		p.over = true
	}
	p.wake.Broadcast()
}

// end is called when nothing is left.
func (p *pool) end() {
	if p.deepen != nil && p.cut == "" {
		if p.cut = p.deepen(); p.cut == deeper {
			p.cut = ""
			p.queue = append(p.queue, &work{share: 1})
			return
		}
	}
	if why := p.apart(); why != "" {
		p.cut = cmp.Or(p.cut, why)
		p.save()
	}
	p.over = true
	p.wake.Broadcast()
}

// again begins the search anew, with what has been found to be visible.
func (p *pool) again() {
	for _, w := range p.workers {
		if w.x.names.irregular {
			p.alone, p.over = manyNames, true
			return
		}
		res := w.x.sink.res
		p.before.Discarded += res.Executions
		res.Executions, res.Events = 0, 0
		w.part.forget()
		w.x.plan, w.x.fast, w.x.restarted = nil, false, false
		w.x.refine, w.x.moved, w.drop = w.x.refine[:0], false, true
		maps.Copy(p.names, w.x.names.shared)
	}
	p.agree()
	if p.piece != "" {
		p.leave()
		return
	}
	p.generation++
	p.away, p.root = nil, nil
	p.before.Discarded += p.before.Executions
	p.before.Executions, p.before.Events = 0, 0
	p.walked.reset()
	p.limited = false
	if p.states != nil {
		p.states.reset()
	}
	if p.o.Discarded != nil {
		p.o.Discarded()
	}
	p.queue = append(p.queue[:0], &work{share: 1})
	p.fresh = true
}

// agree makes all workers call and see objects alike, and says whether the first
// one did not.
func (p *pool) agree() (changed bool) {
	for i, w := range p.workers {
		if w.x.names.settle(p.names) {
			w.x.prepared = nil // whose hash is of what its objects were called
			changed = changed || i == 0
		}
	}
	for _, w := range p.workers {
		for _, o := range w.x.list {
			if o.mode != 0 {
				p.modes[o.id] |= o.mode
			}
		}
	}
	for _, w := range p.workers {
		w.seen = len(w.x.names.shared)
		w.x.names.modes = p.modes
		for _, o := range w.x.list {
			o.mode |= p.modes[o.id]
		}
	}
	return changed
}

// total is what all workers have found. Nobody runs.
func (p *pool) total() *Result {
	r := p.before
	r.Violations = append([]Violation(nil), p.before.Violations...)
	s := &sink{maps.Clone(p.costs), &r}
	order := &p.order
	for _, w := range p.workers {
		one := w.x.sink.res
		r.Executions += one.Executions
		r.Events += one.Events
		r.Discarded += one.Discarded
		w.part.fill(&r)
		for i := range one.Violations {
			v := &one.Violations[i]
			s.add(v, w.x.sink.cost[v.Property])
		}
		for _, e := range w.x.order.edges {
			order.add(e)
		}
	}
	r.Inversions = order.found
	if p.states != nil {
		r.States, r.Bytes = p.states.states()
		r.Bytes += p.walked.bytes()
		for _, w := range p.workers {
			r.Bytes += w.part.steps().bytes()
		}
	}
	r.Pieces = p.handed
	r.Done = p.done()
	r.Cut, r.Unsaved = p.cut, p.unsaved
	return &r
}

// done estimates how much of the search is behind: of what each worker is at, and
// nothing of what waits. Where pieces do not know their share, because a branch
// may come to any of them, it is the mean of what the workers make of where they
// are.
func (p *pool) done() float64 {
	if p.states == nil {
		sum, n := 0.0, 0
		for _, w := range p.workers {
			if w.it != nil {
				sum += w.part.done()
				n++
			}
		}
		return sum / float64(max(n, 1))
	}
	left := 0.0
	for _, it := range p.queue {
		left += it.share
	}
	for _, w := range p.workers {
		if w.it != nil {
			left += w.it.share * (1 - w.part.done())
		}
	}
	return min(max(1-left, 0), 1)
}

// add keeps the simplest violation of each property; of two that are equally
// simple, the one whose schedule comes first.
func (s *sink) add(v *Violation, cost int) {
	old, ok := s.cost[v.Property]
	for i := range s.res.Violations {
		o := &s.res.Violations[i]
		if o.Property != v.Property {
			continue
		}
		if cost < old || cost == old && FormatSchedule(v.Schedule) < FormatSchedule(o.Schedule) {
			*o, s.cost[v.Property] = *v, cost
		}
		return
	}
	if !ok {
		s.cost[v.Property] = cost
		s.res.Violations = append(s.res.Violations, *v)
	}
}
