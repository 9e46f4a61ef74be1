package explore

import (
	"fmt"
	"math/bits"
	"strings"
)

// A state that comes again on its own path means that the program can go round.
// Whether it can do so for ever under a fair scheduler is read off the graph of
// all states, which is built only then: a strongly connected component in which
// every task takes a step or is disabled somewhere is a livelock. All of a
// component can be walked in one cycle, so looking at the largest ones suffices.
//
// Locks are taken to be fair: a task that waits for one which is free somewhere in a
// cycle gets it there, as blocks, which do not end where a lock is let go, cannot tell.
// So where a task starves at a lock in a component, parts of it are looked at in which
// the lock is never free.
type graph struct {
	merge
	nodes []node
}

type node struct {
	enabled uint32
	queued  uint32 // who waits for a lock
	from    int32  // first found from this node, by
	by      int8   // this task
	edges   []edge
}

type edge struct {
	task int8
	to   int32
}

func (g *graph) Choose(x *X, s *state) int {
	d := x.pos
	if x.fast {
		g.restore(x, d)
		g.pending = true
		return g.stack[d].choice
	}
	if g.pending && d > 0 {
		g.endBlock(x)
	}
	g.pending = true
	f := g.push(x, d)
	f.sleep, f.todo = 0, s.Enabled
	from, by := int32(-1), 0
	if d > 0 {
		from, by = g.stack[d-1].node, g.stack[d-1].choice
	}
	slot := g.seen.lookup(x.stateHash())
	if slot == nil || slot.used != 0 {
		if slot != nil && from >= 0 {
			g.nodes[from].edges = append(g.nodes[from].edges, edge{int8(by), int32(slot.used - 1)})
		}
		g.stack, g.keys = g.stack[:d], g.keys[:d]
		g.pending = false
		return -1
	}
	g.nodes = append(g.nodes, node{enabled: s.Enabled, queued: x.queued(), from: from, by: int8(by)})
	slot.used = uint32(len(g.nodes))
	f.node = int32(len(g.nodes) - 1)
	if from >= 0 {
		g.nodes[from].edges = append(g.nodes[from].edges, edge{int8(by), f.node})
	}
	f.choice = bits.TrailingZeros32(f.todo)
	return f.choice
}

// livelocks looks for one, after a search that saw a cycle.
func (x *X) livelocks(prog func(*X), o *Options) (cut string) {
	for {
		g := &graph{}
		g.nosleep = true
		g.seen.limit = o.memory()
		x.strat = g
		x.plan, x.fast = nil, false
		cut = x.search(prog, o, func() {})
		if cut != "" || g.seen.full {
			return "cycles"
		}
		if g.restarts > 0 {
			continue // the numbers of nodes are of different searches
		}
		if c := g.livelock(); c != nil {
			x.walk(prog, g, c)
		}
		return ""
	}
}

// queued returns who waits for a lock.
func (x *X) queued() uint32 {
	var q uint32
	for r := x.live; r != 0; r &= r - 1 {
		t := x.tasks[bits.TrailingZeros32(r)]
		if isAcquire(t.pend.access) && !x.enabled(t) {
			q |= 1 << t.id
		}
	}
	return q
}

// livelock returns a component that a fair scheduler may stay in, or nil.
func (g *graph) livelock() []int32 {
	all := make([]int32, len(g.nodes))
	for i := range all {
		all[i] = int32(i)
	}
	for parts := [][]int32{all}; len(parts) > 0; {
		part := parts[len(parts)-1]
		parts = parts[:len(parts)-1]
		for _, c := range g.components(part) {
			unfair, starving := g.unfair(c)
			if unfair|starving == 0 {
				return c
			}
			if unfair == 0 {
				if rest := g.without(c, starving); len(rest) > 0 {
					parts = append(parts, rest)
				}
			}
		}
	}
	return nil
}

// without leaves out the nodes in which one of the tasks could go on.
func (g *graph) without(c []int32, tasks uint32) []int32 {
	var out []int32
	for _, v := range c {
		if g.nodes[v].enabled&tasks == 0 {
			out = append(out, v)
		}
	}
	return out
}

// components returns the strongly connected components of a part of the graph with an
// edge in them (Tarjan 1972, without recursion).
func (g *graph) components(part []int32) [][]int32 {
	n := len(g.nodes)
	in := make([]bool, n)
	for _, v := range part {
		in[v] = true
	}
	index, low := make([]int32, n), make([]int32, n)
	next := make([]int32, n) // edges looked at
	onStack := make([]bool, n)
	var out [][]int32
	var stack, calls []int32
	count := int32(0)
	for _, root := range part {
		if index[root] != 0 {
			continue
		}
		calls = append(calls[:0], root)
		for len(calls) > 0 {
			v := calls[len(calls)-1]
			if index[v] == 0 {
				count++
				index[v], low[v] = count, count
				stack = append(stack, v)
				onStack[v] = true
			}
			if int(next[v]) < len(g.nodes[v].edges) {
				w := g.nodes[v].edges[next[v]].to
				next[v]++
				if !in[w] {
					continue
				}
				if index[w] == 0 {
					calls = append(calls, w)
				} else if onStack[w] {
					low[v] = min(low[v], index[w])
				}
				continue
			}
			calls = calls[:len(calls)-1]
			if len(calls) > 0 {
				u := calls[len(calls)-1]
				low[u] = min(low[u], low[v])
			}
			if low[v] != index[v] {
				continue
			}
			i := len(stack) - 1
			for stack[i] != v {
				i--
			}
			c := append([]int32(nil), stack[i:]...)
			for _, w := range c {
				onStack[w] = false
			}
			stack = stack[:i]
			if len(c) > 1 || g.loops(v) {
				out = append(out, c)
			}
		}
	}
	return out
}

func (g *graph) loops(v int32) bool {
	for _, e := range g.nodes[v].edges {
		if e.to == v {
			return true
		}
	}
	return false
}

// unfair returns who could go on everywhere in a component and takes no step in it, and
// who takes none because he waits for a lock that is free somewhere.
func (g *graph) unfair(c []int32) (always, starving uint32) {
	in := map[int32]bool{}
	for _, v := range c {
		in[v] = true
	}
	always, kept := ^uint32(0), ^uint32(0)
	some, steps := uint32(0), uint32(0)
	for _, v := range c {
		n := &g.nodes[v]
		always &= n.enabled
		kept &= n.enabled | n.queued
		some |= n.enabled
		for _, e := range n.edges {
			if in[e.to] {
				steps |= 1 << e.task
			}
		}
	}
	return always &^ steps, kept & some &^ always &^ steps
}

// walk runs the execution that goes to the component and once round it, and
// reports it.
func (x *X) walk(prog func(*X), g *graph, c []int32) {
	in := map[int32]bool{}
	start := c[0]
	for _, v := range c {
		in[v] = true
		start = min(start, v)
	}
	var plan []int8
	for v := start; g.nodes[v].from >= 0; v = g.nodes[v].from {
		plan = append([]int8{g.nodes[v].by}, plan...)
	}
	at, steps := start, uint32(0)
	some, kept := uint32(0), ^uint32(0)
	for {
		// The nearest edge by a task that could go on, was never disabled but for waiting
		// for a lock, and took no step; or to where it is disabled.
		n := &g.nodes[at]
		some |= n.enabled
		kept &= n.enabled | n.queued
		need := some & kept &^ steps
		p, to := g.path(at, in, func(v int32, e edge) bool {
			to := &g.nodes[e.to]
			return need>>e.task&1 != 0 || need&^(to.enabled|to.queued) != 0
		})
		if need == 0 || p == nil {
			break
		}
		for _, e := range p {
			steps |= 1 << e.task
			some |= g.nodes[e.to].enabled
			kept &= g.nodes[e.to].enabled | g.nodes[e.to].queued
			plan = append(plan, e.task)
		}
		at = to
	}
	if p, _ := g.path(at, in, func(_ int32, e edge) bool { return e.to == start }); at != start || steps == 0 {
		for _, e := range p {
			steps |= 1 << e.task
			plan = append(plan, e.task)
		}
	}
	x.strat, x.plan, x.fast = stopper{}, plan, false
	x.drive(func(x *X) { x.leaving = func() { x.reportCycle(steps) }; prog(x) })
	x.leaving = nil
}

// stopper ends an execution when its plan is done.
type stopper struct{}

func (stopper) Next(*X) bool { return true }
func (stopper) Choose(x *X, _ *state) int {
	if x.leaving != nil {
		x.leaving()
	}
	return -1
}

func (x *X) reportCycle(steps uint32) {
	var names []string
	for r := steps; r != 0; r &= r - 1 {
		names = append(names, x.tasks[bits.TrailingZeros32(r)].name)
	}
	detail := fmt.Sprintf("%s can go round for ever", strings.Join(names, ", "))
	for r := x.live &^ steps; r != 0; r &= r - 1 {
		if t := x.tasks[bits.TrailingZeros32(r)]; t.pend.kind != pendJoin {
			detail += "; " + x.waiting(t)
		}
	}
	x.report("livelock", detail)
}

// path finds the shortest walk inside a component that ends with a wanted edge.
func (g *graph) path(from int32, in map[int32]bool, want func(int32, edge) bool) ([]edge, int32) {
	type step struct {
		prev int32
		e    edge
	}
	came := map[int32]step{}
	seen := map[int32]bool{from: true}
	queue := []int32{from}
	for len(queue) > 0 {
		v := queue[0]
		queue = queue[1:]
		for _, e := range g.nodes[v].edges {
			if !in[e.to] {
				continue
			}
			if want(v, e) {
				out := []edge{e}
				for u := v; u != from; u = came[u].prev {
					out = append([]edge{came[u].e}, out...)
				}
				return out, e.to
			}
			if !seen[e.to] {
				seen[e.to] = true
				came[e.to] = step{v, e}
				queue = append(queue, e.to)
			}
		}
	}
	return nil, from
}
