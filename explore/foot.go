package explore

import "math/bits"

// kind is what an access does to an object, as far as others can tell.
type kind uint8

const (
	kindRead    kind = iota // observes, changes nothing
	kindAdd                 // changes in a way that commutes with other adds and is not observed
	kindWrite               // changes
	kindLock                // blocking acquisition, exclusive
	kindUnlock              // release, exclusive
	kindRLock               // blocking acquisition, shared
	kindRUnlock             // release, shared
	kindUpdate              // observes and changes
	kindHand                // release of a lock that another task took
	kindSpawn               // a task was started here
	kindWatch               // behind the block, its task waits for another value
)

// access is one line of a footprint.
type access struct {
	o      *object
	group  *object // whose visibility decides whether a scheduling point stood before it
	before uint64  // the object's value; for a spawn, the number of the task
	delta  uint64  // what was added to it
	kind   kind
	first  bool // it is the block's visible operation, or part of it
	behind bool // the scheduling point that group stands for is the one before its release
}

// footprint is what a block did, in order. The masks hold one bit for each
// object modulo 64, so that most pairs of blocks are told apart at once.
type footprint struct {
	acc          []access
	rd, wr       uint64 // observed only; anything else
	tailR, tailW uint64 // the same, without what is first
	spawns       int    // tasks that were started
	test         test   // on which it depends whether the first access changes anything
	open         bool   // what is first is more than one access, or depends on more than a value
}

// test is a condition on the value of an object.
type test struct {
	mask, want uint64 // mask 0: none
	not        bool
}

var (
	ifZero     = test{mask: ^uint64(0)}
	unlessZero = test{mask: ^uint64(0), not: true}
)

func (c *test) holds(v uint64) bool { return (v&c.mask == c.want) != c.not }

func (f *footprint) reset() {
	f.acc = f.acc[:0]
	f.rd, f.wr, f.tailR, f.tailW, f.spawns = 0, 0, 0, 0, 0
	f.test, f.open = test{}, false
}

func (f *footprint) add(o, group *object, k kind, first bool) {
	a := f.next()
	// One field after the other: a whole access would be made on the stack and copied
	// from there in larger words, for which the processor waits.
	a.o, a.group, a.before, a.delta, a.kind, a.first, a.behind = o, group, o.val, 0, k, first, false
	f.mask(o, k, first)
}

// next makes room for one more access, whose fields are still those of an old one.
func (f *footprint) next() *access {
	n := len(f.acc)
	if n == cap(f.acc) {
		f.acc = append(f.acc, access{})
	}
	f.acc = f.acc[:n+1]
	return &f.acc[n]
}

func (f *footprint) mask(o *object, k kind, first bool) {
	m := uint64(1) << (uint32(o.idx) & 63)
	if k == kindRead || k == kindWatch {
		f.rd |= m
		if !first {
			f.tailR |= m
		}
		return
	}
	f.wr |= m
	if !first {
		f.tailW |= m
	}
}

// depends notes that the last access changes something if c holds, which it does or
// not. If not, it is a read. The masks stay: they may say too much.
func (f *footprint) depends(c test, ok bool) {
	a := &f.acc[len(f.acc)-1]
	if !ok {
		a.kind = kindRead
	}
	if a.first {
		f.test = c
	}
}

func (f *footprint) spawn(x *X, id int) {
	if !x.fast {
		f.acc = append(f.acc, access{before: uint64(id), kind: kindSpawn})
		f.spawns++
	}
}

// change notes what the last access added to the object's value.
func (f *footprint) change(o *object, d uint64) {
	for k := len(f.acc) - 1; k >= 0; k-- {
		if a := &f.acc[k]; a.o == o {
			a.delta += d
			return
		}
	}
}

// copyTo keeps the footprint in g.
func (f *footprint) copyTo(g *footprint) {
	acc := append(g.acc[:0], f.acc...)
	*g = *f
	g.acc = acc
}

// before is the value that the footprint's first access to o found.
func (f *footprint) before(o *object) (val uint64, ok bool) {
	for i := range f.acc {
		if a := &f.acc[i]; a.o == o && a.kind != kindSpawn {
			return a.before, true
		}
	}
	return 0, false
}

// hash identifies what is open: the accesses that no scheduling point precedes.
func (f *footprint) hash() uint64 {
	var h uint64
	for i := range f.acc {
		a := &f.acc[i]
		if a.first {
			continue
		}
		id := a.before << 20
		if a.o != nil {
			id = a.o.id
		}
		h = mix(h^uint64(a.kind), id)
		if a.group != a.o && a.group != nil {
			h = mix(h, a.group.id) // which has to become a scheduling point
			if a.behind {
				h++
			}
		}
	}
	return h
}

// conflict says whether the order of two accesses to one object matters.
func conflict(a, b *access) bool {
	if a.o != b.o || a.o == nil {
		return false
	}
	ka, kb := a.kind, b.kind
	if ka == kb && (ka == kindRead || ka == kindAdd) {
		return false
	}
	if ka == kindWatch || kb == kindWatch {
		return ka != kindRead && kb != kindRead && ka != kb
	}
	sharedA := ka == kindRLock || ka == kindRUnlock
	sharedB := kb == kindRLock || kb == kindRUnlock
	return !(sharedA && sharedB)
}

// dependent says whether the order of two blocks matters.
func dependent(f, g *footprint) bool {
	if !touch(f, g) {
		return false
	}
	for i := range f.acc {
		for j := range g.acc {
			if conflict(&f.acc[i], &g.acc[j]) {
				return true
			}
		}
	}
	return false
}

func isRelease(k kind) bool { return k == kindUnlock || k == kindRUnlock || k == kindHand }
func isAcquire(k kind) bool { return k == kindLock || k == kindRLock }

// races compares the block that t has just run with what the last blocks of the
// others did behind their scheduling points. Had such an access come later,
// after t's, nothing but a lock could have noticed: so if the two conflict and
// no lock orders them, both have to become scheduling points. It says whether
// any did.
func (x *X) races(t *task) bool {
	f := &t.foot
	found := x.unseen(t)
	found = x.tooLate(t) || found
	for _, u := range x.tasks[:x.ntasks] {
		w := u.win
		if u == t || w == nil {
			continue
		}
		if w.tailW&(f.rd|f.wr) == 0 && w.tailR&f.wr == 0 {
			continue
		}
		if x.racing(t, f, w) {
			found = true
		}
	}
	return found
}

func (x *X) racing(t *task, f, w *footprint) bool {
	found := false
	for i := range w.acc {
		a := &w.acc[i]
		if a.first || a.kind == kindWatch {
			continue
		}
		for j := range f.acc {
			b := &f.acc[j]
			if b.kind == kindWatch || !conflict(a, b) || isRelease(a.kind) && isAcquire(b.kind) || ordered(t, w, i, f, j) {
				continue
			}
			x.makeVisible(a)
			x.makeVisible(b)
			found = true
		}
	}
	return found
}

// ordered says whether the i-th access of another task's last block w comes
// before the j-th of t's block f in every interleaving: a lock was released
// behind the one that t has taken since, or t was started behind it.
func ordered(t *task, w *footprint, i int, f *footprint, j int) bool {
	for r := i; r < len(w.acc); r++ {
		rel := &w.acc[r]
		switch {
		case rel.kind == kindSpawn:
			if int(rel.before) == t.id {
				return true
			}
		case rel.kind == kindUnlock:
			if heldFrom(t, rel.o, f, true) <= j {
				return true
			}
		case rel.kind == kindRUnlock || rel.kind == kindHand:
			if heldFrom(t, rel.o, f, false) <= j {
				return true
			}
		}
	}
	return false
}

// heldFrom returns the index in f from which on all t does comes after its
// present hold of the lock o began; shared says whether a shared hold counts.
func heldFrom(t *task, o *object, f *footprint, shared bool) int {
	const never = 1 << 30
	for k := range f.acc {
		a := &f.acc[k]
		if a.o != o {
			continue
		}
		switch {
		case a.kind == kindLock || a.kind == kindRLock && shared:
			return k + 1
		case a.kind == kindUnlock || a.kind == kindRUnlock && shared:
			return 0
		}
		return never
	}
	if int(o.holder) == t.id+1 || shared && o.readers>>(4*t.id)&15 != 0 {
		return 0
	}
	return never
}

func (x *X) makeVisible(a *access) {
	if a.first || a.group == nil {
		return
	}
	v := visibleOps
	if isRelease(a.kind) || a.behind {
		v |= visibleRelease
	}
	if a.group.mode&v != v {
		a.group.mode |= v
		x.refine = append(x.refine, a.group)
	}
}

// mix is a 64-bit finaliser (splitmix64 of Steele, Lea and Flood, OOPSLA 2014)
// over two words.
func mix(a, b uint64) uint64 {
	z := a*0x9e3779b97f4a7c15 + b*0xd6e8feb86659fd93 + 0x632be59bd9b4e019
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// toggle adds or removes one object's value in the hash of the shared state.
func (x *X) toggle(obj uint64, v uint64) {
	if v == 0 {
		return
	}
	x.hash.a ^= mix(obj<<1, v)
	x.hash.b ^= mix(obj<<1|1, v)
}

// held notes who holds a lock, task+1, and readers how often everybody holds it
// shared. The value may not say so, but what comes before what depends on it (see
// ordered), so it is state.
func (o *obj) held(by int8, readers uint64) {
	x, p := o.x, o.p
	if !x.fast && !x.nohash {
		x.toggle(^p.id, p.holds())
	}
	p.holder, p.readers = by, readers
	if !x.fast && !x.nohash {
		x.toggle(^p.id, p.holds())
	}
}

func (p *object) holds() uint64 {
	return uint64(p.holder)*0x9e3779b97f4a7c15 ^ p.readers
}

func (t *task) observe(v uint64) {
	if !t.x.fast && !t.x.nohash {
		t.learn(v)
	}
}

func (t *task) learn(v uint64) {
	k := &t.know
	k.hist.a = mix(k.hist.a+k.n*0x9e3779b97f4a7c15, v)
	k.hist.b = mix(k.hist.b+k.n*0xc2b2ae3d27d4eb4f, v)
}

func (t *task) observeBool(b bool) {
	if b {
		t.observe(1)
	} else {
		t.observe(0)
	}
}

// stateHash identifies the state before a choice: all shared values, and of each
// task what it has observed, also of one that ended: what it found out may be
// looked at after Wait.
func (x *X) stateHash() hash128 {
	h := x.hash
	for _, t := range x.tasks[:x.ntasks] {
		k := &t.know
		e := k.n<<8 ^ uint64(t.pend.kind)<<1
		if t.done {
			e ^= 1
		}
		o := k.open ^ bits.RotateLeft64(k.watch, 32)
		h.a += mix(k.hist.a^o, e)
		h.b += mix(k.hist.b^^o, ^e)
	}
	return h
}

// commute says whether blocks of two tasks may commute at all: one that a task of
// higher priority keeps from its cpu depends on whatever wakes that task.
func (x *X) commute(p, q int) bool {
	return !x.ordered || !x.preemptible(x.tasks[p]) && !x.preemptible(x.tasks[q])
}

// preempts says whether a task keeps another from its cpu.
func (x *X) preempts(t *task) bool {
	for _, u := range x.tasks[:x.ntasks] {
		if t.cpu >= 0 && u.cpu == t.cpu && u.prio < t.prio {
			return true
		}
	}
	return false
}

func (x *X) preemptible(t *task) bool {
	if t.cpu < 0 {
		return false
	}
	for _, u := range x.tasks[:x.ntasks] {
		if u.cpu == t.cpu && u.prio > t.prio {
			return true
		}
	}
	return false
}
