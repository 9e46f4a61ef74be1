package explore

// obj is the part that every primitive has in common.
type obj struct {
	x   *X
	idx int32
}

// init registers the object. A Go object that was registered with x before keeps
// its identity, so a program that takes its objects from a pool has the same
// identities in every execution; that of a new one is who made it and as the how
// manieth, which is the same in every interleaving too.
func (o *obj) init(x *X, class string, num int) {
	if x == nil {
		o.x = nil
		return
	}
	if o.x == x {
		x.objs[o.idx].val = 0
		return
	}
	o.x = x
	c := 0
	if x.cur != nil {
		c = x.cur.id
	}
	n := x.made[c]
	x.made[c]++
	if int(n) == len(x.intern[c]) {
		x.intern[c] = append(x.intern[c], int32(len(x.objs)))
		x.objs = append(x.objs, object{})
		x.mode = append(x.mode, 0)
	}
	o.idx = x.intern[c][n]
	x.objs[o.idx] = object{class: class, num: num}
}

// access is called before every operation on shared state: a scheduling point if
// the object is visible, and always a line of the footprint.
func (o *obj) access(k kind, what string) {
	x := o.x
	if x.atomic == 0 {
		x.op()
		if x.all || x.mode[o.idx]&visibleOps != 0 {
			x.block(pending{kind: pendOp, obj: o.idx, what: what})
		}
	}
	o.note(k, what)
}

// note records an access whose scheduling point, if any, is behind it.
func (o *obj) note(k kind, what string) {
	x := o.x
	t := x.cur
	first := t.first
	if x.atomic == 0 {
		t.first = false
	}
	t.foot = append(t.foot, mkAccess(o.idx, k, first))
	if t.watch && (k == kindRead || k == kindUpdate || isAcquire(k)) {
		t.reads = append(t.reads, watch{o.idx, x.objs[o.idx].val})
	}
	// Its place in the program is part of what a task knows.
	t.hist.a += 0x9e3779b97f4a7c15
	t.hist.b += 0xc2b2ae3d27d4eb4f
	x.events++
	if x.events > x.limit {
		x.over = true
		x.next = nil
		t.yield(struct{}{})
		panic(abortToken{})
	}
	if x.trace != nil {
		x.trace.add(x, t, o, what)
	}
}

// demote corrects the last access to a read: it turned out to change nothing.
func (o *obj) demote() {
	t := o.x.cur
	i := len(t.foot) - 1
	t.foot[i] = mkAccess(o.idx, kindRead, t.foot[i].first())
}

func (o *obj) set(old, new uint64) {
	if old == new {
		return
	}
	x := o.x
	x.toggle(o.idx, old)
	x.toggle(o.idx, new)
	x.objs[o.idx].val = new
}

// Atomic is a shared 64-bit word with the operations of sync/atomic.
type Atomic struct {
	obj
	v uint64
}

// Init prepares a for x with a first value. class and num name it in traces.
func (a *Atomic) Init(x *X, class string, num int, v uint64) {
	a.obj.init(x, class, num)
	a.v = v
	if x != nil {
		x.toggle(a.idx, v)
		x.objs[a.idx].val = v
	}
}
