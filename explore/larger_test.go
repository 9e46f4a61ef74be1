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
	campaign(t, *randomCount, func(r *rand.Rand) *program { return sizedProgram(r, 18) }, func(p *program, _ int) (string, int) {
		d, n := compareSearches(p)
		compared += n
		return d, n
	})
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
	livelocks := campaign(t, *randomCount/4, spinningProgram, func(p *program, _ int) (string, int) { return compareSpinning(p) })
	t.Logf("%d livelocks", livelocks)
}

// spinningProgram has tasks that look again and again.
func spinningProgram(r *rand.Rand) *program {
	p := randomProgram(r)
	for range 1 + r.Intn(2) {
		at := p.body(r.Intn(len(p.tasks)))
		*at = slices.Insert(*at, r.Intn(len(*at)+1), instr{op: "spin", o: r.Intn(2), v: r.Intn(2)})
	}
	return p
}
