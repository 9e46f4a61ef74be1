package explore

import "math/bits"

// dpor as part of a pool: frames with branches to give away, and all above them,
// are shared.
//
// A worker that takes a branch up sleeps for all that are taken up later at the
// same frame, as a branch that is done does in a search by one worker. That is not
// all that order does there: a race found below one branch may have to be reversed
// below a branch to its right, which one worker would not have begun yet. It goes
// into the wakeup tree of that branch, and if that has been taken up already, into
// the frames that follow the tree. So the frames along a tree are shared from the
// start, and kept until all that is left of them is done. Behind a leaf of a tree
// everything is explored, so nothing is ever put in there from outside.

// sframe is a frame that workers share. All but plan, parent and from is protected
// by pool.mu.
type sframe struct {
	plan   []int8
	parent *sframe             // the frame of the choice before; nil at the first
	from   *wnode              // the branch of parent that leads here
	sleep  uint32              // who sleeps, or is done and no branch any more
	foots  [MaxTasks]footprint // of those, with objects of any worker
	first  *wnode              // branches in order
	open   int                 // branches that are not done
	ready  bool                // sleep is known: a worker has been here
	queued bool                // it is in the queue, as it is while a branch waits to be taken up
	apart  bool                // it is on the way to a piece: all but its first branch is another process's
}

// waiting returns the first branch that nobody has taken up.
func (s *sframe) waiting() *wnode {
	n := s.first
	if s.apart && n != nil && n.taken {
		return nil
	}
	for n != nil && n.taken {
		n = n.next
	}
	return n
}

// left is how many branches a worker has to think of: its own, and those that wait.
func (s *sframe) left() int {
	k := 1
	for n := s.waiting(); n != nil; n = n.next {
		k++
	}
	return k
}

// takeUp makes n the worker's branch at f's shared frame. Who sleeps for it is who
// sleeps there and all branches before it. pool.mu is held.
func (m *dpor) takeUp(x *X, f *dframe, n *wnode) {
	s := f.shared
	m.at(x, f, n)
	n.taken, n.idle = true, true
	n.leaf = n.child == nil
	if !n.leaf {
		n.behind = &sframe{plan: append(s.plan[:len(s.plan):len(s.plan)], int8(n.task)), parent: s, from: n, first: n.child}
		for c := n.child; c != nil; c = c.next {
			n.behind.open++
		}
	}
}

// at makes n, which is taken up, this worker's branch. pool.mu is held.
func (m *dpor) at(x *X, f *dframe, n *wnode) {
	s := f.shared
	f.mine, f.sleep = n, s.sleep
	for r := s.sleep; r != 0; r &= r - 1 {
		q := bits.TrailingZeros32(r)
		s.foots[q].copyTo(&f.foots[q])
		x.localise(&f.foots[q])
	}
	for b := s.first; b != n; b = b.next {
		b.foot.copyTo(&f.foots[b.task])
		x.localise(&f.foots[b.task])
		f.sleep |= 1 << b.task
	}
}

// offer puts a frame into the queue if a branch waits there. pool.mu is held.
func (p *pool) offer(s *sframe) {
	if s.queued || !s.ready || s.waiting() == nil {
		return
	}
	s.queued = true
	p.queue = append(p.queue, &work{frame: s})
	p.starve()
	p.wake.Broadcast()
}

// done notes that branch n of s is done. Branches that are done with all left of
// them are put to sleep. pool.mu is held.
func (s *sframe) done(n *wnode) {
	for {
		n.done = true
		s.open--
		if !s.apart && s.settled() {
			for b := s.first; b != nil && b.done; b = s.first {
				s.sleep |= 1 << b.task
				b.foot.copyTo(&s.foots[b.task])
				s.first = b.next
			}
		}
		if s.open > 0 || s.from == nil {
			return
		}
		s, n = s.parent, s.from
	}
}

// settled says whether nothing can be put in here but from below.
func (s *sframe) settled() bool {
	for ; s.from != nil; s = s.parent {
		for b := s.parent.first; b != nil && b != s.from; b = b.next {
			if !b.done {
				return false
			}
		}
	}
	return true
}

// reopen notes that s has one more branch, though it may have been done.
func (s *sframe) reopen() {
	s.open++
	for s.open == 1 && s.from != nil && s.from.done {
		s.from.done = false
		s = s.parent
		s.open++
	}
}

// drop takes a branch out that no execution follows. pool.mu is held.
func (s *sframe) drop(n *wnode) {
	at := &s.first
	for *at != n {
		at = &(*at).next
	}
	*at = n.next
	if s.open--; s.open == 0 && s.from != nil {
		s.parent.done(s.from)
	}
}

// leave is called when all of the worker's branch at f is explored that it knows
// of, and takes the next one up; nil if none waits. pool.mu is taken.
func (m *dpor) leave(x *X, f *dframe) *wnode {
	p, s := m.pool, f.shared
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := f.mine; n.behind == nil && !n.done {
		s.done(n)
	}
	f.mine = nil
	n := s.waiting()
	if n != nil {
		m.takeUp(x, f, n)
		p.offer(s)
	}
	return n
}

// follow makes f the frame behind the branch that the worker is at in the frame
// above, if workers share it: the tree of the branch goes on there.
func (m *dpor) follow(x *X, f, above *dframe, enabled uint32) bool {
	if above.shared == nil || above.mine.leaf {
		return false
	}
	p, s := m.pool, above.mine.behind
	p.mu.Lock()
	defer p.mu.Unlock()
	f.shared = s
	for r := f.sleep; r != 0; r &= r - 1 {
		q := bits.TrailingZeros32(r)
		f.foots[q].copyTo(&s.foots[q])
	}
	s.sleep, s.ready = f.sleep, true
	m.takeUpEnabled(x, f, enabled)
	return true
}

// takeUpEnabled takes up the first branch at f that can be followed, and drops
// those before it. pool.mu is held.
func (m *dpor) takeUpEnabled(x *X, f *dframe, enabled uint32) {
	s := f.shared
	n := s.waiting()
	for n != nil && enabled>>n.task&1 == 0 {
		s.drop(n) // see take
		n = s.waiting()
	}
	if n != nil {
		m.takeUp(x, f, n)
		m.pool.offer(s)
	}
}

// takeShared is take at a frame that workers share.
func (m *dpor) takeShared(x *X, s *state, d int, again bool) int {
	f := &m.stack[d]
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	if f.mine != nil && s.Enabled>>f.mine.task&1 == 0 {
		f.shared.drop(f.mine)
		f.mine = nil
		m.takeUpEnabled(x, f, s.Enabled)
	}
	if f.mine != nil {
		return f.mine.task
	}
	c := m.awake(x, s, d, again)
	if c >= 0 {
		n := m.node(c, nil)
		*end(&f.shared.first) = n
		f.shared.reopen()
		m.takeUp(x, f, n)
	}
	return c
}

// publish shares the frames down to depth d and returns the one there. pool.mu is
// held.
func (m *dpor) publish(x *X, d int) *sframe {
	var above *sframe
	var from *wnode
	plan := m.path(d)
	for i := range m.stack[:d+1] {
		f := &m.stack[i]
		if f.shared != nil {
			above, from = f.shared, f.mine
			continue
		}
		s := &sframe{plan: plan[:i:i], parent: above, from: from, sleep: f.sleep, ready: true, first: f.tree}
		for r := f.sleep; r != 0; r &= r - 1 {
			q := bits.TrailingZeros32(r)
			f.foots[q].copyTo(&s.foots[q])
		}
		n := f.tree
		if i < len(m.stack)-1 {
			f.foots[n.task].copyTo(&n.foot)
		}
		n.idle = i == len(m.stack)-1
		n.taken, n.leaf = true, true // nothing is put in from outside, for what is left of it is done
		belongs(n, x)
		for b := n; b != nil; b = b.next {
			s.open++
		}
		if from != nil {
			from.behind = s
		}
		f.shared, f.mine, f.tree = s, n, nil
		above, from = s, n
	}
	return above
}

// belongs says that the footprints of n have objects of x.
func belongs(n *wnode, x *X) {
	for ; n != nil; n = n.next {
		n.home = x
		belongs(n.child, x)
	}
}

// insertShared puts w, which nothing that sleeps at f covers, to the right of this
// worker's branch.
func (m *dpor) insertShared(x *X, f *dframe, w []wstep) {
	p, s := m.pool, f.shared
	p.mu.Lock()
	defer p.mu.Unlock()
	at := &f.mine.next
	for {
		n, ok := *at, false
		for ; n != nil; n = n.next {
			if n.home == nil {
				continue // its worker has not seen yet what it does
			}
			if n.home != x {
				x.localise(&n.foot)
				n.home = x
			}
			if w, ok = x.without(n, w); ok {
				break
			}
		}
		if n == nil {
			break
		}
		if len(w) == 0 || n.taken && n.leaf || !n.taken && n.child == nil {
			return // what a leaf leads to covers w
		}
		if n.taken {
			s, at = n.behind, &n.behind.first
		} else {
			s, at = nil, &n.child
		}
	}
	at = end(at)
	m.grow(at, w)
	belongs(*at, x)
	if s != nil {
		s.reopen()
		p.offer(s)
	}
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

// end is where a branch is added behind those at at.
func end(at **wnode) **wnode {
	for *at != nil {
		at = &(*at).next
	}
	return at
}
