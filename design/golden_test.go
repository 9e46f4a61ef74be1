package design

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tagswap/mm"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with a file below testdata/golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", file, d)
	}
}

// load reads a design of testdata with the loader that the command uses.
func load(t *testing.T, file string) *Design {
	t.Helper()
	d, err := Loader{ReadFile: os.ReadFile}.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFormat(t *testing.T) {
	d := load(t, "testdata/messy.design")
	golden(t, "messy.format", d.Format())
	again, err := Parse("again", []byte(d.Format()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.Format(), again.Format()); diff != "" {
		t.Errorf("the canonical form is not stable:\n%s", diff)
	}
}

func TestCompile(t *testing.T) {
	p, err := testRegistry().Compile(load(t, "testdata/messy.design"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "messy.code", listing(p))
}

func TestDerived(t *testing.T) {
	base, d := load(t, "testdata/base.design"), load(t, "testdata/derived.design")
	reg := testRegistry("do_swap_page")
	p, err := reg.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "derived.code", listing(p))
	golden(t, "derived.diff", Diff(base, d))
	golden(t, "derived.flat", d.Flat())
	if got := Diff(d, d) + Diff(base, base); got != "" {
		t.Errorf("a design differs from itself:\n%s", got)
	}
	if got := Changed(base, d); !slices.Equal(got, []string{"do_swap_page", "swap_free", "helper"}) {
		t.Errorf("changed functions: %v", got)
	}
	if base.Hash() == d.Hash() || d.Hash() != load(t, "testdata/derived.design").Hash() || len(d.Hash()) != 12 {
		t.Error("hashes do not tell designs apart, or not the same way twice")
	}
	if r := d.Resolve(); r["swap_free"].Design.Name != "derived" || r["same"].Design.Name != "base" {
		t.Error("functions resolve to the wrong design")
	}
}

// listing prints a program, for golden files.
func listing(p *mm.Program) string {
	var b strings.Builder
	names := make([]string, 0, len(p.Funcs))
	for n := range p.Funcs {
		names = append(names, n)
	}
	slices.Sort(names)
	to := func(at int) string {
		switch at {
		case mm.Return:
			return "return"
		case mm.ReturnFalse:
			return "return false"
		}
		return fmt.Sprint(at)
	}
	for _, n := range names {
		f := p.Funcs[n]
		fmt.Fprintf(&b, "%s %v\n", f.Name, f.Returns)
		for i, in := range f.Code {
			what := "jump"
			if in.Call != nil {
				what = "call " + in.Call.Name
			} else if in.Step != nil {
				what = in.Step.Name
				if len(in.Step.Args) > 0 {
					what += " " + in.Step.Args[in.Arg]
				}
			}
			dest := to(in.True)
			if in.False != in.True {
				dest += " else " + to(in.False)
			}
			fmt.Fprintf(&b, "%4d  %-24s %-22s line %d\n", i, what, dest, in.Line)
		}
	}
	return b.String()
}
