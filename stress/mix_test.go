package stress

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseMix(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"load=40,store=20", "load=40,store=20,mte=on,shared=0"},
		{"readtag=1", "readtag=1,mte=on,shared=0"},
		{"plain,mte=off,drain=0,shared=50", "load=520,store=410,pageout=50,willneed=8,dontneed=5,fork=2,exit=1,share=2,mte=off,shared=50"},
		{" load=1, fork=2 ", "load=1,fork=2,mte=on,shared=0"},
	} {
		m, err := ParseMix(tc.text)
		if err != nil || m.String() != tc.want {
			t.Errorf("%q: %s, %v, want %s", tc.text, m, err, tc.want)
		}
	}
}

// What is printed is read back the same, of every mix that has a name.
func TestMixRoundTrip(t *testing.T) {
	if len(MixNames()) < 5 {
		t.Error("mixes are missing")
	}
	for _, name := range MixNames() {
		m, err := ParseMix(name)
		if err != nil {
			t.Fatal(name, err)
		}
		again, err := ParseMix(m.String())
		if err != nil || again != m {
			t.Errorf("%s: %s is read as %s, %v", name, m, again, err)
		}
		if !strings.Contains(DescribeMixes(), "  "+name+" ") {
			t.Errorf("%s is not described", name)
		}
	}
}

func TestParseMixErrors(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"", "an item is empty"},
		{"load=1,,store=2", "an item is empty"},
		{"defualt", `there is no mix "defualt"`},
		{"load", `"load" has no weight; write load=N`},
		{"load=1,default", `"default" has no weight`},
		{"laod=1", `there is no operation "laod"`},
		{"load=x", "load=x: a weight is a number from 0 to 1000000"},
		{"load=-1", "load=-1: a weight"},
		{"load=1000001", "load=1000001: a weight"},
		{"load=1,load=2", "load is there twice"},
		{"load=1,mte=yes", "mte=yes: on or off"},
		{"load=1,shared=101", "shared=101: from 0 to 100"},
		{"store=1,fork=1", "nothing is read"},
		{"readtag=1,mte=off", "nothing is read"},
		{"default,load=0,readtag=0", "nothing is read"},
	} {
		_, err := ParseMix(tc.text)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %q", tc.text, err, tc.want)
		}
	}
	var unknown *UnknownError
	if _, err := ParseMix("laod=1"); !errors.As(err, &unknown) || !slices.Contains(unknown.Known, "load") ||
		!slices.Contains(unknown.Known, "mte") {
		t.Errorf("what is known is not said: %v", err)
	}
}

// Every operation has exactly its share of the places of a mix.
func TestMixPick(t *testing.T) {
	for _, name := range MixNames() {
		m, _ := ParseMix(name)
		var got [numWeighted]int
		for n := range m.total() {
			got[m.pick(n)]++
		}
		if got != m.Weights {
			t.Errorf("%s: %v, want %v", name, got, m.Weights)
		}
	}
}

func TestMixShared(t *testing.T) {
	for _, percent := range []int{0, 1, 12, 50, 100} {
		m := Mix{Shared: percent}
		n := 0
		for v := range 1000 {
			if m.shared(v) {
				n++
			}
		}
		if n != 10*percent {
			t.Errorf("%d of 1000 pages are shared, want %d%%", n, percent)
		}
	}
}

func FuzzParseMix(f *testing.F) {
	for _, n := range named {
		f.Add(n.text)
		f.Add(n.name + ",fork=3")
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMix(text)
		if err != nil {
			return
		}
		if again, err := ParseMix(m.String()); err != nil || again != m {
			t.Error(fmt.Sprint(m), err)
		}
	})
}
