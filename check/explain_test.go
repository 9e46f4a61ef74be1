package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tagswap/explore"
)

var counterexamples = []struct{ design, test, property string }{
	{"v6.4", "store-small-swap", "tags"},
	{"v6.4", "store-small-swap", "condition"},
	{"readpage-hook", "two-tasks-one-entry", "use-after-free"},
	{"readpage-retry", "untagged-swapin", "livelock"},
	{"free-in-set-pte", "exit-while-swapped", "leak"},
}

// A schedule survives being printed, and leads to the same end each time: the
// same events and the same violation.
func TestReplayRoundTrip(t *testing.T) {
	for _, c := range counterexamples {
		ps, ts := lookup(t, []string{c.design}, []string{c.test})
		x, err := Explain(ts[0], ps[0], c.property, nil)
		if err != nil || x == nil {
			t.Errorf("%v: %v, %v", c, x, err)
			continue
		}
		text := FormatSchedule(ts[0], ps[0], x.Schedule)
		steps, err := ParseSchedule(ts[0], ps[0], text)
		if err != nil {
			t.Errorf("%v: %s: %v", c, text, err)
			continue
		}
		if !slices.Equal(steps, x.Schedule) {
			t.Errorf("%v: %v became %v", c, x.Schedule, steps)
		}
		for range 2 {
			y, err := ReplayCounterexample(ts[0], ps[0], steps)
			switch {
			case err != nil:
				t.Errorf("%v: %v", c, err)
			case y.Property != c.property || y.Detail != x.Detail:
				t.Errorf("%v: replayed to %s: %s", c, y.Property, y.Detail)
			case !slices.Equal(y.Trace.Events, x.Trace.Events):
				t.Errorf("%v: another trace", c)
			}
		}
	}
}

func TestExplainNothing(t *testing.T) {
	ps, ts := lookup(t, []string{"v6.5"}, []string{"store-small-swap"})
	if x, err := Explain(ts[0], ps[0], "tags", nil); x != nil || err != nil {
		t.Error(x, err)
	}
}

// A schedule of another test, design or form is refused, with what is wrong.
func TestParseScheduleErrors(t *testing.T) {
	ps, ts := lookup(t, []string{"v6.4", "v6.5"}, []string{"store-small-swap", "two-tasks-one-entry"})
	hash := ProgramHash(ts[0], ps[0])
	for _, c := range []struct{ text, want string }{
		{"", "a schedule is"},
		{hash, "a schedule is"},
		{ProgramHash(ts[0], ps[1]) + " init*3", "the schedule is one of " + ProgramHash(ts[0], ps[1]) + ", but"},
		{ProgramHash(ts[1], ps[0]) + " init*3", "a step list is another"},
		{hash + " init*3 P0", `step 2 of the schedule is "P0"`},
		{hash + " init*0", `step 1 of the schedule is "init*0"`},
		{hash + " T1*2", `step 1 of the schedule is "T1*2"`},
		{hash + " init*3 P1*2", "store-small-swap has no task P1"},
		{hash + " P99*2", `step 1 of the schedule is "P99*2"`},
	} {
		_, err := ParseSchedule(ts[0], ps[0], c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
	if _, err := ReplayCounterexample(ts[0], ps[0], []explore.Step{{Task: 0, Ops: 3}, {Task: 1, Ops: 1}}); err == nil {
		t.Error("a schedule that does not fit was replayed")
	}
}

// The hash stands for what a schedule depends on, and for nothing else.
func TestProgramHash(t *testing.T) {
	ps, ts := lookup(t, []string{"v6.4", "v6.5", "v6.4"}, []string{"store-small-swap", "stg-cow"})
	named := ts[0].Clone()
	named.Name, named.Doc = "other", "other"
	same := ProgramHash(ts[0], ps[0])
	if ProgramHash(ts[0], ps[2]) != same || ProgramHash(named, ps[0]) != same {
		t.Error("the hash depends on names or on the run")
	}
	seen := map[string]string{}
	for i, p := range ps[:2] {
		for j, l := range ts {
			h := ProgramHash(l, p)
			if was := seen[h]; was != "" {
				t.Errorf("%d/%d has the hash of %s", i, j, was)
			}
			seen[h] = fmt.Sprint(i, j)
		}
	}
}
