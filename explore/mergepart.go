package explore

import (
	"math/bits"
	"slices"
)

// merge as part of a pool: a piece of work is a state and who is to be tried from
// it. Who is given away counts as tried by the giver from then on, and the giver's
// own choice as tried by the taker, so each is asleep for one of them only.

// handedOver is how a search ends that goes on in a pool.
const handedOver = "handed over"

// mergePool is the merging search by several workers, or one that can be
// interrupted.
func (x *X) mergePool(prog func(*X), o *Options, m *merge) *Result {
	res := x.sink.res
	p := newPool(o, x, prog, m, func(p *pool) part { return m.another(p) })
	begun := len(o.Saved) == 0
	if begun {
		outgrown := x.outgrown(o)
		x.handover = func() bool { return m.scout == nil && outgrown() }
		res.Cut = x.search(prog, o, func() { m.fill(res) })
		x.handover = nil
		if res.Cut == "" && x.goesRound(m) {
			res.Cut = x.livelocks(prog, o)
		}
		if res.Cut != handedOver {
			res.complete()
			return res
		}
	}
	p.states = newShards(&m.seen, o.memory()-m.limit, o.Save != nil)
	m.limit /= int64(max(o.Workers, 1))
	m.pool, m.seen = p, table{}
	if !begun {
		if err := p.restore(o.Saved); err != nil {
			res.Cut = err.Error()
			return res
		}
	}
	r := p.run(begun)
	if p.alone != "" {
		return x.aloneAfterAll(prog, *o, p)
	}
	if r.Complete && p.goesRound() {
		x.sink = &sink{p.costs, r}
		r.Cut = x.livelocks(prog, o)
		r.complete()
	}
	return r
}

// aloneAfterAll searches with one worker, from the start.
func (x *X) aloneAfterAll(prog func(*X), o Options, p *pool) *Result {
	if p.piece != "" {
		return &Result{Cut: p.alone}
	}
	if o.Discarded != nil {
		o.Discarded()
	}
	o.Workers, o.Save, o.Saved, o.Clone = 0, nil, nil, nil
	r := Run(prog, o)
	r.Alone = p.alone
	return r
}

func (m *merge) load(w *worker, it *work) bool {
	m.unload()
	m.started, m.fresh = true, 0
	w.x.plan, w.x.fast = nil, false
	if len(it.plan) == 0 && it.todo == 0 {
		return true // the whole search
	}
	for r := it.sleep; r != 0 && !m.nosleep; r &= r - 1 {
		q := bits.TrailingZeros32(r)
		if !w.x.probe(w.prog, it.plan, q, &m.probed[q]) {
			w.p.ask(wants{stop: true}, unrepeatable)
			return false
		}
	}
	w.x.plan, w.x.fast = nil, false
	m.loading, m.base = it, len(it.plan)
	return true
}

// loadChoice follows the choices that lead to the piece that is loaded.
func (m *merge) loadChoice(x *X, f *mframe, s *state, d int) int {
	it := m.loading
	m.keys[d] = x.stateHash()
	f.sleep = 0
	if d < len(it.plan) {
		f.choice = int(it.plan[d])
		f.todo = 1 << f.choice
	} else {
		m.loading = nil
		f.sleep, f.todo = it.sleep, it.todo
		if m.nosleep {
			f.sleep = 0
		}
		for r := f.sleep; r != 0; r &= r - 1 {
			q := bits.TrailingZeros32(r)
			m.probed[q].copyTo(&f.foots[q])
		}
		f.choice = bits.TrailingZeros32(f.todo)
		if c := x.cur.id; f.todo>>c&1 != 0 {
			f.choice = c
		}
	}
	f.width = bits.OnesCount32(f.todo)
	if f.todo&^s.Enabled != 0 {
		x.refused = unrepeatable
		return -1
	}
	return f.choice
}

// unrepeatable is why a search ends whose program does not do the same twice.
const unrepeatable = "the program did not do the same twice"

func (m *merge) split(w *worker) []*work {
	share := w.it.share
	for d := m.base; d < len(m.stack); d++ {
		f := &m.stack[d]
		share /= float64(max(f.width, 1))
		todo := f.todo &^ (1 << f.choice)
		if todo == 0 {
			continue
		}
		f.todo = 1 << f.choice
		return []*work{{plan: m.path(d), sleep: f.sleep | f.todo, todo: todo, share: share * float64(bits.OnesCount32(todo))}}
	}
	return nil
}

// path is the choices that lead to depth d.
func (m *merge) path(d int) []int8 {
	p := make([]int8, d)
	for i := range p {
		p[i] = int8(m.stack[i].choice)
	}
	return p
}

func (m *merge) rest(add func(*work)) {
	for d := len(m.stack) - 1; d >= m.base; d-- {
		f := &m.stack[d]
		sleep, todo := f.sleep, f.todo
		if d < len(m.stack)-1 {
			sleep |= 1 << f.choice
			todo &^= 1 << f.choice
		}
		if todo != 0 {
			add(&work{plan: m.path(d), sleep: sleep, todo: todo})
		}
	}
}

func (m *merge) resume(w *worker, its []*work) error {
	slices.Reverse(its) // the last to be done comes first in the queue
	w.p.queue = append(w.p.queue, its...)
	return nil
}

func (m *merge) forget() {
	m.unload()
	m.walked.reset()
	m.cuts = 0
}

// unload leaves the piece that is worked on.
func (m *merge) unload() {
	m.stack, m.keys, m.pending, m.loading, m.base = m.stack[:0], m.keys[:0], false, nil, 0
}

// share adds what this part has done to a result of all.
func (m *merge) share(r *Result) {
	r.Restarts += m.restarts
	r.Blocked += m.cuts
}

// another is the same search for one more worker.
func (m *merge) another(p *pool) *merge {
	return &merge{nomerge: m.nomerge, nosleep: m.nosleep, limit: m.limit, pool: p}
}

func (m *merge) steps() *transitions { return &m.walked }

// goesRound says whether a search by one worker found a circle of states.
func (x *X) goesRound(m *merge) bool {
	return x.forgets && (m.walked.lost || circular(m.walked.list))
}

// goesRound says whether all workers, and whoever had pieces, found a circle of states.
func (p *pool) goesRound() bool {
	if !p.forgets() || p.states == nil {
		return false
	}
	all := [][]transition{p.walked.list}
	lost := p.walked.lost
	for _, w := range p.workers {
		t := w.part.steps()
		all = append(all, t.list)
		lost = lost || t.lost
	}
	return lost || circular(all...)
}

// states is the table that key belongs into, and, if several workers share it, the part
// of theirs that it is, locked.
func (m *merge) states(key hash128) (*table, *shard) {
	if m.pool == nil {
		return &m.seen, nil
	}
	sh := m.pool.states.of(key)
	sh.mu.Lock()
	return &sh.t, sh
}
