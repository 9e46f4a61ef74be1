package explore

import "slices"

// Inversion is a circle of locks: each is taken by some task while it holds the
// one before, and the first while the last is held. Whether or not an execution
// has ended in a deadlock by it, the order is wrong, unless another lock keeps the
// tasks apart.
type Inversion struct {
	Locks []string
	Tasks []string // who takes each while holding the one before
}

// lockOrder is which locks were taken while another was held.
type lockOrder struct {
	after map[*object][]lockEdge // by the lock that was held
	found []Inversion
}

type lockEdge struct {
	to   *object
	task string
}

// took notes that t has taken a lock, and looks for a circle that this closes.
func (x *X) took(t *task, p *object) {
	if !x.fast && len(t.held) > 0 {
		for _, h := range t.held {
			x.order.add(h, p, t.name)
		}
	}
	t.held = append(t.held, p)
}

// gave notes that t has let a lock go.
func (x *X) gave(t *task, p *object) {
	n := len(t.held)
	if n > 0 && t.held[n-1] == p {
		t.held = t.held[:n-1]
		return
	}
	if i := slices.Index(t.held, p); i >= 0 {
		t.held = slices.Delete(t.held, i, i+1)
	}
}

func (l *lockOrder) add(from, to *object, task string) {
	if from == to {
		return
	}
	for _, e := range l.after[from] {
		if e.to == to {
			return
		}
	}
	if l.after == nil {
		l.after = map[*object][]lockEdge{}
	}
	l.after[from] = append(l.after[from], lockEdge{to, task})
	if path := l.path(to, from, map[*object]bool{}); path != nil {
		inv := Inversion{Locks: []string{to.String()}, Tasks: []string{task}}
		for _, e := range path {
			inv.Locks = append(inv.Locks, e.to.String())
			inv.Tasks = append(inv.Tasks, e.task)
		}
		l.found = append(l.found, inv)
	}
}

// path finds how one lock leads to another.
func (l *lockOrder) path(from, to *object, seen map[*object]bool) []lockEdge {
	seen[from] = true
	for _, e := range l.after[from] {
		if e.to == to {
			return []lockEdge{e}
		}
		if seen[e.to] {
			continue
		}
		if p := l.path(e.to, to, seen); p != nil {
			return append([]lockEdge{e}, p...)
		}
	}
	return nil
}
