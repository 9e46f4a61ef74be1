package litmus

import (
	"strings"
	"testing"
)

// cond parses a condition over x, y (contents), tags and registers.
func cond(t testing.TB, quantified string) *Prop {
	t.Helper()
	return mustParse(t, "LinuxMM a\n{ anon x = 1:red; anon y = 0; }\nP0;\nr0 = load x;\nr1 = tag(x);\n"+quantified+"\n").Cond
}

// TestEval checks the truth tables over x and y in {0, 1}.
func TestEval(t *testing.T) {
	for _, tc := range []struct {
		prop string
		want string // for x y = 00 01 10 11
	}{
		{"true", "1111"},
		{"false", "0000"},
		{"x=1", "0011"},
		{"x==1", "0011"},
		{"x!=1", "1100"},
		{"x<>1", "1100"},
		{"x=y", "1001"},
		{"x!=y", "0110"},
		{"~x=1", "1100"},
		{"not (x=1)", "1100"},
		{"not not x=1", "0011"},
		{`x=1 /\ y=1`, "0001"},
		{`x=1 \/ y=1`, "0111"},
		{"x=1 => y=1", "1101"},
		{`~x=1 \/ x=1 /\ y=1`, "1101"},
		{`(~x=1 \/ x=1) /\ y=1`, "0101"},
		{`(x=1 => y=1) /\ x=1`, "0001"},
		{`x=1 \/ (y=1 => x=1)`, "1011"},
		{`~x=1 /\ y=1`, "0100"},
		{`~(x=1 /\ y=1)`, "1110"},
	} {
		p := cond(t, "forall "+tc.prop)
		got := ""
		for v := range 4 {
			ok, err := p.Eval(func(l Loc) (int, bool) {
				return map[string]int{"x": v >> 1, "y": v & 1}[l.Name], true
			})
			if err != nil {
				t.Fatal(err)
			}
			got += map[bool]string{true: "1", false: "0"}[ok]
		}
		if got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.prop, got, tc.want)
		}
	}
}

// TestEvalUnknown: a location without a value is an error even where the other
// side decides.
func TestEvalUnknown(t *testing.T) {
	for _, src := range []string{`x=1 \/ y=1`, `x=1 /\ y=2`, "x=1 => y=1", "x=y", "~y=1"} {
		_, err := cond(t, "exists "+src).Eval(func(l Loc) (int, bool) { return 1, l.Name == "x" })
		if err == nil || !strings.HasSuffix(err.Error(), "no value for y") {
			t.Errorf("%s: %v", src, err)
		}
	}
	if ok, err := (*Prop)(nil).Eval(nil); !ok || err != nil {
		t.Error("no condition is true")
	}
}

// TestPropString: conditions print as herd7 prints them, and the print parses
// to the same print.
func TestPropString(t *testing.T) {
	for _, tc := range [][2]string{
		{"x=1", "x=1"},
		{"((x==0x10))", "x=16"},
		{"x!=1", "not (x=1)"},
		{"~x=1", "not (x=1)"},
		{"not not x=1", "not (not (x=1))"},
		{`x=1 /\ y=1 /\ (x=2 /\ y=2)`, `x=1 /\ y=1 /\ x=2 /\ y=2`},
		{`x=1 \/ (y=1 /\ x=2) \/ y=2`, `x=1 \/ y=1 /\ x=2 \/ y=2`},
		{`(x=1 \/ y=1) /\ x=2`, `(x=1 \/ y=1) /\ x=2`},
		{`(x=1 => y=1) /\ x=2`, `(x=1 => y=1) /\ x=2`},
		{`(x=1 /\ y=1) => x=2`, `(x=1 /\ y=1) => x=2`},
		{"(x=1 => y=1) => x=2", "(x=1 => y=1) => x=2"},
		{"true => false", "true => false"},
		{"P0:r1=:red", "0:r1=red"},
		{"0:r1=9", "0:r1=9"},
		{"0:r1=2", "0:r1=blue"},
		{"0:r1=tag(x)", "0:r1=tag(x)"},
		{"[tag(x)]=:red", "tag(x)=red"},
		{"P0:[x]=0:r0", "0:x=0:r0"},
		{"0:tag([x]+16)=:15", "0:tag(x+16)=15"},
		{"Fault(P0,x,MMU:Translation)", "fault(P0,x,Translation)"},
		{"~fault(P0,TagCheck)", "not (fault(P0,TagCheck))"},
		{"fault(P0)=0", "fault(P0)=0"},
		{"fault(P0)=1", "fault(P0)"},
		{`0:swapped(x) /\ cached(x)=1 /\ exclusive(x)!=1`, `0:swapped(x) /\ cached(x) /\ not (exclusive(x))`},
		{`slots=0 /\ records=slots`, `slots=0 /\ records=slots`},
	} {
		p := cond(t, "forall "+tc[0])
		if got := p.String(); got != tc[1] {
			t.Errorf("%s prints as %s, want %s", tc[0], got, tc[1])
		}
		if again := cond(t, "forall ("+p.String()+")").String(); again != tc[1] {
			t.Errorf("%s prints as %s the second time", tc[1], again)
		}
	}
	if got := (*Prop)(nil).String(); got != "true" {
		t.Errorf("no condition prints as %s", got)
	}
}

func TestObserved(t *testing.T) {
	test := mustParse(t, `LinuxMM a
{ anon x = 1:red; }
P0;
r0 = load x;
r1 = tag(x);
locations [0:r1; x; P0:r1;]
filter (x=1 /\ slots=0)
exists (0:r0=x \/ tag(x)=red \/ tag(x+16)=red)
`)
	var got []string
	for _, l := range test.Observed() {
		got = append(got, l.String()+"="+l.Format(1))
	}
	want := "0:r1=red x=1 slots=1 0:r0=1 tag(x)=red tag(x+16)=red"
	if strings.Join(got, " ") != want {
		t.Errorf("got %v\nwant %s", got, want)
	}
}

func TestTagNames(t *testing.T) {
	names := "green red blue black white cyan yellow magenta 8 9 10 11 12 13 14 15"
	for i, want := range strings.Fields(names) {
		l := Loc{Task: -1, Func: "tag", Name: "x", IsTag: true}
		if got := l.Format(i); got != want || Tag(i).String() != want {
			t.Errorf("tag %d is %s, want %s", i, got, want)
		}
	}
}
