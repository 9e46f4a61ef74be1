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

// lockOrder is which locks were taken while another was held, by id.
type lockOrder struct {
	edges []lockEdge
	after map[uint64][]int // edges, by the lock that was held
	found []Inversion
}

// lockEdge says that a task took a lock while it held another.
type lockEdge struct {
	From, To         uint64
	FromName, ToName string
	Task             string
}

// took notes that t has taken a lock, and looks for a circle that this closes.
func (x *X) took(t *task, p *object) {
	if !x.fast && len(t.held) > 0 {
		for _, h := range t.held {
			x.order.took(h, p, t.name)
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

func (l *lockOrder) took(from, to *object, task string) {
	if from == to || l.knows(from.id, to.id) {
		return
	}
	l.add(lockEdge{from.id, to.id, from.String(), to.String(), task})
}

func (l *lockOrder) knows(from, to uint64) bool {
	for _, e := range l.after[from] {
		if l.edges[e].To == to {
			return true
		}
	}
	return false
}

// add notes an edge, unless it is known, and looks for the circle that it closes.
func (l *lockOrder) add(e lockEdge) {
	if l.knows(e.From, e.To) {
		return
	}
	if l.after == nil {
		l.after = map[uint64][]int{}
	}
	l.after[e.From] = append(l.after[e.From], len(l.edges))
	l.edges = append(l.edges, e)
	if path := l.path(e.To, e.From, map[uint64]bool{}); path != nil {
		inv := Inversion{Locks: []string{e.ToName}, Tasks: []string{e.Task}}
		for _, f := range path {
			inv.Locks = append(inv.Locks, l.edges[f].ToName)
			inv.Tasks = append(inv.Tasks, l.edges[f].Task)
		}
		l.found = append(l.found, inv)
	}
}

// path finds how one lock leads to another.
func (l *lockOrder) path(from, to uint64, seen map[uint64]bool) []int {
	seen[from] = true
	for _, i := range l.after[from] {
		e := &l.edges[i]
		if e.To == to {
			return []int{i}
		}
		if seen[e.To] {
			continue
		}
		if p := l.path(e.To, to, seen); p != nil {
			return append([]int{i}, p...)
		}
	}
	return nil
}
