package litmus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t testing.TB, src string) *Test {
	t.Helper()
	test, err := Parse("t.litmus", []byte(src))
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, src)
	}
	return test
}

// TestDesignExample parses the example of the design, to the letter.
func TestDesignExample(t *testing.T) {
	const src = `LinuxMM store-small-swap
    "The sole owner stores to a swapped-out page whose slot is freed at once."
    Swap=sync,slots:8
    SlotCache=off
    { anon x = 1:red; 0:swapped(x); }
     P0          ;
     store x 2   ;
     r1 = tag(x) ;
    forall (0:r1=red)
`
	got := mustParse(t, src)
	file := func(line, col int) Pos { return Pos{File: "t.litmus", Line: line, Col: col} }
	r1 := Loc{Task: 0, Name: "r1", IsTag: true, Pos: file(9, 13)}
	want := &Test{
		Name: "store-small-swap",
		Doc:  "The sole owner stores to a swapped-out page whose slot is freed at once.",
		Meta: []Meta{
			{Key: "Swap", Value: "sync,slots:8", Pos: file(3, 5)},
			{Key: "SlotCache", Value: "off", Pos: file(4, 5)},
		},
		Machine: Machine{Areas: []SwapArea{{Sync: true, Slots: 8}}, SlotCache: SlotCache{Size: 2}},
		Vars:    []Var{{Name: "x", MTE: true, Value: 1, Tag: 1, HasTag: true, Pos: file(5, 12)}},
		Init:    []InitState{{Task: 0, Func: "swapped", Var: "x", Pos: file(5, 23)}},
		Tasks: []Task{{Pos: file(6, 6), Ops: []Op{
			{Kind: OpStore, Var: "x", Value: 2, Pos: file(7, 6)},
			{Kind: OpReadTag, Reg: "r1", Var: "x", Pos: file(8, 6)},
		}}},
		Quant: Forall,
		Cond:  &Prop{Kind: PropAtom, Loc: r1, Value: Value{N: 1, IsTag: true}, Pos: r1.Pos},
		Pos:   file(1, 1),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestFormat holds tests in free layout and with herd's spellings, and what
// Format makes of them: testdata/format/X.litmus and X.golden.
func TestFormat(t *testing.T) {
	paths, err := filepath.Glob("testdata/format/*.litmus")
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got := Format(mustParse(t, string(src)))
		golden := strings.TrimSuffix(path, ".litmus") + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s: %s", path, d)
		}
		if again := Format(mustParse(t, got)); again != got {
			t.Errorf("%s: Format is not idempotent: %s", path, cmp.Diff(got, again))
		}
	}
}

// TestHash: the hash of a test changes with its meaning and with nothing else.
func TestHash(t *testing.T) {
	const base = "LinuxMM a\n{ anon x = 1:red; }\nP0 | P1:child;\nload x | store x 1;\nexists (x=1)\n"
	hash := Hash(mustParse(t, base))
	if len(hash) != 12 {
		t.Errorf("hash %q", hash)
	}
	for _, same := range []string{
		strings.Replace(base, "a\n", "b \"A doc string.\"\n", 1),
		strings.Replace(base, "a\n", "a\nswap = sync\nSlotCache=off,size:2\n", 1),
		strings.Replace(base, " load", "(* comment *)\n\nload", 1),
		strings.Replace(base, "x=1)", "[x]==0x1)", 1),
	} {
		if Hash(mustParse(t, same)) != hash {
			t.Errorf("the hash should not change with\n%s", same)
		}
	}
	for _, edit := range [][2]string{
		{"x = 1", "x = 2"}, {"red", "blue"}, {"a\n", "a\nSwap=async\n"}, {"a\n", "a\nSlotCache=on\n"},
		{"a\n", "a\nCPUs=1\n"}, {"a\n", "a\nFail=alloc_folio\n"}, {":child", ""}, {"store x 1", "store x 2"},
		{"exists", "forall"}, {"(x=1", "(x!=1"}, {"exists", "filter (x=1) exists"}, {"exists", "locations [slots] exists"},
		{"red; ", "red; 0:swapped(x); "}, {"anon x", "shared x"},
	} {
		if changed := strings.Replace(base, edit[0], edit[1], 1); Hash(mustParse(t, changed)) == hash {
			t.Errorf("the hash should change with\n%s", changed)
		}
	}
}

// TestSpaces checks who shares whose memory.
func TestSpaces(t *testing.T) {
	test := mustParse(t, `LinuxMM a
{ anon x = 0; anon(P2) y = 0; shared z = 0; shared(P3) v = 0; }
P0      | P1 | P2:process | P3:thread(P2) | P4:child(P3) | P5 ;
fork P5 |    |            |               |              |    ;
`)
	for i, want := range []int{0, 0, 2, 2, 4, 5} {
		if got := test.Space(i); got != want {
			t.Errorf("P%d is in the address space of P%d, want P%d", i, got, want)
		}
	}
	if p5 := test.Tasks[5]; p5.Relation != Forked || p5.Of != 0 {
		t.Errorf("P5 is %s of P%d", p5.Relation, p5.Of)
	}
	for name, want := range map[string]string{"x": "015", "y": "234", "z": "012345", "v": "234"} {
		got := ""
		for i := range test.Tasks {
			if test.Maps(i, test.Var(name)) {
				got += string(rune('0' + i))
			}
		}
		if got != want {
			t.Errorf("%s is mapped by tasks %s, want %s", name, got, want)
		}
	}
}

// TestClone: a clone is equal and shares nothing that can be written.
func TestClone(t *testing.T) {
	tests, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		want := Format(test)
		c := test.Clone()
		if Format(c) != want {
			t.Fatalf("%s: the clone differs", test.Name)
		}
		c.Machine.Areas[0].Slots++
		c.Vars[0].Value++
		for i := range c.Init {
			c.Init[i].Func = "cached"
		}
		for i := range c.Tasks {
			for j := range c.Tasks[i].Ops {
				c.Tasks[i].Ops[j].Var = "other"
			}
		}
		c.Cond.walk(func(atom *Prop) { atom.Loc.Name = "other" })
		if Format(test) != want {
			t.Fatalf("%s: writing to the clone changed the test", test.Name)
		}
	}
}
