package check_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tagswap/check"
	"tagswap/litmus"
)

// findings is what a search found, without how long it took: the outcomes and
// the properties that fail.
func findings(r *check.Result) []string {
	out := []string{string(r.Verdict)}
	for _, o := range r.Outcomes {
		out = append(out, o.State)
	}
	for _, v := range r.Violations {
		out = append(out, v.Property)
	}
	return out
}

// small are tests whose every interleaving can be run the slow way too.
var small = []string{
	"slot-cache-drain", "two-tasks-one-entry", "mte-tag-init-race", "mte-flag-before-tags",
	"mte-flag-before-tags-cow", "reuse-ignores-refs", "munmap-vs-fault", "two-tasks-two-pages",
	"untagged-two-tasks", "free-vs-swapoff", "shared-entry-one-fault", "hascache-wait-livelock",
}

// The search over blocks finds what a search finds for which every operation is
// a scheduling point.
func TestBlocksFindWhatOperationsFind(t *testing.T) {
	compare(t, small, []string{"v5.10", "v6.1-debian", "v6.4", "v7.2", "readpage-hook"}, check.Options{AllVisible: true})
}

// The search that merges states finds what one finds that does not.
func TestMergingFindsWhatPlainSearchFinds(t *testing.T) {
	tests := slices.DeleteFunc(slices.Clone(small), func(s string) bool { return s == "free-vs-swapoff" })
	compare(t, tests, []string{"v6.4", "v7.2", "readpage-hook"}, check.Options{NoMerge: true})
}

// The search that runs every trace once, and keeps no states, finds what that does.
func TestOptimalFindsTheSame(t *testing.T) {
	tests := slices.DeleteFunc(slices.Clone(small), func(s string) bool { return s == "hascache-wait-livelock" }) // has priorities
	designs := []string{"v5.10", "v6.1-debian", "v6.4", "v7.2", "readpage-hook"}
	compare(t, append(tests, "pageout-by-other"), designs, check.Options{Optimal: true})
}

// A machine that is put back where it began is as good as one that is set up anew:
// the two searches are the same one, to the last event and the last cost.
func TestSetUpOnce(t *testing.T) {
	tests := []string{
		"slot-cache-batch-flush", "pinned-then-unmapped", "fork-pinned", "get-vs-reclaim", "unuse-forked-sharer",
		"swapin-vs-swapoff", "fail-tag-storage", "shmem-swapoff", "ksm-vs-store", "pageout-vs-stg",
	}
	for _, name := range tests {
		l, err := litmus.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []string{"v5.10", "v6.4", "v7.2", "unuse-deletes-cache"} {
			once, afresh := check.Run(l, program(t, d), check.Options{}), check.Run(l, program(t, d), check.Options{Afresh: true})
			once.Elapsed, afresh.Elapsed = 0, 0
			if diff := cmp.Diff(afresh, once); diff != "" {
				t.Errorf("%s under %s (-afresh +once):\n%s", name, d, diff)
			}
		}
	}
}

func compare(t *testing.T, tests, designs []string, o check.Options) {
	for _, name := range tests {
		l, err := litmus.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range designs {
			p := program(t, d)
			fast, slow := check.Run(l, p, check.Options{}), check.Run(l, p, o)
			if !slow.Complete {
				t.Errorf("%s under %s: the slow search did not end: %s", name, d, slow.Cut)
			}
			if diff := cmp.Diff(findings(slow), findings(fast)); diff != "" {
				t.Errorf("%s under %s (-%+v +default):\n%s", name, d, o, diff)
			}
		}
	}
}

// A check is the same every time: verdict, counts, outcomes and schedules.
func TestDeterminism(t *testing.T) {
	for _, name := range []string{"slot-cache-drain", "sharers-fault-swapped"} {
		l, err := litmus.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		p := program(t, "free-in-set-pte")
		a, b := check.Run(l, p, check.Options{}), check.Run(l, p, check.Options{})
		a.Elapsed, b.Elapsed = 0, 0
		if x, y := fmt.Sprint(a), fmt.Sprint(b); x != y {
			t.Errorf("%s: %s\nthen %s", name, x, y)
		}
	}
}

// A schedule replays to the violation that it was reported for.
func TestReplay(t *testing.T) {
	for _, c := range [][2]string{
		{"two-tasks-one-entry", "readpage-hook"}, {"slot-cache-drain", "v6.4"}, {"mte-tag-init-race", "v6.1-debian"},
		{"exit-while-swapped", "free-in-set-pte"}, {"swapin-vs-swapoff", "v5.10"},
	} {
		l, err := litmus.Lookup(c[0])
		if err != nil {
			t.Fatal(err)
		}
		p := program(t, c[1])
		for _, v := range check.Run(l, p, check.Options{}).Violations {
			_, r, err := check.Replay(l, p, v.Schedule)
			if err != nil || !slices.Contains(r.Properties(), v.Property) {
				t.Errorf("%s under %s, %s: the replay shows %v, %v", c[0], c[1], v.Property, r.Properties(), err)
			}
		}
	}
}

// What was not covered is not said to hold.
func TestBounded(t *testing.T) {
	l, err := litmus.Lookup("two-tasks-one-entry")
	if err != nil {
		t.Fatal(err)
	}
	r := check.Run(l, program(t, "v6.5"), check.Options{MaxExecutions: 3})
	if r.Verdict != check.Bounded || r.Complete || r.Cut == "" {
		t.Errorf("after 3 executions: %s, complete %v, cut %q", r.Verdict, r.Complete, r.Cut)
	}
}
