package check

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tagswap/design"
	"tagswap/litmus"
	"tagswap/mm"
)

func lookup(t *testing.T, designs, tests []string) ([]*mm.Program, []*litmus.Test) {
	t.Helper()
	var ps []*mm.Program
	for _, n := range designs {
		d, err := design.Lookup(n)
		if err != nil {
			t.Fatal(err)
		}
		p, err := design.Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
	var ts []*litmus.Test
	for _, n := range tests {
		l, err := litmus.Lookup(n)
		if err != nil {
			t.Fatal(err)
		}
		ts = append(ts, l)
	}
	return ps, ts
}

var (
	someDesigns = []string{"v5.10", "v6.4", "v6.5", "readpage-hook"}
	someTests   = []string{"store-small-swap", "two-tasks-one-entry", "exit-while-swapped", "free-cache-after-map-s1", "stg-cow"}
)

// dump is all of a result but the time.
func dump(r *Result) string {
	return fmt.Sprintln(r.Design, r.Test.Name, r.Verdict, r.Violations, r.Complete, r.Cut, r.Executions, r.States, r.Events,
		r.Costs, r.Outcomes, r.Positive, r.Negative)
}

// What a matrix says, and the order in which it says it, does not depend on how
// many work at it.
func TestMatrixWorkers(t *testing.T) {
	ps, ts := lookup(t, someDesigns, someTests)
	want := ""
	for _, workers := range []int{1, 2, 7} {
		var told, returned strings.Builder
		done := 0
		rs := Matrix(context.Background(), ts, ps, MatrixOptions{
			Workers:  workers,
			Each:     func(r *Result) { told.WriteString(dump(r)) },
			Progress: func(n int, _ *Result) { done = n },
		})
		for i, r := range rs {
			if r.Design != ps[i%len(ps)].Name || r.Test != ts[i/len(ps)] {
				t.Fatalf("result %d is %s under %s", i, r.Test.Name, r.Design)
			}
			returned.WriteString(dump(r))
		}
		switch {
		case told.String() != returned.String():
			t.Errorf("%d workers: told\n%s\nreturned\n%s", workers, &told, &returned)
		case done != len(rs):
			t.Errorf("%d workers: %d done", workers, done)
		case want == "":
			want = returned.String()
		case want != returned.String():
			t.Errorf("%d workers say\n%s\none says\n%s", workers, &returned, want)
		}
	}
	if !strings.Contains(want, "fails") || !strings.Contains(want, "holds") {
		t.Error("the cells are all alike:", want)
	}
}

// When the context ends, what is known is returned and the rest is bounded.
func TestMatrixStopped(t *testing.T) {
	ps, ts := lookup(t, someDesigns, someTests)
	ctx, cancel := context.WithCancel(context.Background())
	rs := Matrix(ctx, ts, ps, MatrixOptions{Workers: 1, Progress: func(n int, _ *Result) {
		if n == 3 {
			cancel()
		}
	}})
	notRun := 0
	for i, r := range rs {
		switch {
		case r == nil:
			t.Fatalf("no result %d", i)
		case r.Cut == CutNotRun:
			notRun++
			if r.Verdict != Bounded {
				t.Errorf("result %d was not run and is %s", i, r.Verdict)
			}
		case i < 3 && r.Cut != "":
			t.Errorf("result %d: %s", i, r.Cut)
		}
	}
	// The worker may have begun one more cell before it heard of it.
	if notRun < len(rs)-5 || notRun == len(rs) {
		t.Errorf("%d of %d were not run", notRun, len(rs))
	}
}

// A bound makes a cell bounded, or leaves the failure that was found before.
func TestMatrixBound(t *testing.T) {
	ps, ts := lookup(t, []string{"v6.5", "v6.4"}, []string{"two-tasks-one-entry"})
	rs := Matrix(context.Background(), ts, ps, MatrixOptions{Options: Options{MaxExecutions: 3}})
	if rs[0].Verdict != Bounded || rs[0].Cut != CutExecutions || rs[0].Executions > 3 {
		t.Error(dump(rs[0]))
	}
	if rs[1].Verdict != Fails {
		t.Error(dump(rs[1]))
	}
}

// A bug of the model in one cell reaches the caller.
func TestMatrixPanic(t *testing.T) {
	ps, ts := lookup(t, []string{"v6.5"}, someTests)
	broken := &mm.Program{Name: "broken", Funcs: map[string]*mm.Func{}}
	defer func() {
		if p := fmt.Sprint(recover()); !strings.HasPrefix(p, "tagswap internal:") {
			t.Errorf("recovered %q", p)
		}
	}()
	Matrix(context.Background(), ts, []*mm.Program{ps[0], broken}, MatrixOptions{Workers: 2})
	t.Error("nothing happened")
}

func TestOnly(t *testing.T) {
	ps, ts := lookup(t, []string{"v6.4"}, []string{"store-small-swap"})
	r := Run(ts[0], ps[0], Options{})
	if r.Only([]string{"condition", "leak"}); r.Verdict != Fails || len(r.Violations) != 1 {
		t.Error(dump(r))
	}
	if r.Only([]string{"leak"}); r.Verdict != Holds || len(r.Violations) != 0 {
		t.Error(dump(r))
	}
}
