package explore

// An object's number says in which order one worker met it, which differs from
// worker to worker. Hashes of states, and all that workers tell one another,
// therefore call an object by its id: the hash of class and number that the
// program gave it, and, where several objects have the same, of who made it and
// as the how manieth of that name.

// naming gives objects their ids.
type naming struct {
	alone     bool // there are no other workers: the number is the id
	first     map[nameKey]*object
	made      map[madeKey]int // objects of a name by a maker
	byID      map[uint64]*object
	shared    map[nameKey]bool // names that several objects have
	irregular bool             // an id may be another object's in another worker
	modes     map[uint64]visibility
}

type nameKey struct {
	Class string
	Num   int
}

type madeKey struct {
	nameKey
	maker int8
}

// name gives o, which is new, its id. The first of a name does not know yet
// whether it will be the only one; see settle.
func (n *naming) name(o *object) {
	n.init()
	k := nameKey{o.class, o.num}
	o.nth = int32(n.made[madeKey{k, o.maker}])
	n.made[madeKey{k, o.maker}]++
	switch {
	case n.shared[k]:
		o.id, o.common = o.ownID(), true
	case n.first[k] != nil:
		f := n.first[k]
		n.shared[k], f.common = true, true
		n.irregular = n.irregular || f.pinned
		o.id, o.common = o.ownID(), true
	default:
		o.id = hashString(k.Class, uint64(k.Num))
	}
	o.mode |= n.modes[o.id]
}

// met notes that o has its name.
func (n *naming) met(o *object) {
	n.byID[o.id] = o
	if !o.common {
		n.first[nameKey{o.class, o.num}] = o
	}
}

func (n *naming) init() {
	if n.first == nil {
		n.first = map[nameKey]*object{}
		n.made = map[madeKey]int{}
		n.byID = map[uint64]*object{}
		n.shared = map[nameKey]bool{}
	}
}

// again is told that the program uses p once more, under a name. A Go object
// that is used in every execution is p's for good, so another worker must come
// to call the same Go object the same; it does only if the name is its own.
func (n *naming) again(p *object, class string, num int) {
	if !n.alone && (p.class != class || p.num != num || p.pinned && p.common) {
		n.irregular = true
	}
}

// ownID is the id of an object that does not have its name alone.
func (o *object) ownID() uint64 {
	return mix(hashString(o.class, uint64(o.num)), uint64(o.maker)<<32|uint64(o.nth)+1)
}

// settle makes the ids those that every worker comes to, given which names
// several objects have, and says whether one changed. No execution may be under way
// and no state remembered.
func (n *naming) settle(shared map[nameKey]bool) (changed bool) {
	n.init()
	for k := range shared {
		n.shared[k] = true
	}
	for k := range n.shared {
		o := n.first[k]
		if o == nil {
			continue
		}
		n.irregular = n.irregular || o.pinned
		o.common = true
		if id := o.ownID(); id != o.id {
			delete(n.byID, o.id)
			o.id, changed = id, true
			n.byID[id] = o
		}
		delete(n.first, k)
	}
	return changed
}

// hashString is FNV-1a over s, mixed with n.
func hashString(s string, n uint64) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h, n)
}
