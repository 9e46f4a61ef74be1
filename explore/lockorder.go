package explore

import (
	"fmt"
	"slices"
)

// lockOrder is which locks were taken while another was held, by id.
type lockOrder struct {
	edges []lockEdge
	after map[uint64][]int // edges, by the lock that was held
	found []string
}

// lockEdge says that a task took a lock while it held another.
type lockEdge struct {
	From, To         uint64
	FromName, ToName string
	Task             string
}

func (e *lockEdge) String() string {
	return fmt.Sprintf("%s takes %s behind %s", e.Task, e.ToName, e.FromName)
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
		circle := e.String()
		for _, f := range path {
			circle += ", " + l.edges[f].String()
		}
		l.found = append(l.found, circle)
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
