package explore

import "sync"

// The memory of a search is kept for the next one: small searches would spend
// most of their time on getting it.

var (
	dpors  = sync.Pool{New: func() any { return &dpor{} }}
	merges = sync.Pool{New: func() any { return &merge{} }}
	tasks  = sync.Pool{New: func() any { return &task{} }}
)

func newDpor(strict bool) *dpor {
	m := dpors.Get().(*dpor)
	m.strict = strict
	return m
}

// keep gives m back; nobody may use it any more.
func (m *dpor) keep() {
	for i := range m.stack {
		m.release(m.stack[i].tree)
		m.stack[i].tree = nil
	}
	*m = dpor{
		stack: m.stack[:0], events: m.events[:0], root: m.root, waiting: m.waiting,
		plan: m.plan[:0], seq: m.seq[:0], found: m.found[:0], free: m.free,
	}
	dpors.Put(m)
}

func newMerge(o *Options) *merge {
	m := merges.Get().(*merge)
	m.nomerge, m.nosleep, m.limit = o.NoMerge, o.NoSleep, o.memory()/4
	return m
}

// keep gives m back, but for a large table.
func (m *merge) keep() {
	if cap(m.walked.list) > 2*fewTransitions {
		m.walked.list = nil
	}
	slots := m.seen.slots
	if len(slots) > smallTable {
		slots = nil
	}
	clear(slots)
	*m = merge{
		stack: m.stack[:0], keys: m.keys[:0], plan: m.plan[:0], root: m.root, seen: table{slots: slots},
		walked: transitions{list: m.walked.list[:0]},
	}
	merges.Put(m)
}

func newTask(x *X, id int) *task {
	t := tasks.Get().(*task)
	t.x, t.id = x, id
	return t
}

// keep gives t back.
func (t *task) keep() {
	*t = task{foot: footprint{acc: t.foot.acc[:0]}, wait: t.wait[:0], reads: t.reads[:0], held: t.held[:0]}
	tasks.Put(t)
}
