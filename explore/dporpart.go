package explore

import (
	"errors"
	"math/bits"
)

// optimalPool is the optimal search by several workers, or one that can be
// interrupted.
func (x *X) optimalPool(prog func(*X), o *Options, m *dpor) *Result {
	res := x.sink.res
	p := newPool(o, x, prog, m, func(p *pool) part { return &dpor{strict: o.strict, pool: p} })
	begun := len(o.Saved) == 0
	if begun {
		x.handover = x.outgrown(o)
		res.Cut = x.search(prog, o, func() { m.fill(res) })
		x.handover = nil
		if res.Cut != handedOver {
			res.complete()
			return res
		}
	} else if err := p.restore(o.Saved); err != nil {
		res.Cut = err.Error()
		return res
	}
	m.pool, m.x = p, x
	r := p.run(begun)
	if p.alone != "" {
		return x.aloneAfterAll(prog, *o, p)
	}
	return r
}

// begun notes what the worker's branch at a shared frame has turned out to do.
func (m *dpor) begun(x *X, f *dframe) {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	f.foots[f.choice].copyTo(&f.mine.foot)
	f.mine.home, f.mine.idle = x, false
}

func (m *dpor) load(w *worker, it *work) bool {
	m.forget()
	x := w.x
	m.started, m.fresh, m.x = true, 0, x
	x.nohash, x.nosolo = true, true
	x.plan, x.fast = nil, false
	if it.frame == nil {
		return true
	}
	p := m.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	s := it.frame
	n := s.waiting()
	if n == nil {
		return false
	}
	var f dframe
	f.shared = s
	m.takeUp(x, &f, n)
	p.offer(s)
	for ; s != nil; s, n = s.parent, s.from {
		m.loading = append(m.loading, n)
	}
	m.base = len(m.loading) - 1
	m.target = it.frame
	return true
}

// loadFrame makes the frame at depth d on the way to the branch that is loaded.
func (m *dpor) loadFrame(x *X, f *dframe, d int) {
	s := m.target
	for range m.base - d {
		s = s.parent
	}
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	f.shared = s
	m.at(x, f, m.loading[m.base-d])
	if d == m.base {
		m.loading = m.loading[:0]
	}
}

// split shares the frames down to the first one with branches to give away.
func (m *dpor) split(w *worker) []*work {
	d := 0
	for d < len(m.stack) && (m.stack[d].shared != nil || m.stack[d].tree.next == nil) {
		d++
	}
	if d == len(m.stack) {
		return nil
	}
	p := w.p
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offer(m.publish(w.x, d))
	return nil
}

// rest shares all frames; what is left of the search is then what the tree of
// frames has. It is written down as one piece.
func (m *dpor) rest(add func(*work)) {
	n := len(m.stack)
	if n == 0 {
		return
	}
	s := m.publish(m.x, n-1)
	m.pool.offer(s)
	add(&work{frame: s})
}

// path is the choices that lead to depth d.
func (m *dpor) path(d int) []int8 {
	p := make([]int8, d)
	for i := range p {
		p[i] = int8(m.stack[i].choice)
	}
	return p
}

func (m *dpor) resume(w *worker, its []*work) error {
	x := w.x
	x.nohash, x.nosolo = true, true
	for _, it := range its {
		if it.frame == nil {
			w.p.queue = append(w.p.queue, it)
			continue
		}
		if !x.probeFrame(w.prog, it.frame) {
			return errors.New(unrepeatable)
		}
		w.p.root = it.frame
		if err := m.joinAll(w); err != nil {
			return err
		}
		w.p.offerAll(it.frame)
	}
	return nil
}

// offerAll puts all frames with branches to be taken up into the queue, the last
// ones last.
func (p *pool) offerAll(s *sframe) {
	p.offer(s)
	for b := s.first; b != nil; b = b.next {
		if b.taken && b.behind != nil {
			p.offerAll(b.behind)
		}
	}
}

// probeFrame finds the footprints of a frame that was written down, and of all
// below it.
func (x *X) probeFrame(prog func(*X), s *sframe) bool {
	for r := s.sleep; r != 0; r &= r - 1 {
		q := bits.TrailingZeros32(r)
		if !x.probe(prog, s.plan, q, &s.foots[q]) {
			return false
		}
	}
	for b := s.first; b != nil; b = b.next {
		ok := x.probe(prog, s.plan, b.task, &b.foot)
		b.home = x
		switch {
		case b.taken && !ok:
			return false
		case b.taken && b.behind != nil:
			if !x.probeFrame(prog, b.behind) {
				return false
			}
		case ok:
			x.probeTree(prog, append(s.plan[:len(s.plan):len(s.plan)], int8(b.task)), &b.child)
		}
	}
	return true
}

// probeTree finds the footprints of a tree that was written down. A step that
// cannot be taken goes, with what follows it: no execution would follow it.
func (x *X) probeTree(prog func(*X), plan []int8, at **wnode) {
	for *at != nil {
		n := *at
		if !x.probe(prog, plan, n.task, &n.foot) {
			*at = n.next
			continue
		}
		n.home = x
		x.probeTree(prog, append(plan[:len(plan):len(plan)], int8(n.task)), &n.child)
		at = &n.next
	}
}

func (m *dpor) forget() {
	for i := range m.stack {
		m.release(m.stack[i].tree)
		m.stack[i].tree = nil
	}
	m.stack, m.fresh, m.pending, m.loading, m.base = m.stack[:0], 0, false, m.loading[:0], 0
	m.looked = 0
}

func (m *dpor) fill(r *Result) {
	if m.pool != nil {
		r.Restarts += m.restarts
		r.Blocked += m.blocked
		return
	}
	r.Restarts, r.Blocked, r.Done = m.restarts, m.blocked, m.done()
}

func (m *dpor) steps() *transitions { return &transitions{} }
