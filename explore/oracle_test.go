package explore

import (
	"flag"
	"fmt"
	"maps"
	"math/bits"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var randomCount = flag.Int("random", 200, "random programs to compare")
var randomLimit = flag.Int("limit", 5000, "executions of brute force beyond which a random program is left out")
var randomSeed = flag.Int64("seed", 1, "first seed")

// brute tries every choice at every operation.
type brute struct {
	enabled []uint32
	choice  []int
	started bool
	events  []bevent
	classes map[uint64]bool // Mazurkiewicz traces
}

type bevent struct {
	task int
	foot footprint
	hash uint64
}

// took notes the event that the last choice led to.
func (b *brute) took(x *X) {
	if x.pos == 0 {
		return
	}
	t := x.tasks[b.choice[x.pos-1]]
	if len(t.foot.acc) == 0 {
		return
	}
	var e bevent
	e.task = t.id
	t.foot.copyTo(&e.foot)
	own, before := uint64(0), uint64(0)
	for i := range b.events {
		p := &b.events[i]
		if p.task == e.task {
			own++
		} else if dependent(&p.foot, &e.foot) {
			before += mix(p.hash, 9)
		}
	}
	e.hash = mix(mix(uint64(t.id), own), before)
	b.events = append(b.events, e)
}

// class ends an execution and notes its equivalence class.
func (b *brute) class(x *X) {
	b.took(x)
	var h uint64
	for i := range b.events {
		h += mix(b.events[i].hash, 3)
	}
	b.classes[h] = true
	b.events = b.events[:0]
}

func (b *brute) Next(x *X) bool {
	if !b.started {
		b.started = true
		return true
	}
	for len(b.choice) > 0 {
		i := len(b.choice) - 1
		if r := b.enabled[i] &^ (2<<b.choice[i] - 1); r != 0 {
			b.choice[i] = bits.TrailingZeros32(r)
			return true
		}
		b.choice, b.enabled = b.choice[:i], b.enabled[:i]
	}
	return false
}

func (b *brute) Choose(x *X, s *state) int {
	b.took(x)
	if x.pos < len(b.choice) {
		return b.choice[x.pos]
	}
	c := bits.TrailingZeros32(s.Enabled)
	b.choice = append(b.choice, c)
	b.enabled = append(b.enabled, s.Enabled)
	return c
}

// found is what a search found, for comparison.
type found map[string]bool

func (f found) String() string {
	return strings.Join(slices.Sorted(maps.Keys(f)), "\n")
}

// less says how what a search got differs from f.
func (f found) less(got found) string {
	missing, more := maps.Clone(f), maps.Clone(got)
	maps.DeleteFunc(missing, func(s string, _ bool) bool { return got[s] })
	maps.DeleteFunc(more, func(s string, _ bool) bool { return f[s] })
	return fmt.Sprintf("misses\n%s\nhas on top\n%s\n", missing, more)
}

// watchEnds collects the outcomes of x's executions.
func watchEnds(x *X, m *machine, out found) {
	x.onReport = func(property string) { out["violation "+property] = true }
	x.atEnd = func() {
		switch {
		case x.ended:
			out["end "+m.final()] = true
		case x.ready() == 0 && !x.over && (x.all || len(x.refine) == 0): // where all is visible nothing is cut
			out["stuck "+m.final()] = true
		}
	}
}

func bruteForce(p *program, limit int) (found, int, int) {
	x := newX(Options{AllVisible: true, MaxEvents: 400})
	defer x.Close()
	b := &brute{classes: map[uint64]bool{}}
	x.strat = b
	x.nosolo, x.nohash = true, true
	m := &machine{p: p, afresh: true}
	out := found{}
	watchEnds(x, m, out)
	n := 0
	for b.Next(x) {
		if n == limit {
			return nil, n, 0
		}
		n++
		x.drive(m.prog)
		if x.over {
			return nil, n, 0
		}
		x.atEnd()
		b.class(x)
	}
	return out, n, len(b.classes)
}

func searched(p *program, o Options) (found, *Result) {
	if o.MaxEvents == 0 {
		o.MaxEvents = 400
	}
	x := newX(o)
	defer x.Close()
	m := &machine{p: p}
	out := found{}
	watchEnds(x, m, out)
	if o.Bounded {
		return out, x.bounded(m.prog, o)
	}
	switch o.Search {
	case Optimal:
		return out, x.optimal(m.prog, o)
	case Random, PCT:
		return out, x.sample(m.prog, o)
	}
	return out, x.merge(m.prog, o)
}

var searches = []struct {
	name string
	o    Options
}{
	{"merge", Options{}},
	{"nomerge", Options{NoMerge: true}},
	{"visible", Options{AllVisible: true}},
	{"visible nomerge", Options{AllVisible: true, NoMerge: true}},
	{"tiny table", Options{Memory: 1}},
	{"optimal visible", Options{AllVisible: true, Search: Optimal}},
	{"optimal", Options{Search: Optimal}},
	{"bounded", Options{Bounded: true, Preemptions: 100}},
}

// compare returns a difference between brute force and a search, or "".
func compare(p *program, limit int) (diff string, n int) {
	want, n, traces := bruteForce(p, limit)
	if want == nil {
		return "", 0
	}
	for _, s := range searches {
		got, r := searched(p, s.o)
		if r.Cut == "priorities" || r.Cut == "atomically" {
			continue
		}
		if got.String() != want.String() {
			return s.name + " " + want.less(got), n
		}
		if !r.Complete {
			return fmt.Sprintf("%s: incomplete: %s", s.name, r.Cut), n
		}
		if s.o.Search == Optimal && (r.Executions != int64(traces) || r.Blocked > 0) {
			return fmt.Sprintf("%s: %d executions, %d of them blocked, for %d traces", s.name, r.Executions, r.Blocked, traces), n
		}
		if !s.o.AllVisible && !s.o.Bounded && r.Executions > int64(n)*2+20 {
			return fmt.Sprintf("%s: %d executions, brute force has %d", s.name, r.Executions, n), n
		}
	}
	for _, s := range []Search{Random, PCT} {
		got, _ := searched(p, Options{Search: s, AllVisible: true, MaxExecutions: 20, Seed: 1})
		for what := range got {
			if !want[what] {
				return fmt.Sprintf("sampling %d finds\n%s", s, what), n
			}
		}
	}
	return "", n
}

// shrink removes instructions while the program still differs.
func shrink(p *program, compare func(*program) string) *program {
	for again := true; again; {
		again = false
		for t := range len(p.tasks) + len(p.late) {
			for _, b := range without(*p.body(t)) {
				q := &program{slices.Clone(p.tasks), slices.Clone(p.late)}
				*q.body(t) = b
				if compare(q) != "" {
					p, again = q, true
					break
				}
			}
		}
		if n := len(p.late); n > 0 && len(p.late[n-1]) == 0 {
			p.late, again = p.late[:n-1], true
		}
	}
	return p
}

// body is what task t does.
func (p *program) body(t int) *[]instr {
	if n := len(p.tasks); t >= n {
		return &p.late[t-n]
	}
	return &p.tasks[t]
}

// without returns the bodies with one instruction less.
func without(body []instr) [][]instr {
	var out [][]instr
	for i := range body {
		b := append([]instr(nil), body[:i]...)
		out = append(out, append(b, body[i+1:]...))
		if len(body[i].body) > 0 {
			b := append([]instr(nil), body[:i]...)
			b = append(b, body[i].body...)
			out = append(out, append(b, body[i+1:]...))
			for _, in := range without(body[i].body) {
				if len(in) == 0 {
					continue
				}
				b := append([]instr(nil), body...)
				b[i].body = in
				out = append(out, b)
			}
		}
	}
	return out
}

func TestRandomPrograms(t *testing.T) {
	executions := 0
	compared := campaign(t, *randomCount, randomProgram, func(p *program, limit int) (string, int) {
		d, n := compare(p, limit)
		executions += n
		return d, n
	})
	t.Logf("%d programs compared, %d executions by brute force", compared, executions)
}

// campaign compares as many random programs, shrinks one that differs and fails. It
// returns for how many compare counted something. limit is compare's.
func campaign(t *testing.T, count int, random func(*rand.Rand) *program, compare func(p *program, limit int) (string, int)) (compared int) {
	for i := range count {
		seed := *randomSeed + int64(i)
		p := random(rand.New(rand.NewSource(seed)))
		d, n := compare(p, *randomLimit)
		if n > 0 {
			compared++
		}
		if d != "" {
			again := func(p *program) string { d, _ := compare(p, 100000); return d }
			p = shrink(p, again)
			t.Fatalf("seed %d\n%s\n%s", seed, p, again(p))
		}
	}
	if count >= 50 && compared == 0 {
		t.Error("no program was compared")
	}
	return compared
}

// TestGoldenPrograms compares the programs that once differed.
func TestGoldenPrograms(t *testing.T) {
	files, _ := filepath.Glob("testdata/programs/*.txt")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		p := parseProgram(string(b))
		d, n := compare(p, 50000)
		if n == 0 {
			d, n = compareSearches(p)
		}
		if d != "" || n == 0 {
			t.Errorf("%s: %d executions\n%s", f, n, d)
		}
		for _, o := range []Options{{}, {AllVisible: true}, {AllVisible: true, NoSleep: true}, {Search: Optimal}, {Search: Optimal, AllVisible: true}} {
			for _, step := range []int64{1, 7} {
				if d, _ := differsShared(p, o, step); d != "" {
					t.Errorf("%s, %d executions at a time: %s", f, step, d)
				}
			}
		}
	}
}
