package explore

import (
	"fmt"
	"os"
	"strings"
)

// tb is what Test needs of a *testing.T.
type tb interface {
	Helper()
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// scheduleVar is the environment variable that makes Test replay one schedule.
const scheduleVar = "EXPLORE_SCHEDULE"

// Test explores prog and fails t if an execution breaks a property, with the
// simplest one that does and the schedule that replays it:
//
//	EXPLORE_SCHEDULE='P0*4 P1*2' go test -run ThisTest
//
// It fails too if not all interleavings could be covered.
func Test(t tb, prog func(*X), opts ...Options) {
	t.Helper()
	var o Options
	if len(opts) > 0 {
		o = opts[0]
	}
	if s := os.Getenv(scheduleVar); s != "" {
		steps, err := ParseSchedule(s)
		if err != nil {
			t.Fatalf("%s: %v", scheduleVar, err)
		}
		tr, r, err := Replay(prog, steps, o)
		if err != nil {
			t.Fatalf("%s: %v", scheduleVar, err)
		}
		t.Logf("%s", tr)
		for _, v := range r.Violations {
			t.Fatalf("%s: %s", v.Property, v.Detail)
		}
		return
	}
	if o.Search == Merge {
		o.Search = Auto
	}
	r := Run(prog, o)
	for _, v := range r.Violations {
		o.Budget = 0
		if m := Minimise(prog, v.Property, o); m != nil {
			v = *m
		}
		tr, _, err := Replay(prog, v.Schedule, o)
		if err != nil {
			t.Fatalf("%s: %s\nthe program does not do the same twice: %v", v.Property, v.Detail, err)
		}
		t.Fatalf("%s: %s\n%s%s='%s'", v.Property, v.Detail, tr, scheduleVar, FormatSchedule(v.Schedule))
		return
	}
	if !r.Complete {
		t.Fatalf("not all interleavings were covered: %s after %d executions", r.Cut, r.Executions)
		return
	}
	t.Logf("every interleaving covered by %d executions", r.Executions)
}

// String is the trace as a table, a line an event and a column a task.
func (tr *Trace) String() string {
	width := 0
	for _, n := range tr.Names {
		width = max(width, len(n))
	}
	var b strings.Builder
	for i := range tr.Events {
		e := &tr.Events[i]
		fmt.Fprintf(&b, "%-*s  %s\n", width, tr.Names[e.Task], e)
	}
	return b.String()
}

// String says what the event did.
func (e *Event) String() string {
	switch {
	case e.Object == "":
		return e.Op
	case strings.HasSuffix(e.Op, "lock"):
		if strings.HasPrefix(e.Op, "try") && e.Before == e.Value {
			return fmt.Sprintf("%s %s: held", e.Op, e.Object)
		}
		return e.Op + " " + e.Object
	case e.Before != e.Value:
		return fmt.Sprintf("%s %s: %d -> %d", e.Op, e.Object, e.Before, e.Value)
	}
	return fmt.Sprintf("%s %s: %d", e.Op, e.Object, e.Value)
}
