package stress

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tagswap/design"
	"tagswap/litmus"
)

// failures are the litmus tests in which a standing property fails for each design, by
// the golden verdicts: nothing under load asks a test's own condition.
func failures(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../check/testdata/verdicts.golden")
	if err != nil {
		t.Fatal(err)
	}
	failed := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) >= 3 && f[2] != "holds" && !slices.Equal(f[3:], []string{"condition"}) {
			failed[f[1]] = append(failed[f[1]], f[0])
		}
	}
	return failed
}

// canMeet says whether a machine's tasks do all that a litmus test does, so that it
// may come upon what the test shows. What devices and slot caches a test asks for is
// left out of account, so that a machine is rather taken for one that may.
func canMeet(o *Options, l *litmus.Test) bool {
	does := func(ops ...Op) bool {
		for _, op := range ops {
			if o.Mix.Weights[op] == 0 {
				return false
			}
		}
		return true
	}
	if len(l.Machine.Fail)+len(l.Machine.FIFO) > 0 {
		return false
	}
	for _, s := range l.Init {
		if s.Func == "got" || s.Func == "pinned" && !does(OpPin) {
			return false
		}
	}
	for _, v := range l.Vars {
		if v.Kind == litmus.Shared && o.Mix.Shared == 0 || (v.MTE || v.HasTag) && !o.Mix.Tagged {
			return false
		}
	}
	advice := map[string]Op{"pageout": OpPageout, "willneed": OpWillneed, "dontneed": OpDontneed, "free": OpFree}
	for _, task := range l.Tasks {
		if task.Relation == litmus.Child && !does(OpFork) {
			return false
		}
		for _, op := range task.Ops {
			can := true
			switch op.Kind {
			case litmus.OpFork:
				can = does(OpFork)
			case litmus.OpExit:
				can = does(OpExit)
			case litmus.OpMmap, litmus.OpMunmap:
				can = does(OpRemap)
			case litmus.OpMprotect:
				can = does(OpProtect)
			case litmus.OpMadvise:
				a, known := advice[op.Advice]
				can = known && does(a)
			case litmus.OpPageout:
				can = does(OpPageout)
			case litmus.OpPin, litmus.OpUnpin:
				can = does(OpPin)
			case litmus.OpMerge, litmus.OpGet, litmus.OpPut, litmus.OpCopyTags:
				can = false
			case litmus.OpSwapoff, litmus.OpSwapon:
				can = o.Swapoff
			}
			if !can {
				return false
			}
		}
	}
	return true
}

// TestCatalogue loads every design. One for which no litmus test fails of those that
// the machine's tasks can meet loses nothing; the others may, and the race detector
// finds nothing in any.
func TestCatalogue(t *testing.T) {
	all, err := design.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	tests, err := litmus.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	failed := failures(t)
	for _, c := range []struct {
		Options
		rightOnly bool // of wrong designs there is enough in the other rows
	}{
		{Options: Options{}},
		{Options: Options{Sync: true, Swapoff: true}},
		{Options: Options{SlotCache: true, Pages: 16}},
		{Options: Options{Swapoff: true, Mix: mix(t, "calls")}, rightOnly: true},
	} {
		o := c.Options.Defaults()
		meets := map[string]bool{}
		for _, l := range tests {
			meets[l.Name] = canMeet(&o, l)
		}
		right := 0
		for _, d := range all {
			must := true
			for _, l := range failed[d.Name] {
				must = must && !meets[l]
			}
			if must {
				right++
			}
			if must || !c.rightOnly {
				t.Run(d.Name, func(t *testing.T) { load(t, d.Name, o, must) })
			}
		}
		t.Logf("%d of %d designs are right", right, len(all))
		if right == 0 || right == len(all) {
			t.Errorf("%+v: %d of %d designs are right", o, right, len(all))
		}
	}
}

// load runs a design under o for a while; it must lose nothing, or may.
func load(t *testing.T, name string, o Options, must bool) {
	o.Name, o.Seed = name, rand.Uint64N(1e6)
	m := New(program(t, name), o)
	if !must {
		m.patience = 2 * time.Second
	}
	n := 0
	r := until(m, func() bool { n++; return n > 2 && m.Accesses() > 100 })
	if r.Failed() && must {
		t.Errorf("seed %d, %+v: %v, the first: %+v", o.Seed, o, r.Violations, *r.First)
	}
	if !m.dead.Load() && r.Accesses == 0 {
		t.Errorf("nothing was done: %+v", r)
	}
	if r.Failed() {
		t.Logf("%+v: %v", o, r.Violations)
	}
}

// What a test asks of the tasks has to be among what they do.
func TestCanMeet(t *testing.T) {
	for _, tc := range []struct {
		mix     string
		swapoff bool
		test    string
		want    bool
	}{
		{"default", false, "two-tasks-one-entry", true},
		{"default", false, "cached-read-fault", true},
		{"default,mte=off", false, "two-tasks-one-entry", false}, // its page is tagged
		{"default", true, "shmem-swapoff", true},
		{"default", false, "shmem-swapoff", false},
		{"fork", true, "shmem-swapoff", false}, // shares no memory
		{"calls", false, "free-forked-unshared", true},
		{"calls,free=0", false, "free-forked-unshared", false},
		{"calls,pin=0", false, "free-forked-unshared", false},
		{"calls,fork=0", false, "free-forked-unshared", false},
		{"calls,pin=0", false, "fork-pinned", false}, // pinned to begin with
		{"default", true, "ksm-vs-store", false},
		{"default", true, "fail-swapin", false},
	} {
		o := Options{Swapoff: tc.swapoff, Mix: mix(t, tc.mix)}
		l, err := litmus.Lookup(tc.test)
		if err != nil {
			t.Fatal(err)
		}
		if canMeet(&o, l) != tc.want {
			t.Errorf("%s, swapoff %v: %s can be met: %v", tc.mix, tc.swapoff, tc.test, !tc.want)
		}
	}
}
