package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tagswap/check"
	"tagswap/litmus"
)

// long are tests that are large enough to be written down or shared.
var long = [][2]string{{"shmem-swapoff", "v6.5"}, {"unuse-deletes-foreign-cache", "v6.5"}}

// A check that is stopped again and again and gone on with says exactly what one
// does that is not.
func TestInterrupted(t *testing.T) {
	for _, c := range long {
		l, err := litmus.Lookup(c[0])
		if err != nil {
			t.Fatal(err)
		}
		p := program(t, c[1])
		want := check.Run(l, p, check.Options{})
		var got *check.Result
		o := check.Options{}
		o.Save = func(b []byte) error { o.Saved = append(o.Saved, b); return nil }
		stops := 0
		for stops < 1000 {
			n := 0
			o.Stop = func() bool { n++; return n > 12 }
			if got = check.Run(l, p, o); got.Cut != check.CutStopped {
				break
			}
			stops++
		}
		if got.Cut != "" || stops == 0 || len(o.Saved) == 0 {
			t.Fatalf("%s was stopped %d times and written down %d times", c[0], stops, len(o.Saved))
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(check.Result{}, "Elapsed", "Test")); diff != "" {
			t.Errorf("%s, stopped %d times (-at once +interrupted):\n%s", c[0], stops, diff)
		}
	}
}

// Several workers come to the same states and outcomes as one.
func TestWorkers(t *testing.T) {
	for _, c := range long {
		l, err := litmus.Lookup(c[0])
		if err != nil {
			t.Fatal(err)
		}
		p := program(t, c[1])
		one := check.Run(l, p, check.Options{})
		two := check.Run(l, p, check.Options{Workers: 2})
		if one.States != two.States || fmt.Sprint(one.Outcomes, one.Verdict, one.Positive, one.Negative) !=
			fmt.Sprint(two.Outcomes, two.Verdict, two.Positive, two.Negative) {
			t.Errorf("%s: one worker %+v\ntwo %+v", c[0], one, two)
		}
	}
}

// What was saved of something else is refused.
func TestSavedOfAnother(t *testing.T) {
	l, err := litmus.Lookup("store-small-swap")
	if err != nil {
		t.Fatal(err)
	}
	r := check.Run(l, program(t, "v6.5"), check.Options{Saved: [][]byte{[]byte("{}")}})
	if r.Verdict != check.Bounded || !strings.Contains(r.Cut, "cannot be read") {
		t.Errorf("%+v", r)
	}
}
