package explore

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
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
	late  [][]instr // started when those have returned
}

func (p *program) String() string {
	var b strings.Builder
	for _, t := range p.tasks {
		b.WriteString("task\n")
		printBody(&b, t, "  ")
	}
	for _, t := range p.late {
		b.WriteString("late\n")
		printBody(&b, t, "  ")
	}
	return b.String()
}

// each calls f for every instruction.
func (p *program) each(f func(*instr)) {
	var walk func([]instr)
	walk = func(body []instr) {
		for i := range body {
			f(&body[i])
			walk(body[i].body)
		}
	}
	for _, t := range slices.Concat(p.tasks, p.late) {
		walk(t)
	}
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
		head := lines[0]
		var t []instr
		t, lines = parseBody(lines[1:], 2)
		if head == "late" {
			p.late = append(p.late, t)
		} else {
			p.tasks = append(p.tasks, t)
		}
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

// family is operations that belong together. A random program has those of a few
// families, so that they meet.
type family struct {
	plain []string // what never waits, and may stand in an Atomically
	block []string // around other instructions
	rare  []string
}

var families = []family{
	{
		plain: words("load load store store add blind blind unlesszero subtest cas cas swap"),
		block: words("if if"),
		rare:  words("await notify reinit"),
	}, {
		plain: words("ftest fset fclear ftas ftac"),
		block: words("flock flock ftrylock"),
		rare:  words("funlock fwaitclear fwaitset fclear freinit"),
	}, {
		block: words("mutex mutex trymutex"),
		rare:  words("lockonly unlock mreinit"),
	}, {
		block: words("rw rlock rlock tryrlock trywlock"),
		rare:  words("rwait rlockonly runlock wlockonly wunlock"),
	}, {
		plain: words("mload mstore mlos mlad mdel"),
		rare:  words("mlad"),
	}, {
		plain: words("csignal csignal cbroadcast"),
		block: words("cwait cwait"),
		rare:  words("cwhile cwhile cwait0"),
	}, {
		plain: words("vget vset"),
		rare:  words("vreinit"),
	}, {
		rare: words("loop loop busy retryon retryon"),
	}, {
		block: words("atomically"),
	}, {
		rare: words("fatal panic violation violation"),
	}, {
		rare: words("go go go wait"),
	}, {
		rare: words("forget forgetas forgotten drop vdrop"),
	},
}

func words(s string) []string { return strings.Fields(s) }

type gen struct {
	r     *rand.Rand
	ops   family // of the program
	left  int
	kids  int
	depth int
	group bool // inside an Atomically
}

func (g *gen) pick(ops []string) string { return ops[g.r.Intn(len(ops))] }

// choose picks the families of the program.
func (g *gen) choose() {
	n := 2 + g.r.Intn(4)
	for i, f := range g.r.Perm(len(families))[:n] {
		if i == 0 && g.r.Intn(4) > 0 {
			f = 0
		}
		g.ops.plain = append(g.ops.plain, families[f].plain...)
		g.ops.block = append(g.ops.block, families[f].block...)
		g.ops.rare = append(g.ops.rare, families[f].rare...)
	}
	if len(g.ops.plain) == 0 {
		g.ops.plain = families[0].plain
	}
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
	case g.group && k == 19:
		i.op = g.pick([]string{"fatal", "panic", "violation"})
	case g.group && k >= 16:
		i.op = g.pick([]string{"if", "if", "trymutex", "ftrylock"})
		i.body = []instr{{op: g.pick(g.ops.plain), o: r.Intn(2), v: r.Intn(2)}}
	case k < 11 || g.group || g.depth > 1:
		i.op = g.pick(g.ops.plain)
	case k < 16 && len(g.ops.block) > 0:
		i.op = g.pick(g.ops.block)
		g.group = i.op == "atomically"
		g.depth++
		i.body = g.body(1 + r.Intn(2))
		g.depth--
		g.group = false
	case len(g.ops.rare) > 0:
		i.op = g.pick(g.ops.rare)
		g.inside(&i)
	default:
		i.op = g.pick(g.ops.plain)
	}
	return i
}

// inside fills the body of a rare instruction.
func (g *gen) inside(i *instr) {
	switch i.op {
	case "loop", "busy":
		if g.r.Intn(2) == 0 {
			g.depth++
			i.body = g.body(1)
			g.depth--
		}
	case "go":
		if g.kids == 0 {
			i.op = "load"
			return
		}
		g.kids--
		i.body = g.body(1 + g.r.Intn(2))
	}
}

func randomProgram(r *rand.Rand) *program { return sizedProgram(r, 8) }

func randomProgramOf(seed int64) *program { return randomProgram(rand.New(rand.NewSource(seed))) }

// sizedProgram has about size instructions.
func sizedProgram(r *rand.Rand, size int) *program {
	n := 2 + r.Intn(3)
	g := &gen{r: r, left: size, kids: r.Intn(3)}
	g.choose()
	if n == 4 {
		g.left--
		g.kids = 0
	}
	p := &program{}
	prio := r.Intn(8) == 0
	for i := range n {
		b := g.body(1 + r.Intn(size/n+1))
		if prio && r.Intn(4) > 0 {
			b = append([]instr{{op: "prio", o: 0, v: i}}, b...)
		}
		p.tasks = append(p.tasks, b)
	}
	if r.Intn(8) == 0 {
		g.left = max(g.left, 2)
		for range 1 + r.Intn(2) {
			p.late = append(p.late, g.body(1+r.Intn(2)))
		}
	}
	return p
}
