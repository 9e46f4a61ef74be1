package explore

import (
	"math/rand"
	"slices"
	"testing"
)

// A retrying program has tasks that go round with Retry, by what several objects were
// in the round, and others that change those objects, with updates that commute and
// others that do not, so that one change, several together or none lets them go on.

var (
	rounds   = words("load load ftest mload trymutex tryrlock trywlock cas unlesszero subtest add vget if mutex rlock atomically store blind fset await cwait0")
	upsets   = words("store store blind blind blind add swap cas unlesszero subtest notify reinit")
	besides  = words("load fset fclear ftas ftac mstore mdel mlos freinit csignal cbroadcast vset await fwaitset")
	sections = words("mutex trymutex rw rlock rlock tryrlock trywlock flock ftrylock if atomically")
	loops    = words("loop loop loop busy seen seen retryon")
)

type retrying struct {
	r    *rand.Rand
	kids int
}

func (g *retrying) pick(ops []string) string { return ops[g.r.Intn(len(ops))] }

func (g *retrying) of(ops []string) instr {
	i := instr{op: g.pick(ops), o: g.r.Intn(2), v: g.r.Intn(3)}
	switch i.op {
	case "go":
		if g.kids == 0 {
			i.op = "load"
			break
		}
		g.kids--
		i.body = []instr{g.change()}
	case "atomically":
		i.body = []instr{g.of(upsets[:10]), g.of(words("load ftest store blind cas fset"))}
	case "if", "mutex", "trymutex", "rw", "rlock", "tryrlock", "trywlock", "flock", "ftrylock":
		i.body = []instr{g.of(words("load load store blind blind cas vset mload fset"))}
		if g.r.Intn(3) == 0 {
			i.body = append(i.body, g.of(upsets[:10]))
		}
	}
	return i
}

func (g *retrying) change() instr {
	switch g.r.Intn(7) {
	case 0:
		return g.of(sections)
	case 1, 2:
		return g.of(besides)
	}
	return g.of(upsets)
}

func (g *retrying) wait() instr {
	i := instr{op: g.pick(loops), o: g.r.Intn(2), v: g.r.Intn(3)}
	if i.op != "retryon" {
		for range g.r.Intn(3) {
			i.body = append(i.body, g.of(rounds))
		}
	}
	return i
}

func retryingProgram(r *rand.Rand) *program {
	g := &retrying{r, r.Intn(3)}
	p := &program{}
	shapes := [][]int{{0, 2}, {0, 3}, {0, 1, 1}, {0, 0, 1}, {0, 1}, {1, 0, 2}, {0, 0, 2}, {0, 2, 1}, {0, 1, 1, 1}, {0, 0}, {0, 4}}
	for _, n := range shapes[r.Intn(len(shapes))] {
		var t []instr
		for range n {
			t = append(t, g.change())
		}
		if n == 0 || r.Intn(8) == 0 {
			t = slices.Insert(t, r.Intn(len(t)+1), g.wait())
			if r.Intn(2) == 0 {
				t = slices.Insert(t, r.Intn(len(t)+1), g.change())
			}
		}
		p.tasks = append(p.tasks, t)
	}
	if r.Intn(16) == 0 {
		p.late = append(p.late, []instr{g.wait()}, []instr{g.change()})
	}
	return p
}

// TestRetryingPrograms compares programs that wait with Retry with brute force.
func TestRetryingPrograms(t *testing.T) {
	t.Logf("%d programs compared", campaign(t, *randomCount, retryingProgram, compare))
}

// droppingProgram has tasks that count something down and drop it, or others, while
// others still use it.
func droppingProgram(r *rand.Rand) *program {
	g := &retrying{r, r.Intn(2)}
	p := &program{}
	drops := words("drop drop drop vdrop ldrop")
	uses := words("blind blind unlesszero load store cas swap subtest add ftest fset ftas vget vset ftrylock trymutex mutex if retryon loop await atomically go")
	shapes := [][]int{{1, 1}, {1, 2}, {2, 2}, {1, 1, 1}, {2, 1}, {2, 1, 1}, {1, 3}, {1, 1, 1, 1}, {3, 1}}
	for _, n := range shapes[r.Intn(len(shapes))] {
		var t []instr
		for range n {
			if r.Intn(5) < 2 {
				t = append(t, g.of(drops))
			} else {
				t = append(t, g.of(uses))
			}
		}
		p.tasks = append(p.tasks, t)
	}
	return p
}

// TestDroppingPrograms compares programs in which objects die with brute force.
func TestDroppingPrograms(t *testing.T) {
	t.Logf("%d programs compared", campaign(t, *randomCount, droppingProgram, compare))
}

// TestOptimalGoesRound: executions that go round through Retry for ever end the search
// incomplete, and Auto turns to the search that sees the circle.
func TestOptimalGoesRound(t *testing.T) {
	prog := func(x *X) {
		var a Atomic
		a.Init(x, "a", -1, 0)
		for i := range uint64(2) {
			x.Go("p", func() {
				for {
					x.Forget(i)
					x.Loop()
					if a.Load() == i {
						a.Store(1 - i)
					}
					x.Retry()
				}
			})
		}
		x.Wait()
	}
	r := Run(prog, Options{Search: Optimal, MaxEvents: 60, MaxExecutions: 50})
	if r.Complete || r.Cut != "events" && r.Cut != "executions" {
		t.Errorf("optimal: %+v", r)
	}
	r = Run(prog, Options{Search: Auto})
	if !r.Complete || !has(r, "livelock") || r.Executions > 1000 {
		t.Errorf("auto: %+v", r)
	}
}
