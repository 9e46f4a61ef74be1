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
type graph struct {
	merge
	nodes []node
}

type node struct {
	enabled uint32
	live    uint32
	from    int32 // first found from this node, by
	by      int8  // this task
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
	g.nodes = append(g.nodes, node{enabled: s.Enabled, live: s.Live, from: from, by: int8(by)})
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
		for _, c := range g.components() {
			if g.fair(c) {
				x.walk(prog, g, c)
				break
			}
		}
		return ""
	}
}

// components returns the strongly connected components with an edge in them
// (Tarjan 1972, without recursion).
func (g *graph) components() [][]int32 {
	n := len(g.nodes)
	index, low := make([]int32, n), make([]int32, n)
	next := make([]int32, n) // edges looked at
	onStack := make([]bool, n)
	var out [][]int32
	var stack, calls []int32
	count := int32(0)
	for root := range g.nodes {
		if index[root] != 0 {
			continue
		}
		calls = append(calls[:0], int32(root))
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

// fair says whether every task that is enabled in all of the component takes a
// step in it.
func (g *graph) fair(c []int32) bool {
	in := map[int32]bool{}
	for _, v := range c {
		in[v] = true
	}
	always, steps := ^uint32(0), uint32(0)
	for _, v := range c {
		always &= g.nodes[v].enabled
		for _, e := range g.nodes[v].edges {
			if in[e.to] {
				steps |= 1 << e.task
			}
		}
	}
	return always&^steps == 0
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
	always := ^uint32(0)
	for {
		// The nearest edge by a task that was always enabled and took no step.
		always &= g.nodes[at].enabled
		need := always &^ steps
		p, to := g.path(at, in, func(v int32, e edge) bool {
			return need>>e.task&1 != 0 || e.to >= 0 && need&^g.nodes[e.to].enabled != 0
		})
		if need == 0 || p == nil {
			break
		}
		for _, e := range p {
			steps |= 1 << e.task
			always &= g.nodes[e.to].enabled
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
