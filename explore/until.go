package explore

// until is what a task waits for: a condition on the value of an object.
type until struct {
	o *object
	test
}

// waitsFor adds what t waits for, or has waited for, to to: it goes on when one of
// these holds.
func (t *task) waitsFor(to []until) []until {
	p := &t.pend
	if p.retries() {
		for _, w := range t.wait {
			to = append(to, until{w.obj, test{mask: ^uint64(0), want: w.val, not: true}})
		}
	} else if p.mask != 0 {
		to = append(to, until{p.obj, test{mask: p.mask, want: p.want}})
	}
	return to
}

func (p *pending) retries() bool { return p.kind == pendRetry || p.kind == pendBusy }

// couldGo says whether event i, by a task that waits, could go on when all that does
// not come after event j has happened. Event j has to touch what it waits for; else it
// conflicts with what comes behind the wait, which something else orders.
func (m *dpor) couldGo(i, j int, foot *footprint, waits []until) bool {
	touches, goes := false, false
	for n := range waits {
		w := &waits[n]
		if _, ok := m.events[j].foot.before(w.o); ok {
			touches = true
		}
		goes = goes || w.holds(m.foundBy(i, foot, w.o)-m.since(i, j, w.o))
	}
	return touches && goes
}

// foundBy is the value of o before event i.
func (m *dpor) foundBy(i int, foot *footprint, o *object) uint64 {
	if i == len(m.stack) {
		return o.val
	}
	val, _ := foot.before(o)
	return val
}

// since is what event j, and all that comes after it, have added to o up to event i.
func (m *dpor) since(i, j int, o *object) (d uint64) {
	t := m.events[j].task
	bit := uint64(1) << (uint32(o.idx) & 63)
	for l := j; l < i; l++ {
		if m.events[l].wr&bit == 0 || m.stack[l].clock[t] <= int32(j) {
			continue
		}
		d += m.events[l].foot.added(o)
	}
	return d
}

// added is what f has added to the value of o.
func (f *footprint) added(o *object) (d uint64) {
	for i := range f.acc {
		if a := &f.acc[i]; a.o == o {
			d += a.delta
		}
	}
	return d
}
