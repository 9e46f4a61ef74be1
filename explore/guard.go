package explore

// Comparing the accesses of a whole execution (fine.go) costs the optimal search
// more than running it, and is nearly always in vain. So each object remembers how
// it has been used since the search began: as long as only one task came to it,
// or nothing but scheduling points, or all accesses only read, or all were made
// while the task held one lock exclusively, there is nothing to be found at it.
// A lock of which every access is a scheduling point that takes it or the release
// of a hold puts the tasks that hold it in order, as fine.go sees it.

// usage is what the accesses to an object had in common.
type usage struct {
	user    int8    // the only task that came, task+1; 0: nobody did
	tail    bool    // somebody came behind a scheduling point
	changed bool    // somebody did more than read
	guard   *object // the lock that all held; the object itself: it is a lock, used as one; nil: none
}

const severalUsers = -1

// protect notes an access, before it is made, and says whether what it may
// conflict with has to be looked for.
func (p *object) protect(t *task, k kind, first bool) (open bool) {
	me := int8(t.id) + 1
	u := &p.usage
	asLock := first && isAcquire(k) || k == kindUnlock || k == kindRUnlock
	switch {
	case u.user == me:
	case u.user != 0:
		u.user = severalUsers
	case asLock:
		u.user, u.guard = me, p
	default:
		u.user, u.guard = me, t.guard()
	}
	if g := u.guard; g != nil {
		if g == p && !asLock || g != p && (g.usage.guard != g || g.holder != me) {
			u.guard = nil
		}
	}
	u.tail = u.tail || !first
	u.changed = u.changed || k != kindRead
	return u.guard == nil && u.user == severalUsers && u.tail && u.changed
}

// guard is the lock that t took last of those it holds exclusively.
func (t *task) guard() *object {
	for i := len(t.held) - 1; i >= 0; i-- {
		if o := t.held[i]; int(o.holder) == t.id+1 {
			return o
		}
	}
	return nil
}

// forgetUsage is for a search that begins again: other accesses are scheduling
// points now.
func (x *X) forgetUsage() {
	for _, o := range x.list {
		o.usage = usage{}
	}
}
