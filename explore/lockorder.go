package explore

import "slices"

// Inversion is two locks that tasks take in both orders: whether or not an
// execution has ended in a deadlock by it, the order is wrong.
type Inversion struct {
	First, Second string // as one task takes them; another takes First while it holds Second
	Task, Other   string
}

// lockOrder is which locks were taken while another was held.
type lockOrder struct {
	pairs map[[2]*object]string // outer and inner: a task that did it
	found []Inversion
}

// took notes that t has taken a lock, and looks for the opposite order.
func (x *X) took(t *task, p *object) {
	for _, h := range t.held {
		if x.fast {
			break
		}
		k := [2]*object{h, p}
		if _, ok := x.order.pairs[k]; ok || h == p {
			continue
		}
		if x.order.pairs == nil {
			x.order.pairs = map[[2]*object]string{}
		}
		x.order.pairs[k] = t.name
		if who, ok := x.order.pairs[[2]*object{p, h}]; ok && who != t.name {
			x.order.found = append(x.order.found, Inversion{p.String(), h.String(), who, t.name})
		}
	}
	t.held = append(t.held, p)
}

// gave notes that t has let a lock go.
func (x *X) gave(t *task, p *object) {
	for i := len(t.held) - 1; i >= 0; i-- {
		if t.held[i] == p {
			t.held = slices.Delete(t.held, i, i+1)
			return
		}
	}
}
