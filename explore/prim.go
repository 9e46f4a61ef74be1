package explore

import (
	"fmt"
	"slices"
)

// visibility says which operations on an object are scheduling points.
type visibility uint8

const (
	visibleOps     visibility = 1 << iota // everything but releases
	visibleRelease                        // releases too
	opens                                 // none of that: in one event with an access to it, another object may be dropped
)

// object is what the engine knows of one shared object.
type object struct {
	val     uint64 // its value; the only place where it is kept under the explorer
	id      uint64 // what it is called in hashes: the same for every worker; see identity.go
	idx     int32
	mode    visibility
	epoch   uint32 // the execution that initialised it last
	holder  int8   // who holds it exclusively as a lock, task+1
	readers uint64 // 4 bits a task: how often it holds it shared
	plain   bool   // a Var
	pinned  bool   // the program uses the same Go object in every execution
	maker   int8
	nth     int32 // of its name, by its maker
	common  bool  // others have the same name
	class   string
	num     int
	owner   *obj // the Go object that it stands for
	usage   usage
}

// objects are the shared objects of a program, kept across executions.
type objects struct {
	list    []*object
	spare   []object
	made    [MaxTasks][]*object // of each task, in the order it made them
	nmade   [MaxTasks]int       // how many of them this execution has made
	reused  [MaxTasks]bool      // an entry of made stood for several Go objects
	moved   bool                // an object has another identity now: the search starts again
	epoch   uint32
	visible visibility // of a new object
	keys    map[mapKey]*obj
	names   naming
}

func (s *objects) reset() {
	s.epoch++
	s.nmade = [MaxTasks]int{}
}

func (s *objects) newObject(class string, num, maker int) *object {
	if len(s.spare) == 0 {
		s.spare = make([]object, 8)
	}
	o := &s.spare[0]
	s.spare = s.spare[1:]
	*o = object{mode: s.visible, class: class, num: num, maker: int8(maker)}
	if s.names.alone {
		o.idx = int32(len(s.list))
		o.id = uint64(o.idx) + 1
		s.list = append(s.list, o)
		return o
	}
	s.names.name(o)
	if p := s.names.byID[o.id]; p != nil {
		// Another worker has met it already.
		idx := p.idx
		*p = *o
		p.idx = idx
		s.names.met(p)
		return p
	}
	o.idx = int32(len(s.list))
	s.list = append(s.list, o)
	s.names.met(o)
	return o
}

// expect makes an object of which nothing is known yet but what it is called.
func (s *objects) expect(id uint64) *object {
	o := &object{id: id, idx: int32(len(s.list)), mode: s.visible | s.names.modes[id], pinned: true}
	s.list = append(s.list, o)
	s.names.byID[id] = o
	return o
}

// intern gives o its identity. A Go object that was registered before keeps it,
// so a program that takes its objects from a pool has the same identities in
// every execution; that of a new one is who made it and as the how manieth, which
// is the same in every interleaving too.
func (s *objects) intern(o *obj, x *X, maker int, class string, num int) *object {
	if o.x == x {
		p := o.p
		if p.owner == o {
			if !p.pinned {
				p.pinned = true
				s.moved = s.moved || s.reused[p.maker]
			}
			s.names.again(p, class, num)
			return p
		}
		// Another object took its place meanwhile, which is known to come back now.
		s.moved = true
	}
	var p *object
	for {
		n := s.nmade[maker]
		s.nmade[maker]++
		if n == len(s.made[maker]) {
			p = s.newObject(class, num, maker)
			p.owner = o
			p.pinned = o.x == x
			s.made[maker] = append(s.made[maker], p)
			break
		}
		if p = s.made[maker][n]; p.pinned || p.epoch == s.epoch || o.x == x {
			continue
		}
		if p.class != class || p.num != num {
			// In another execution another object came at this point.
			if p = s.unused(class, num, maker); p == nil {
				p = s.newObject(class, num, maker)
				p.owner = o
			}
			s.made[maker][n] = p
		}
		if p.owner != o {
			s.reused[maker] = true
			p.owner = o
		}
		break
	}
	o.x, o.p = x, p
	return p
}

// unused finds the first object of a name and maker that this execution has not
// used and that is no Go object's for good; nil if there is none.
func (s *objects) unused(class string, num, maker int) *object {
	for _, o := range s.list {
		if o.num == num && int(o.maker) == maker && o.class == class && !o.pinned && o.epoch != s.epoch {
			return o
		}
	}
	return nil
}

// longBlock is how many accesses a block may have before its objects are made
// visible.
const longBlock = 2000

// obj is the part that every primitive has in common.
type obj struct {
	x *X
	p *object
}

// init registers the object with value 0. The first time in an execution nobody
// else can know the object; after that it is an event.
func (o *obj) init(x *X, class string, num int) {
	if x == nil {
		// Whoever still looks at what was here before may be reading.
		if o.x != nil {
			o.x, o.p = nil, nil
		}
		return
	}
	maker := 0
	if x.cur != nil {
		maker = x.cur.id
	}
	p := x.intern(o, x, maker, class, num)
	if p.epoch == x.epoch {
		o.access(kindWrite, "init")
		o.set(0)
		o.held(0, 0)
	}
	p.epoch = x.epoch
	p.val, p.class, p.num = 0, class, num
	p.holder, p.readers = 0, 0
}

func (o *obj) String() string { return o.p.String() }

func (p *object) String() string {
	if p.num < 0 {
		return p.class
	}
	return fmt.Sprintf("%s %d", p.class, p.num)
}

// access is called before every operation on shared state: a scheduling point if
// the object is visible, and always a line of the footprint.
func (o *obj) access(k kind, what string) {
	x := o.x
	if x.atomic == 0 {
		if o.p.mode&visibleOps != 0 || x.cur.stepwise {
			x.block(pending{kind: pendOp, obj: o.p, access: k, what: what})
		}
		x.ops++
	}
	o.note(k, what)
}

// acquire is an operation that waits: it is disabled unless the value, masked, is
// want.
func (o *obj) acquire(k kind, what string, mask, want uint64) {
	x, p := o.x, o.p
	if x.atomic != 0 {
		panic("tagswap internal: a wait inside Atomically: " + o.String())
	}
	if p.mode&visibleOps == 0 && (p.val&mask != want || x.cur.stepwise) {
		x.show(p, visibleOps) // somebody else came first, or may while this task has no cpu
	}
	if x.ordered && isAcquire(k) && x.preempts(x.cur) {
		x.show(p, visibleOps|visibleRelease) // while it waits, others have its cpu
	}
	if p.mode&visibleOps != 0 || x.cur.stepwise {
		x.block(pending{kind: pendOp, obj: p, mask: mask, want: want, access: k, what: what})
	}
	x.ops++
	o.note(k, what)
	if isAcquire(k) {
		x.took(x.cur, p)
	}
}

// show makes operations on p scheduling points. If they are not yet, the execution
// is cut.
func (x *X) show(p *object, v visibility) {
	if p.mode&v == v {
		return
	}
	if x.abort {
		panic(abortToken{})
	}
	p.mode |= v
	x.refine = append(x.refine, p)
	x.cut()
}

// release begins an operation that lets others go on. No scheduling point stands
// before it unless somebody looks at the lock without waiting for it, or the task
// has not taken it. What others did to the lock meanwhile must not decide that, for
// nothing has observed it yet.
func (o *obj) release(what string) {
	x := o.x
	if x.atomic != 0 {
		return
	}
	v := visibleOps
	if slices.Contains(x.cur.held, o.p) {
		v = visibleRelease
	}
	if o.p.mode&v != 0 || x.cur.stepwise {
		x.block(pending{kind: pendOp, obj: o.p, what: what})
	}
	x.ops++
}

// released is the rest of release.
func (o *obj) released(k kind, what string) {
	o.note(k, what)
	o.x.gave(o.x.cur, o.p)
}

// misreleased is the rest of release where nothing can be released: the task fails.
// That observes the lock, so a scheduling point has to stand before it.
func (o *obj) misreleased(k kind, what, why string) {
	o.note(k, what)
	p := o.p
	if o.x.atomic != 0 {
		p = o.x.group
	}
	if v := visibleOps | visibleRelease; p.mode&v != v && !o.x.fast {
		p.mode |= v
		o.x.refine = append(o.x.refine, p)
	}
	o.x.Fatal("deadlock", why+": "+o.String())
}

// note records an access whose scheduling point, if any, is behind it.
func (o *obj) note(k kind, what string) {
	if x := o.x; x.fast && !x.cur.watch {
		x.events++
		return
	}
	o.record(k, what)
}

func (o *obj) record(k kind, what string) {
	x, p := o.x, o.p
	t := x.cur
	x.events++
	if t.watch && (k == kindRead || k == kindUpdate) {
		t.reads = append(t.reads, watch{p, p.val})
		if !x.fast {
			t.know.watch = mix(t.know.watch^p.val, p.id)
		}
	}
	if !x.fast {
		t.know.n++
		first := t.first
		if x.atomic == 0 {
			// Who is about to use a plain variable has to be seen; what a task begins
			// with is not.
			first = first && (!p.plain || p.mode&visibleOps != 0)
			t.first = false
			t.foot.add(p, p, k, first)
			if first && p.mode&opens != 0 {
				t.foot.open = true
			}
		} else {
			t.foot.add(p, x.group, k, first)
			t.foot.open = t.foot.open || first
		}
		if x.nohash && !x.together && p.protect(t, k, first) {
			x.open = true
		}
		if x.events > x.limit {
			x.over = true
			x.cut()
		}
		if len(t.foot.acc) > longBlock {
			// It may be going round: let states be compared.
			x.makeVisible(&t.foot.acc[len(t.foot.acc)-1])
		}
	}
	if x.trace != nil {
		x.trace.add(x, t, o, what)
	}
}

// changes says whether the update that was just announced changes anything, which
// it does if c holds. One that does not is a read.
func (o *obj) changes(c test) bool {
	ok := c.holds(o.p.val)
	if x := o.x; !x.fast {
		x.cur.foot.depends(c, ok)
	}
	return ok
}

// set changes the value, after an access.
func (o *obj) set(v uint64) {
	if o.x.fast {
		o.p.val = v
		return
	}
	o.x.change(o.p, v)
}

func (x *X) change(p *object, v uint64) {
	switch {
	case p.val == v:
	case x.nohash:
		x.cur.foot.change(p, v-p.val)
	default:
		x.toggle(p.id, p.val)
		x.toggle(p.id, v)
	}
	p.val = v
}

// start gives an object its first value; nobody else knows it yet.
func (o *obj) start(v uint64) {
	if o.x != nil {
		o.set(v)
	}
}
