package explore

import (
	"math/rand"
	"slices"
	"testing"
)

// A transient program has a task that changes an object and puts it back, and another
// that waits for the object, or has looked at it before. Messages between them say who
// comes when, so that often one order alone of the two blocks shows it.

// transient is how an object is looked at, changed, put back and waited for.
type transient struct {
	o                        int
	read, change, back, wait []string
}

var transients = []transient{
	{1, words("load load cas"), words("store blind swap cas reinit add"), words("store swap cas reinit notify"),
		words("await loop loop seen seen busy retryon")},
	{0, words("ftest"), words("fset ftas freinit"), words("fclear ftac funlock freinit"), words("fwaitset fwaitclear flock ftrylock")},
	{1, nil, words("lockonly trymutex mutex mreinit"), words("unlock mreinit"), words("mutex trymutex")},
	{0, nil, words("rlockonly wlockonly rwait tryrlock"), words("runlock wunlock"), words("rw rlock rwait tryrlock trywlock")},
	{0, nil, words("csignal cbroadcast mutex"), words("csignal cbroadcast"), words("cwait cwait0 cwhile")},
}

type transientGen struct {
	r *rand.Rand
	transient
}

func (g *transientGen) pick(ops []string) []instr {
	if len(ops) == 0 {
		return nil
	}
	return []instr{{op: ops[g.r.Intn(len(ops))], o: g.o, v: g.r.Intn(2)}}
}

// maybe is one of the instructions, or none.
func (g *transientGen) maybe(of ...instr) []instr {
	if k := g.r.Intn(len(of) + 2); k < len(of) {
		return of[k : k+1]
	}
	return nil
}

func (g *transientGen) message() []instr {
	return g.maybe(instr{op: "store", v: 1}, instr{op: "blind"}, instr{op: "load"}, instr{op: "mstore", v: 1})
}

func (g *transientGen) await() []instr {
	return g.maybe(instr{op: "await", v: 1}, instr{op: "await", v: 2}, instr{op: "load"})
}

// changer changes the object and puts it back; hand says that it is told when.
func (g *transientGen) changer(hand bool) []instr {
	var t []instr
	if hand {
		t = append(t, instr{op: "fwaitclear", o: 1})
	}
	t = slices.Concat(t, g.message(), g.pick(g.change), g.message(), g.pick(g.back), g.message())
	if g.r.Intn(3) == 0 {
		t = append(t, g.pick(g.change)...)
	}
	if n := 1 + g.r.Intn(len(t)); n < len(t) && g.r.Intn(4) == 0 {
		t = append(slices.Clone(t[:n]), instr{op: "go", body: t[n:]})
	}
	return t
}

// waiter has looked at the object, says so, and comes to wait.
func (g *transientGen) waiter(hand bool) []instr {
	var before, t []instr
	if hand {
		before = append(before, instr{op: "fclear", o: 1})
	}
	before = append(before, g.await()...)
	if g.r.Intn(2) == 0 {
		before = append(g.pick(g.read), before...)
	}
	w := g.pick(g.wait)
	switch w[0].op {
	case "loop", "busy", "seen":
		w[0].body = before
	default:
		w[0].body = g.message() // where it has one
		t = before
	}
	t = append(t, w...)
	return slices.Concat(t, g.maybe(append(g.pick(g.read), instr{op: "load"})...))
}

func transientProgram(r *rand.Rand) *program {
	g := &transientGen{r, transients[r.Intn(len(transients))]}
	hand := r.Intn(2) == 0
	p := &program{tasks: [][]instr{g.waiter(hand), g.changer(hand)}}
	if r.Intn(2) == 0 {
		third := g.await()
		for range 1 + r.Intn(2) {
			third = slices.Concat(third, g.pick([][]string{g.change, g.back}[r.Intn(2)]))
		}
		p.tasks = append(p.tasks, third)
	}
	return p
}

// TestTransientPrograms compares programs that change things for a moment with brute
// force.
func TestTransientPrograms(t *testing.T) {
	t.Logf("%d programs compared", campaign(t, *randomCount, transientProgram, compare))
}
