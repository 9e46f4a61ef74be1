package explore

// access is one entry of a footprint: object, kind of access, and whether it was
// the block's visible operation (a scheduling point stood before it).
type access uint32

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
)

func mkAccess(obj int32, k kind, first bool) access {
	a := access(obj)<<4 | access(k)<<1
	if first {
		a |= 1
	}
	return a
}

func (a access) obj() int32  { return int32(a >> 4) }
func (a access) kind() kind  { return kind(a >> 1 & 7) }
func (a access) first() bool { return a&1 != 0 }

// relation of two accesses to the same object by different tasks
type relation uint8

const (
	commute relation = iota
	depend           // order matters, and a scheduling point stands before whichever comes second
	race             // order matters, but no scheduling point stands between: refine
)

// related says how two accesses to one object relate. A release and a blocking
// acquisition of the same lock are ordered by the lock itself: the acquisition
// is disabled until the release, so no scheduling point is needed before it.
func related(a, b access) relation {
	ka, kb := a.kind(), b.kind()
	if ka == kb && (ka == kindRead || ka == kindAdd) {
		return commute
	}
	sharedA := ka == kindRLock || ka == kindRUnlock
	sharedB := kb == kindRLock || kb == kindRUnlock
	if sharedA && sharedB {
		return commute
	}
	if isRelease(ka) && isAcquire(kb) || isRelease(kb) && isAcquire(ka) {
		return depend
	}
	if a.first() && b.first() {
		return depend
	}
	return race
}

func isRelease(k kind) bool { return k == kindUnlock || k == kindRUnlock }
func isAcquire(k kind) bool { return k == kindLock || k == kindRLock }

// compare relates two blocks and, where they race, notes what has to become
// visible.
func (x *X) compare(p, q []access) relation {
	rel := commute
	for _, a := range p {
		for _, b := range q {
			if a.obj() != b.obj() {
				continue
			}
			switch related(a, b) {
			case depend:
				rel = max(rel, depend)
			case race:
				x.needVisible(a)
				x.needVisible(b)
				rel = race
			}
		}
	}
	return rel
}

func (x *X) needVisible(a access) {
	if a.first() {
		return
	}
	v := visibleOps
	if isRelease(a.kind()) {
		v = visibleRelease
	}
	x.refine = append(x.refine, refinement{a.obj(), v})
}

// applyRefinements makes what raced visible; the search starts again.
func (x *X) applyRefinements() bool {
	changed := false
	for _, r := range x.refine {
		if x.mode[r.obj]&r.v == 0 {
			x.mode[r.obj] |= r.v
			changed = true
		}
	}
	x.refine = x.refine[:0]
	return changed
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
func (x *X) toggle(obj int32, v uint64) {
	if v == 0 {
		return
	}
	x.hash.a ^= mix(uint64(obj)<<1, v)
	x.hash.b ^= mix(uint64(obj)<<1|1, v)
}

func (t *task) observe(v uint64) {
	t.hist.a = mix(t.hist.a, v)
	t.hist.b = mix(t.hist.b, v)
}

// StateHash identifies the state before a choice: all shared values, and of each
// task what it has observed, whether it ended and whether it is enabled.
func (x *X) stateHash() hash128 {
	h := x.hash
	for _, t := range x.tasks[:x.ntasks] {
		e := uint64(t.id) << 2
		if t.done {
			h.a += mix(e|1, 7)
			h.b += mix(e|1, 9)
			continue
		}
		if x.state.Enabled&(1<<t.id) != 0 {
			e |= 2
		}
		h.a += mix(t.hist.a, e)
		h.b += mix(t.hist.b, e)
	}
	return h
}
