package explore

import (
	"math/rand"
	"slices"
	"testing"
)

// A focused program is small, and nearly all it does is done to one object: every
// operation of it, those that wait for it, and those that are rare elsewhere. One
// Atomic carries messages beside it.

// focus is what can be done to one object: what never waits, what has a body, and
// the rest.
type focus struct{ plain, block, other []string }

var focuses = []focus{
	{words("load store add blind unlesszero subtest cas swap"), words("if loop busy"), words("await notify reinit retryon")},
	{words("load store blind cas"), words("if loop loop busy seen seen"), words("await retryon retryon")},
	{words("ftest fset fclear ftas ftac"), words("flock ftrylock"), words("funlock fwaitclear fwaitset freinit drop")},
	{nil, words("mutex trymutex"), words("lockonly unlock mreinit")},
	{nil, words("rw rlock tryrlock trywlock"), words("rwait rlockonly runlock wlockonly wunlock")},
	{words("csignal cbroadcast"), words("cwait cwait mutex trymutex"), words("cwhile cwait0 mreinit")},
	{words("vget vset"), words("mutex rlock if"), words("vreinit vdrop await")},
	{words("mload mstore mlos mlad mdel"), words("mutex rlock"), nil},
}

var (
	messages = words("load load store store cas blind swap")
	aside    = words("forget forget forgetas forgotten fatal violation panic wait")
)

type focused struct {
	r    *rand.Rand
	f    focus
	o, v int
	kids int
}

func (g *focused) pick(ops []string) string { return ops[g.r.Intn(len(ops))] }

// message is an operation on the other Atomic.
func (g *focused) message() instr { return instr{op: g.pick(messages), o: 1 - g.o, v: g.r.Intn(2)} }

func (g *focused) plain() instr {
	if len(g.f.plain) == 0 || g.r.Intn(3) == 0 {
		return g.message()
	}
	return instr{op: g.pick(g.f.plain), o: g.o, v: g.r.Intn(2)}
}

func (g *focused) instr(depth int) instr {
	r := g.r
	k := r.Intn(20)
	switch {
	case k < 5:
		return g.message()
	case k < 10 && len(g.f.other) > 0:
		return instr{op: g.pick(g.f.other), o: g.o, v: r.Intn(2)}
	case k < 14 && depth < 2:
		return instr{op: g.pick(g.f.block), o: g.o, v: r.Intn(2), body: g.body(depth+1, 1+r.Intn(2))}
	case k == 17 && depth < 2:
		return instr{op: "atomically", body: []instr{g.plain(), g.plain()}}
	case k == 18 && g.kids > 0:
		g.kids--
		return instr{op: "go", body: g.body(2, 1+r.Intn(2))}
	case k >= 18:
		return instr{op: g.pick(aside), o: r.Intn(2), v: r.Intn(2)}
	}
	return g.plain()
}

func (g *focused) body(depth, n int) []instr {
	var out []instr
	for range n {
		out = append(out, g.instr(depth))
	}
	return out
}

func focusedProgram(r *rand.Rand) *program {
	g := &focused{r: r, f: focuses[r.Intn(len(focuses))], o: r.Intn(2), kids: 1}
	p := &program{}
	shapes := [][]int{{2, 2}, {3, 1}, {3, 2}, {3, 3}, {1, 1, 1}, {2, 1, 1}, {2, 2, 1}, {2, 2, 2}, {1, 1, 1, 1}}
	for _, n := range shapes[r.Intn(len(shapes))] {
		p.tasks = append(p.tasks, g.body(0, n))
	}
	if r.Intn(12) == 0 { // priorities
		for i := range p.tasks {
			p.tasks[i] = slices.Insert(p.tasks[i], 0, instr{op: "prio", v: i})
		}
	}
	return p
}

// TestFocusedPrograms compares programs that crowd about one object with brute force.
func TestFocusedPrograms(t *testing.T) {
	t.Logf("%d programs compared", campaign(t, *randomCount, focusedProgram, compare))
}
