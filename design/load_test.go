package design

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"tagswap/mm"
)

// files is a file system for a Loader.
type files map[string]string

func (f files) read(name string) ([]byte, error) {
	if s, ok := f[name]; ok {
		return []byte(s), nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func TestLoader(t *testing.T) {
	f := files{
		"d/a.design":     "design a\nbase b\n\nfn x\n    return\n",
		"d/b.design":     "design b\nbase c\n",
		"d/c.design":     "design c\nfn x\n    return\nfn y\n    return\n",
		"one.design":     "design one\nbase two\n",
		"two.design":     "design two\nbase three\n",
		"three.design":   "design three\nbase two\n",
		"self.design":    "design self\nbase self\n",
		"renamed.design": "design r\nbase other\n",
		"other.design":   "design another\n",
		"broken.design":  "design broken\nbase bad\n",
		"bad.design":     "design bad\nfoo\n",
	}
	for _, c := range []struct{ load, err string }{
		{"d/a.design", ""},
		{"d/b.design", ""},
		{"one.design", "three.design:2:6: the bases form a circle: one -> two -> three -> two"},
		{"self.design", "self.design:2:6: the bases form a circle: self -> self"},
		{"renamed.design", "other.design:1:8: the file is called other, but the design another"},
		{"broken.design", `bad.design:2:1: "foo" is not what can stand here`},
		{"none.design", "open none.design: file does not exist"},
		{"v6.44", `unknown design "v6.44"; did you mean "v6.4"?`},
	} {
		d, err := Loader{f.read}.Load(c.load)
		switch {
		case c.err == "" && err != nil, c.err != "" && err == nil:
			t.Errorf("%s: %v", c.load, err)
		case err != nil && !strings.HasPrefix(err.Error(), c.err):
			t.Errorf("%s: got %v, want %s", c.load, err, c.err)
		case err == nil && len(d.Resolve()) != 2:
			t.Errorf("%s: functions %v", c.load, d.Order())
		}
	}
	if _, err := (Loader{}).Load("d/a.design"); err == nil {
		t.Error("a loader without ReadFile read a file")
	}
	if _, err := (Loader{}).Load("nothing"); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v is not ErrUnknown", err)
	}
}

// The catalogue is in the canonical form, compiles without a warning about
// locks, and is shown in the order of the releases.
func TestCatalogue(t *testing.T) {
	all, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		src, err := catalogue.ReadFile("catalogue/" + d.Name + Ext)
		if err != nil {
			t.Errorf("%s: the file is called otherwise: %v", d.Name, err)
		}
		if string(src) != d.Format() {
			t.Errorf("%s is not in the canonical form", d.Name)
		}
		if d.Doc == "" {
			t.Errorf("%s has no doc string", d.Name)
		}
		p, err := Compile(d)
		if err != nil {
			t.Error(err)
			continue
		}
		sane(t, p)
		for _, w := range Check(d).Warnings() {
			if !strings.Contains(w.Msg, "nothing calls") {
				t.Error(w)
			}
		}
	}
	names := []string{"thread", "v6.12", "v6.1-debian", "a", "v6.4", "v5.10", "v7", "version"}
	slices.SortFunc(names, compareNames)
	want := []string{"v5.10", "v6.1-debian", "v6.4", "v6.12", "v7", "a", "thread", "version"}
	if !slices.Equal(names, want) {
		t.Errorf("order: %v", names)
	}
}

// Registers are checked against what the entries say they set.
func TestRegisters(t *testing.T) {
	reg := testRegistry("f", "g")
	reg.State = func(entry string) (EntryState, bool) {
		return EntryState{Held: []mm.Lock{mm.PTL}, Leave: []mm.Lock{mm.PTL}}, entry == "f"
	}
	for _, c := range []struct{ body, err string }{
		{"find_folio\nuse_folio", "use_folio reads the register folio, which is not set on the path on which find_folio in line 3 fails"},
		{"find_folio else return\nuse_folio", ""},
		{"a\nuse_folio", "use_folio reads the register folio, which is not set"},
		{"forget_folio\nuse_folio", ""},
		{"if have_folio\n    use_folio", ""}, // a test asks whether it is set
		{"find else return\nuse_folio", ""},
		{"lose else return\nuse_folio", "use_folio reads the register folio, which is not set"},
		{"folio_lock\nfolio_unlock", ""},
		{"set_pte", ""},
		{"spin_unlock", "f returns without the page-table lock"},
		{"spin_unlock\na\nspin_lock", ""},
		{"spin_lock", "spin_lock takes the page-table lock, which is held already"},
		{"p else return\nspin_unlock", "f returns without the page-table lock on the path on which p in line 3 succeeds"},
	} {
		src := "design x\nfn f\n    " + strings.ReplaceAll(c.body, "\n", "\n    ") +
			"\nfn g\n    find\n    lose\nfn find -> folio\n    find_folio else return false\nfn lose\n    find_folio else return false\n"
		d, err := Parse("x.design", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if es := reg.Check(d); len(es) > 0 {
			got = es[0].Msg
		}
		if got != c.err {
			t.Errorf("%q: got %q, want %q", c.body, got, c.err)
		}
	}
}

func TestStepDocs(t *testing.T) {
	r := testRegistry()
	docs := r.StepDocs()
	if len(docs) != len(r.Steps) || docs[0].File() != "mm/test.c" || docs[0].Func() != "a (v6.1)" {
		t.Errorf("%d steps, first %+v", len(docs), docs[0])
	}
	for name, want := range map[string][2]string{
		"a":             {"a", ""},
		"flags":         {"flags [dirty|referenced]", ""},
		"swap_count":    {"swap_count 0|1|2", ""},
		"set_pte":       {"set_pte", "Needs the page-table lock."},
		"folio_trylock": {"folio_trylock", "Takes the folio lock."},
		"find_folio":    {"find_folio", "Sets folio."},
	} {
		d, err := r.StepDoc(name)
		if err != nil || d.Usage() != want[0] || d.Effects() != want[1] {
			t.Errorf("%s: %q, %q, %v", name, d.Usage(), d.Effects(), err)
		}
	}
	if _, err := r.StepDoc("swap_fre"); err == nil || !strings.Contains(err.Error(), `did you mean "swap_free"?`) {
		t.Error(err)
	}
}

func TestNew(t *testing.T) {
	base := load(t, "testdata/base.design")
	text, err := New("mine", base, []string{"do_swap_page", "do_swap_page"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "new.design", text)
	for _, name := range []string{"", "a/b", "-", ".x", "v6.4", "a b"} {
		if _, err := New(name, base, nil); err == nil {
			t.Errorf("%q became a design", name)
		}
	}
}
