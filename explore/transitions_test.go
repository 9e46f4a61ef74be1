package explore

import (
	"math/rand"
	"slices"
	"testing"
)

// TestCircular: there is a circle if a state can be reached from itself.
func TestCircular(t *testing.T) {
	rng := rand.New(rand.NewSource(*randomSeed))
	circles := 0
	for range 2000 {
		n := 1 + rng.Intn(8)
		reach := make([][]bool, n)
		for i := range reach {
			reach[i] = make([]bool, n)
		}
		var all [2][]transition
		for i := range rng.Intn(2 * n) {
			from, to := rng.Intn(n), rng.Intn(n)
			reach[from][to] = true
			all[i%2] = append(all[i%2], transition{uint64(from) * 0x9e3779b97f4a7c15, uint64(to) * 0x9e3779b97f4a7c15})
		}
		for k := range n {
			for i := range n {
				for j := range n {
					reach[i][j] = reach[i][j] || reach[i][k] && reach[k][j]
				}
			}
		}
		want := false
		for i := range n {
			want = want || reach[i][i]
		}
		if want {
			circles++
		}
		if got := circular(all[0], all[1]); got != want {
			t.Fatalf("%v: %v", all, got)
		}
	}
	if circles == 0 || circles == 2000 {
		t.Errorf("%d of 2000 have a circle", circles)
	}
}

// TestTransitionsRoom: beyond the limit none is kept, and that is said; those of tasks that
// do not forget are not kept.
func TestTransitionsRoom(t *testing.T) {
	var w transitions
	for i := range uint64(2 * fewTransitions) {
		w.add(i, i+1, true, 3*fewTransitions*transitionBytes)
	}
	if w.lost || w.bytes() != 2*fewTransitions*transitionBytes {
		t.Errorf("%d, %v", len(w.list), w.lost)
	}
	var v transitions
	v.restore(w.drain(nil))
	if !slices.Equal(v.list, w.list) || len(v.drain(nil)) > 0 {
		t.Errorf("%d written, %d read", len(w.list), len(v.list))
	}
	for i := range uint64(2 * fewTransitions) {
		w.add(i, i+1, true, 3*fewTransitions*transitionBytes)
	}
	if !w.lost || w.bytes() != 0 {
		t.Errorf("%d, %v", len(w.list), w.lost)
	}
	w.reset()
	for i := range uint64(fewTransitions + 1) {
		w.add(i, i+1, false, 1<<30)
	}
	if !w.lost || w.bytes() != 0 {
		t.Errorf("%d, %v", len(w.list), w.lost)
	}
}

// TestCyclesLost: a search that could not keep all it explored looks for livelocks anyway.
func TestCyclesLost(t *testing.T) {
	long := func(x *X) {
		var a, first, flag Atomic
		a.Init(x, "a", -1, 0)
		first.Init(x, "first", -1, 0)
		flag.Init(x, "flag", -1, 0)
		for i := range uint64(2) {
			x.Go("long", func() {
				first.CompareAndSwap(0, i+1)
				for range 40 {
					a.AddBlind(1)
				}
			})
		}
		x.Go("late", func() {
			if a.Load() != 80 || first.Load() != 2 {
				return
			}
			for flag.Load() == 0 {
				x.Forget(0)
			}
		})
		x.Wait()
	}
	// Where all is visible it does not begin again, and learns late that a task forgets.
	o := Options{AllVisible: true}
	x := newX(o)
	defer x.Close()
	m := newMerge(&o)
	x.strat = m
	if cut := x.search(long, &o, func() {}); cut != "" || !m.walked.lost || !x.goesRound(m) {
		t.Errorf("%q, lost %v", cut, m.walked.lost)
	}
	if r := Run(long, o); !r.Complete || len(r.Violations) != 1 || r.Violations[0].Property != "livelock" {
		t.Errorf("%+v", r)
	}
}
