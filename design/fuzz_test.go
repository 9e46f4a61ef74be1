package design

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tagswap/mm"
)

// FuzzParse: no input makes the parser or the checks panic, every error has a
// place, and the canonical form of what parses is stable and means the same.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.design")
	more, _ := filepath.Glob("testdata/errors/*.design")
	for _, file := range append(files, more...) {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	reg := testRegistry("f", "do_swap_page")
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := Parse("fuzz.design", src)
		var es Errors
		if err != nil {
			if !errors.As(err, &es) || len(es) == 0 {
				t.Fatalf("not Errors: %v", err)
			}
			places(t, es)
			return
		}
		text := d.Format()
		again, err := Parse("again.design", []byte(text))
		if err != nil {
			t.Fatalf("the canonical form does not parse: %v\n%s", err, text)
		}
		if again.Format() != text {
			t.Fatalf("the canonical form is not stable:\n%s\n-----\n%s", text, again.Format())
		}
		if again.Hash() != d.Hash() {
			t.Fatalf("the canonical form means something else:\n%s", text)
		}
		places(t, reg.Check(d))
		if p, err := reg.Compile(d); err == nil {
			sane(t, p)
		}
	})
}

func places(t *testing.T, es Errors) {
	for _, e := range es {
		if e.Line < 1 || e.Col < 1 || e.Msg == "" {
			t.Fatalf("an error without a place: %#v", e)
		}
	}
}

// sane checks that a program can be run: all jumps are in range, every
// instruction can be reached, and bare jumps only stand in front.
func sane(t *testing.T, p *mm.Program) {
	t.Helper()
	for name, f := range p.Funcs {
		if f.Name != name || !f.HasBody || len(f.Code) == 0 {
			t.Fatalf("function %s has no code", name)
		}
		seen := make([]bool, len(f.Code))
		todo := []int{0}
		for len(todo) > 0 {
			i := todo[0]
			todo = todo[1:]
			if i == mm.Return || i == mm.ReturnFalse {
				continue
			}
			if i < 0 || i >= len(f.Code) {
				t.Fatalf("%s jumps to %d of %d", name, i, len(f.Code))
			}
			if !seen[i] {
				seen[i] = true
				todo = append(todo, f.Code[i].True, f.Code[i].False)
			}
		}
		for i, in := range f.Code {
			bare := in.Step == nil && in.Call == nil
			switch {
			case !seen[i]:
				t.Fatalf("%s: instruction %d is out of reach", name, i)
			case bare && (i > 0 || in.True != in.False):
				t.Fatalf("%s: instruction %d is a jump", name, i)
			case in.Step != nil && in.Call != nil:
				t.Fatalf("%s: instruction %d is a step and a call", name, i)
			case in.Call != nil && p.Funcs[in.Call.Name] != in.Call:
				t.Fatalf("%s: instruction %d calls a function of another program", name, i)
			case in.Line < 1:
				t.Fatalf("%s: instruction %d has no line", name, i)
			}
		}
	}
}

// TestRandomPrograms compiles random step lists and runs them against a direct
// reading of the statements.
func TestRandomPrograms(t *testing.T) {
	compiled := 0
	for seed := range uint64(3000) {
		g := &generator{r: rand.New(rand.NewPCG(seed, 1))}
		src := g.design()
		d, err := Parse("random.design", []byte(src))
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		p, err := randomRegistry().Compile(d)
		if err != nil {
			if !strings.Contains(err.Error(), "out of reach") && !strings.Contains(err.Error(), "jumps") {
				t.Fatalf("%v\n%s", err, src)
			}
			continue
		}
		compiled++
		sane(t, p)
		for run := range uint64(8) {
			want := newOracle(d, run).run()
			got := newTracer(run).run(p.Funcs["f0"])
			if want != got {
				t.Fatalf("the program takes another path than the text:\n%s\n%s\n%s", src, want, got)
			}
		}
	}
	if compiled < 300 {
		t.Errorf("only %d of the random designs were worth running", compiled)
	}
}

func randomRegistry() *Registry {
	r := &Registry{Entries: []string{"f0"}}
	for _, n := range []string{"a", "b", "c"} {
		r.Steps = append(r.Steps, &mm.Step{Name: n})
	}
	for _, n := range []string{"p", "q", "r"} {
		r.Steps = append(r.Steps, &mm.Step{Name: n, Cond: true})
	}
	return r
}

// generator writes random designs of three functions.
type generator struct {
	r *rand.Rand
	b strings.Builder
	n int // labels so far
}

func (g *generator) pick(words ...string) string { return words[g.r.IntN(len(words))] }

func (g *generator) design() string {
	g.b.WriteString("design random\n")
	for i := range 3 {
		fmt.Fprintf(&g.b, "\nfn f%d\n", i)
		g.n = 1 + g.r.IntN(3)
		for l := range g.n {
			g.body(i, 1, 3)
			fmt.Fprintf(&g.b, "l%d:\n", l)
		}
		g.body(i, 1, 2)
	}
	return g.b.String()
}

func (g *generator) body(fn, level, size int) {
	for range 1 + g.r.IntN(size) {
		in := strings.Repeat("    ", level)
		act := []string{"a", "b", "c", "p"}
		if fn < 2 {
			act = append(act, fmt.Sprintf("f%d", fn+1))
		}
		switch k := g.r.IntN(12); {
		case k == 0:
			fmt.Fprintf(&g.b, "%sgoto l%d\n", in, g.r.IntN(g.n))
			return
		case k == 1:
			fmt.Fprintf(&g.b, "%sreturn%s\n", in, g.pick("", " false"))
			return
		case k < 4 && level < 4:
			fmt.Fprintf(&g.b, "%sif %s\n", in, g.cond(fn))
			g.body(fn, level+1, 2)
			if g.r.IntN(2) == 0 {
				fmt.Fprintf(&g.b, "%selse if %s\n", in, g.cond(fn))
				g.body(fn, level+1, 2)
			}
			if g.r.IntN(2) == 0 {
				fmt.Fprintf(&g.b, "%selse\n", in)
				g.body(fn, level+1, 2)
			}
		case k == 4 && level < 4:
			fmt.Fprintf(&g.b, "%swhile %s\n", in, g.cond(fn))
			g.body(fn, level+1, 2)
		case k < 7:
			fmt.Fprintf(&g.b, "%s%s else %s\n", in, g.pick("p", "q"), g.pick("return", "return false", "l0"))
		default:
			fmt.Fprintf(&g.b, "%s%s\n", in, g.pick(act...))
		}
	}
}

func (g *generator) cond(fn int) string {
	op := g.pick(" and ", " or ")
	names := []string{"p", "q", "r"}
	if fn < 2 {
		names = append(names, fmt.Sprintf("f%d", fn+1))
	}
	var terms []string
	for range 1 + g.r.IntN(3) {
		terms = append(terms, g.pick("", "not ")+g.pick(names...))
	}
	return strings.Join(terms, op)
}
