package explore

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
)

// compareSearches returns a difference between the searches, or "", and how many
// of them ended.
func compareSearches(p *program) (diff string, n int) {
	want, r := searched(p, Options{MaxExecutions: 4000})
	if r.Cut != "" {
		return "", 0
	}
	traces := int64(0)
	for _, s := range []struct {
		name string
		o    Options
	}{
		{"optimal", Options{Search: Optimal, MaxExecutions: 4000}},
		{"optimal visible", Options{Search: Optimal, AllVisible: true, MaxExecutions: 4000}},
		{"nomerge", Options{NoMerge: true, MaxExecutions: 4000}},
		{"visible", Options{AllVisible: true, MaxExecutions: 8000}},
	} {
		got, r := searched(p, s.o)
		if r.Cut != "" {
			continue
		}
		n++
		if got.String() != want.String() {
			return s.name + " " + want.less(got), n
		}
		if s.o.Search != Optimal {
			continue
		}
		if traces == 0 {
			traces = r.Executions
		}
		if r.Executions != traces || r.Blocked > 0 {
			return fmt.Sprintf("%s: %d executions, %d of them blocked; optimal has %d", s.name, r.Executions, r.Blocked, traces), n
		}
	}
	return "", n
}

// TestLargerPrograms compares the searches with one another where brute force
// would take too long.
func TestLargerPrograms(t *testing.T) {
	compared := 0
	for i := range *randomCount {
		seed := *randomSeed + int64(i)
		p := sizedProgram(rand.New(rand.NewSource(seed)), 18)
		d, n := compareSearches(p)
		compared += n
		if d != "" {
			again := func(p *program) string { d, _ := compareSearches(p); return d }
			p = shrink(p, again)
			t.Fatalf("seed %d\n%s\n%s", seed, p, again(p))
		}
	}
	t.Logf("%d compared", compared)
}

// compareSpinning returns a difference between the searches of a program that may
// go round for ever.
func compareSpinning(p *program) (diff string, n int) {
	want, r := searched(p, Options{AllVisible: true, MaxExecutions: 4000, MaxEvents: 20000})
	if r.Cut != "" {
		return "", 0
	}
	got, r := searched(p, Options{MaxExecutions: 8000, MaxEvents: 20000})
	if r.Cut != "" {
		return "merge: " + r.Cut, 1
	}
	if got.String() != want.String() {
		return "merge " + want.less(got), 1
	}
	if want["violation livelock"] {
		n = 1
	}
	return "", n
}

// TestSpinningPrograms: tasks that look again and again, and that Forget, end in the
// same, or go round for ever, whatever is visible.
func TestSpinningPrograms(t *testing.T) {
	livelocks := 0
	for i := range *randomCount / 4 {
		seed := *randomSeed + int64(i)
		r := rand.New(rand.NewSource(seed))
		p := randomProgram(r)
		for range 1 + r.Intn(2) {
			at := p.body(r.Intn(len(p.tasks)))
			*at = slices.Insert(*at, r.Intn(len(*at)+1), instr{op: "spin", o: r.Intn(2), v: r.Intn(2)})
		}
		d, n := compareSpinning(p)
		livelocks += n
		if d != "" {
			again := func(p *program) string { d, _ := compareSpinning(p); return d }
			p = shrink(p, again)
			t.Fatalf("seed %d\n%s\n%s", seed, p, again(p))
		}
	}
	t.Logf("%d livelocks", livelocks)
	if *randomCount >= 200 && livelocks == 0 {
		t.Error("no program went round for ever")
	}
}
