package explore

import (
	"fmt"
	"math/rand"
	"strings"
	"sync"
)

// A random program: a few shared objects and tasks that run instructions on them.
// Its text form is what golden files hold.

type instr struct {
	op   string
	o, v int
	body []instr
}

type program struct {
	tasks [][]instr
}

func (p *program) String() string {
	var b strings.Builder
	for _, t := range p.tasks {
		b.WriteString("task\n")
		printBody(&b, t, "  ")
	}
	return b.String()
}

func printBody(b *strings.Builder, body []instr, in string) {
	for _, i := range body {
		fmt.Fprintf(b, "%s%s %d %d\n", in, i.op, i.o, i.v)
		if i.body != nil {
			printBody(b, i.body, in+"  ")
		}
	}
}

func parseProgram(s string) *program {
	p := &program{}
	var lines []string
	for _, l := range strings.Split(s, "\n") {
		if strings.TrimSpace(l) != "" && l[0] != '#' {
			lines = append(lines, l)
		}
	}
	for len(lines) > 0 {
		lines = lines[1:]
		var t []instr
		t, lines = parseBody(lines, 2)
		p.tasks = append(p.tasks, t)
	}
	return p
}

func parseBody(lines []string, in int) ([]instr, []string) {
	body := []instr{}
	for len(lines) > 0 {
		l := lines[0]
		n := len(l) - len(strings.TrimLeft(l, " "))
		if n < in {
			break
		}
		if n > in {
			body[len(body)-1].body, lines = parseBody(lines, n)
			continue
		}
		var i instr
		fmt.Sscanf(strings.TrimSpace(l), "%s %d %d", &i.op, &i.o, &i.v)
		body = append(body, i)
		lines = lines[1:]
	}
	return body, lines
}

var plainOps = []string{"load", "load", "store", "store", "add", "blind", "blind", "unlesszero", "subtest", "cas", "swap",
	"ftest", "fset", "fclear", "ftas", "ftac"}
var blockOps = []string{"mutex", "mutex", "trymutex", "rw", "rlock", "tryrlock", "trywlock", "flock", "ftrylock", "atomically", "if", "if"}
var rareOps = []string{"await", "fwaitclear", "fwaitset", "loop", "go", "violation", "panic", "unlock", "funlock", "lockonly", "fatal", "reinit", "busy", "forget", "fclear", "rwait", "notify", "drop"}

type gen struct {
	r     *rand.Rand
	left  int
	kids  int
	depth int
	feat  int // which rare operations
}

func (g *gen) body(n int) []instr {
	var out []instr
	for range n {
		if g.left <= 0 {
			break
		}
		out = append(out, g.instr())
	}
	return out
}

func (g *gen) instr() instr {
	r := g.r
	g.left--
	i := instr{o: r.Intn(2), v: r.Intn(2)}
	k := r.Intn(20)
	switch {
	case g.depth >= 10 && k == 19:
		i.op = []string{"fatal", "panic", "violation"}[r.Intn(3)]
	case g.depth >= 10 && k >= 16:
		i.op = "if"
		i.body = []instr{{op: plainOps[r.Intn(len(plainOps))], o: r.Intn(2), v: r.Intn(2)}}
	case k < 12 || g.depth > 1:
		i.op = plainOps[r.Intn(len(plainOps))]
	case k < 17:
		i.op = blockOps[r.Intn(len(blockOps))]
		g.depth++
		if i.op == "atomically" {
			g.depth = 10
		}
		d := g.depth
		i.body = g.body(1 + r.Intn(2))
		g.depth = d - 1
		if i.op == "atomically" {
			g.depth = 0
		}
	default:
		i.op = rareOps[r.Intn(len(rareOps))]
		switch i.op {
		case "loop", "busy":
			if r.Intn(2) == 0 {
				g.depth++
				i.body = g.body(1)
				g.depth--
			}
		case "go":
			if g.kids == 0 {
				i.op = "load"
				break
			}
			g.kids--
			i.body = g.body(1 + r.Intn(2))
		}
	}
	return i
}

func randomProgram(r *rand.Rand) *program { return sizedProgram(r, 8) }

func randomProgramOf(seed int64) *program { return randomProgram(rand.New(rand.NewSource(seed))) }

// sizedProgram has about size instructions.
func sizedProgram(r *rand.Rand, size int) *program {
	n := 2 + r.Intn(3)
	g := &gen{r: r, left: size, kids: r.Intn(3)}
	if n == 4 {
		g.left--
	}
	if n == 4 {
		g.kids = 0
	}
	p := &program{}
	prio := r.Intn(6) == 0
	for i := range n {
		b := g.body(1 + r.Intn(size/n+1))
		if prio && r.Intn(4) > 0 {
			b = append([]instr{{op: "prio", o: 0, v: i}}, b...)
		}
		p.tasks = append(p.tasks, b)
	}
	return p
}

// machine runs a program and keeps what its tasks found out.
type machine struct {
	p    *program
	a    [2]Atomic
	m    [2]Mutex
	rw   RWMutex
	f    Flags
	regs [MaxTasks]uint64
	n    int
	x    *X
}

func (m *machine) prog(x *X) {
	m.x = x
	for i := range m.a {
		m.a[i].Init(x, "a", i, uint64(i))
		m.m[i].Init(x, "m", i)
	}
	m.rw.Init(x, "rw", -1)
	m.f.Init(x, []string{"f0", "f1"}, 0, 2)
	m.regs = [MaxTasks]uint64{}
	if !strings.Contains(m.p.String(), "prio") {
		for i, t := range m.p.tasks {
			x.Go(fmt.Sprint(i), func() { m.run(t) })
		}
		x.Wait()
		return
	}
	x.Atomically("start", func() {
		for i, t := range m.p.tasks {
			x.Go(fmt.Sprint(i), func() { m.run(t) })
			if len(t) > 0 && t[0].op == "prio" {
				x.SetPriority(i+1, t[0].o, t[0].v)
			}
		}
	})
	x.Wait()
}

func (m *machine) note(v uint64) {
	r := &m.regs[m.x.Task()]
	*r = mix(*r, v)
}

func (m *machine) noteBool(b bool) bool {
	if b {
		m.note(1)
	} else {
		m.note(0)
	}
	return b
}

func (m *machine) run(body []instr) {
	for i := range body {
		m.do(&body[i])
	}
}

func (m *machine) do(i *instr) {
	x, a, v := m.x, &m.a[i.o], uint64(i.v)
	switch i.op {
	case "load":
		m.note(a.Load())
	case "store":
		a.Store(v)
	case "add":
		m.note(a.Add(int64(v) + 1))
	case "blind":
		a.AddBlind(int64(v) + 1)
	case "unlesszero":
		m.noteBool(a.AddUnlessZero(1))
	case "subtest":
		m.noteBool(a.SubAndTest(1))
	case "cas":
		m.noteBool(a.CompareAndSwap(v, v+1))
	case "swap":
		m.note(a.Swap(v))
	case "ftest":
		m.noteBool(m.f.Test(i.o))
	case "fset":
		m.f.Set(i.o)
	case "fclear":
		m.f.Clear(i.o)
	case "ftas":
		m.noteBool(m.f.TestAndSet(i.o))
	case "ftac":
		m.noteBool(m.f.TestAndClear(i.o))
	case "mutex":
		m.m[i.o].Lock()
		m.run(i.body)
		m.m[i.o].Unlock()
	case "trymutex":
		if m.noteBool(m.m[i.o].TryLock()) {
			m.run(i.body)
			m.m[i.o].Unlock()
		}
	case "rw":
		m.rw.Lock()
		m.run(i.body)
		m.rw.Unlock()
	case "rlock":
		m.rw.RLock()
		m.run(i.body)
		m.rw.RUnlock()
	case "tryrlock":
		if m.noteBool(m.rw.TryRLock()) {
			m.run(i.body)
			m.rw.RUnlock()
		}
	case "trywlock":
		if m.noteBool(m.rw.TryLock()) {
			m.run(i.body)
			m.rw.Unlock()
		}
	case "flock":
		m.f.Lock(i.o)
		m.run(i.body)
		m.f.Unlock(i.o)
	case "ftrylock":
		if m.noteBool(m.f.TryLock(i.o)) {
			m.run(i.body)
			m.f.Unlock(i.o)
		}
	case "atomically":
		x.Atomically("group", func() { m.run(i.body) })
	case "if":
		if a.Load() == v {
			m.run(i.body)
		}
	case "await":
		a.Await(v)
	case "fwaitclear":
		m.f.WaitClear(i.o)
	case "fwaitset":
		m.f.WaitSet(i.o)
	case "loop", "busy":
		for {
			x.Loop()
			m.run(i.body)
			if a.Load() == v {
				break
			}
			if i.op == "loop" {
				x.Retry()
			} else {
				x.RetryBusy()
			}
		}
	case "go":
		x.Go("kid", func() { m.run(i.body) })
	case "violation":
		if a.Load() == v {
			x.Violation(fmt.Sprint("v", i.o, i.v), "")
		}
	case "panic":
		if a.Load() == v {
			panic("boom")
		}
	case "fatal":
		if a.Load() == v {
			x.Fatal("fatal", "")
		}
	case "unlock":
		m.m[i.o].Unlock()
	case "lockonly":
		m.m[i.o].Lock()
	case "funlock":
		m.f.Unlock(i.o)
	case "reinit":
		a.Init(x, "a", i.o, v)
	case "forget":
		// All that this task still knows is what it noted and where it is; the
		// latter stands in for by the address of the instruction.
		x.Forget(mix(m.regs[x.Task()], instrID(i)))
	case "drop":
		if a.SubAndTest(1) {
			m.a[1-i.o].Drop()
			m.f.Drop()
		}
	case "prio":
	case "rwait":
		m.rw.RLock()
		m.rw.RUnlock()
	case "notify":
		a.Store(v)
		a.Store(1 - v)
	default:
		panic("tagswap internal: unknown instruction " + i.op)
	}
}

var (
	instrIDs   = map[*instr]uint64{}
	instrMutex sync.Mutex
)

func instrID(i *instr) uint64 {
	instrMutex.Lock()
	defer instrMutex.Unlock()
	n, ok := instrIDs[i]
	if !ok {
		n = uint64(len(instrIDs)) + 1
		instrIDs[i] = n
	}
	return n
}

func (m *machine) final() string {
	s := fmt.Sprint(m.a[0].Peek(), m.a[1].Peek(), m.f.Peek(), m.m[0].p.val != 0, m.m[1].p.val != 0, m.rw.p.val)
	for i := range m.regs {
		s += fmt.Sprintf(" %x", m.regs[i]&0xffff)
	}
	return s
}
