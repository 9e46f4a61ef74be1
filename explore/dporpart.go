package explore

import (
	"errors"
	"math/bits"
	"slices"
)

// dpor as part of a pool: frames with something to give away, and all above them,
// are shared. Who takes up a branch of a wakeup tree sleeps for all branches that
// are taken up later, as a branch that is done does for one worker: whatever could
// follow it is explored, whoever does it. Races that a worker finds between events
// of shared frames and its own grow the shared trees.

// sframe is a frame that workers share. All but plan and parent is protected by
// pool.mu.
type sframe struct {
	plan   []int8
	parent *sframe             // the frame of the choice before; nil at the first
	sleep  uint32              // asleep, taken up or done
	foots  [MaxTasks]footprint // of those, with objects of any worker
	tree   *wnode              // branches that nobody has taken up
	queued bool                // it is in the queue, as it is while tree is not nil
	held   *wnode              // while it is written down: taken up, but not begun
}

// String is the frame as a piece of work: with all that is known of it, since
// races may have to be held against it.
func (f *sframe) String() string {
	w := work{plan: f.plan, sleep: f.sleep, tree: f.tree}
	last := &w.tree
	for n := f.held; n != nil; n = n.next {
		w.sleep &^= 1 << n.task
		*last = &wnode{task: n.task, child: n.child}
		last = &(*last).next
	}
	*last = f.tree
	f.held = nil
	return w.String()
}

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
	m.pool, m.prog = p, prog
	r := p.run(begun)
	if p.alone != "" {
		return x.aloneAfterAll(prog, *o, p.alone)
	}
	return r
}

// takeUp takes the first branch of f's tree; nil if there is none. p.mu is held.
func (p *pool) takeUp(f *sframe) *work {
	n := f.tree
	if n == nil {
		f.queued = false
		return nil
	}
	it := &work{plan: f.plan, sleep: f.sleep, tree: n, frame: f}
	f.tree, n.next = n.next, nil
	f.sleep |= 1 << n.task
	n.foot.copyTo(&f.foots[n.task])
	if f.queued = f.tree != nil; f.queued {
		p.queue = append(p.queue, &work{frame: f})
	}
	return it
}

// takeUpHere takes the next branch of a shared frame that this worker is at; nil
// if there is none.
func (m *dpor) takeUpHere(x *X, f *dframe) *wnode {
	p := m.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	s := f.shared
	n := s.tree
	if n == nil {
		return nil
	}
	m.learn(x, f)
	f.sleep = s.sleep
	s.tree, n.next = n.next, nil
	s.sleep |= 1 << n.task
	n.foot.copyTo(&s.foots[n.task])
	x.localiseTree(n)
	return n
}

// learn gets the footprints of who was taken up since the worker last looked.
// pool.mu is held.
func (m *dpor) learn(x *X, f *dframe) {
	for r := f.shared.sleep &^ f.known; r != 0; r &= r - 1 {
		q := bits.TrailingZeros32(r)
		f.shared.foots[q].copyTo(&f.foots[q])
		x.localise(&f.foots[q])
	}
	f.known |= f.shared.sleep
}

func (m *dpor) load(w *worker, it *work) bool {
	m.unload()
	m.started, m.fresh = true, 0
	x := w.x
	x.nohash, x.nosolo = true, true
	x.plan, x.fast = nil, false
	m.prog = w.prog
	if it.frame != nil {
		x.localiseTree(it.tree)
		m.loading, m.base = it, len(it.plan)
	}
	return true
}

// loadFrame makes the frame at depth d on the way to the piece that is loaded.
func (m *dpor) loadFrame(x *X, f *dframe, d int) {
	it := m.loading
	s := it.frame
	for range len(it.plan) - d {
		s = s.parent
	}
	m.pool.mu.Lock()
	f.shared, f.known = s, 0
	m.learn(x, f)
	m.pool.mu.Unlock()
	if d < len(it.plan) {
		f.sleep = 0
		f.tree = m.node(int(it.plan[d]), nil)
		return
	}
	f.sleep, f.tree = it.sleep, it.tree
	m.loading = nil
}

// split shares the frames down to the first one with branches to give away.
func (m *dpor) split(w *worker) []*work {
	x, p := w.x, w.p
	d := 0
	for ; d < len(m.stack); d++ {
		if f := &m.stack[d]; f.shared == nil && f.tree.next != nil {
			break
		}
	}
	if d == len(m.stack) {
		return nil
	}
	// What a branch begins with is asleep for others once it is taken up, so it has
	// to be known exactly.
	plan := m.path(d)
	f := &m.stack[d]
	n := f.tree.next
	if d == len(m.stack)-1 {
		n = f.tree // it has not begun
	}
	for ; n != nil; n = n.next {
		x.probe(w.prog, plan, n.task, &n.foot)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var above *sframe
	for i := range m.stack[:d+1] {
		f := &m.stack[i]
		if f.shared != nil {
			above = f.shared
			continue
		}
		s := &sframe{plan: plan[:i:i], parent: above, sleep: f.sleep | 1<<f.tree.task}
		for r := f.sleep; r != 0; r &= r - 1 {
			q := bits.TrailingZeros32(r)
			f.foots[q].copyTo(&s.foots[q])
		}
		if i < len(m.stack)-1 {
			f.foots[f.choice].copyTo(&s.foots[f.choice])
		} else {
			f.tree.foot.copyTo(&s.foots[f.tree.task])
			f.tree.foot.copyTo(&f.foots[f.tree.task])
		}
		f.shared, f.known = s, s.sleep
		above = s
	}
	s := above
	s.tree, f.tree.next = f.tree.next, nil
	settleAt(s.tree, x)
	s.queued = true
	return []*work{{frame: s}}
}

// settleAt says that the footprints of n have objects of x.
func settleAt(n *wnode, x *X) {
	for ; n != nil; n = n.next {
		n.home = x
		settleAt(n.child, x)
	}
}

// insertShared puts w, which this worker's part of what sleeps does not cover,
// into a shared tree.
func (m *dpor) insertShared(x *X, f *dframe, w []wstep) {
	p, s := m.pool, f.shared
	p.mu.Lock()
	defer p.mu.Unlock()
	var head footprint
	for probed := false; ; probed = true {
		m.learn(x, f)
		if x.covered(f, s.sleep, w) {
			return
		}
		x.localiseTree(s.tree)
		m.left = append(m.left[:0], w...)
		at, left := x.place(&s.tree, m.left)
		if at == nil {
			return
		}
		if at != end(&s.tree) {
			m.attach(x, s, at, left)
			return
		}
		if probed {
			left[0].foot = &head
			m.attach(x, s, at, left)
			return
		}
		// Without the event before which it is to come, its first step may do
		// something else.
		p.mu.Unlock()
		ok := x.probe(m.prog, s.plan, left[0].task, &head)
		p.mu.Lock()
		if !ok {
			return
		}
	}
}

// end is where a branch is added behind those at at.
func end(at **wnode) **wnode {
	for *at != nil {
		at = &(*at).next
	}
	return at
}

// attach adds a branch to a shared tree. pool.mu is held.
func (m *dpor) attach(x *X, s *sframe, at **wnode, w []wstep) {
	m.grow(at, w)
	settleAt(*at, x)
	if s.queued {
		return
	}
	s.queued = true
	p := m.pool
	p.queue = append(p.queue, &work{frame: s})
	p.starve()
	p.wake.Broadcast()
}

// localise makes a footprint that another worker took one of this worker's
// objects.
func (x *X) localise(f *footprint) {
	f.rd, f.wr, f.tailR, f.tailW = 0, 0, 0, 0
	for i := range f.acc {
		a := &f.acc[i]
		if a.o == nil {
			continue
		}
		a.o = x.own(a.o)
		if a.group != nil {
			a.group = x.own(a.group)
		}
		f.mask(a.o, a.kind, a.first)
	}
}

// own returns this worker's object for one of any worker.
func (x *X) own(o *object) *object {
	if int(o.idx) < len(x.list) && x.list[o.idx] == o {
		return o
	}
	if p := x.names.byID[o.id]; p != nil {
		return p
	}
	return x.expect(o.id)
}

func (x *X) localiseTree(n *wnode) {
	for ; n != nil; n = n.next {
		if n.home != x {
			x.localise(&n.foot)
			n.home = x
		}
		x.localiseTree(n.child)
	}
}

func (m *dpor) rest(add func(*work)) {
	for i := range m.stack {
		f := &m.stack[i]
		top := i == len(m.stack)-1
		switch {
		case f.shared != nil && top && f.tree != nil:
			f.shared.held = &wnode{task: f.tree.task, child: f.tree.child, next: f.shared.held}
			fallthrough
		case f.shared != nil:
			add(&work{frame: f.shared})
		case top:
			add(&work{plan: m.path(i), sleep: f.sleep, tree: f.tree})
		default:
			add(&work{plan: m.path(i), sleep: f.sleep | 1<<f.choice, tree: f.tree.next})
		}
	}
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
	frames := map[string]*sframe{}
	for _, it := range its {
		if len(it.plan) == 0 && it.sleep == 0 && it.tree == nil {
			w.p.queue = append(w.p.queue, it)
			continue
		}
		f := &sframe{plan: it.plan, sleep: it.sleep, tree: it.tree}
		frames[string(key(it.plan))] = f
		for r := f.sleep; r != 0; r &= r - 1 {
			q := bits.TrailingZeros32(r)
			if !x.probe(w.prog, it.plan, q, &f.foots[q]) {
				return errors.New(unrepeatable)
			}
		}
		x.probeTree(w.prog, it.plan, &f.tree)
	}
	for _, f := range frames {
		if len(f.plan) > 0 {
			if f.parent = frames[string(key(f.plan[:len(f.plan)-1]))]; f.parent == nil {
				return errors.New("what was saved lacks a frame")
			}
		}
		if f.queued = f.tree != nil; f.queued {
			w.p.queue = append(w.p.queue, &work{frame: f})
		}
	}
	slices.SortFunc(w.p.queue, func(a, b *work) int { return a.depth() - b.depth() })
	return nil
}

func (w *work) depth() int {
	if w.frame != nil {
		return len(w.frame.plan)
	}
	return len(w.plan)
}

func key(plan []int8) (b []byte) {
	for _, c := range plan {
		b = append(b, byte(c))
	}
	return b
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
	m.unload()
	m.blocked = 0
}

// unload leaves the piece that is worked on.
func (m *dpor) unload() {
	for i := range m.stack {
		m.release(m.stack[i].tree)
		m.stack[i].tree = nil
	}
	m.stack, m.fresh, m.pending, m.loading, m.base = m.stack[:0], 0, false, nil, 0
}

func (m *dpor) fill(r *Result) {
	if m.pool != nil {
		r.Restarts += m.restarts
		r.Blocked += m.blocked
		return
	}
	r.Restarts, r.Blocked, r.Done = m.restarts, m.blocked, m.done()
}

func (m *dpor) isCyclic() bool { return false }
