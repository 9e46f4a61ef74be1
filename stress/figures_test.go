package stress

import (
	"context"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tagswap/mm"
)

// Every figure that is shown counts something: none stays 0, and those of the
// slices add up to those of the whole run.
func TestFigures(t *testing.T) {
	m := New(program(t, "v7.2"), Options{Seed: 3, Tasks: 8, Mix: mix(t, "swap")})
	var sum Figures
	zero := func() (names []string) {
		f := m.Figures()
		for _, v := range []reflect.Value{reflect.ValueOf(f), reflect.ValueOf(f.Costs)} {
			for i := range v.NumField() {
				if name := v.Type().Field(i).Name; v.Field(i).IsZero() && !slices.Contains([]string{
					"Violations", "DeviceWaits", "SlotsKept", "Costs",
				}, name) {
					names = append(names, name)
				}
			}
		}
		return names
	}
	for end := time.Now().Add(30 * time.Second); len(zero()) > 0 && time.Now().Before(end); {
		before := m.Figures()
		s := m.Run(testSlice)
		if got := m.Figures().since(&before); got != s.Figures {
			t.Errorf("a slice of %+v, but there were %+v", s.Figures, got)
		}
		sum.Accesses += s.Accesses
		sum.Faults += s.Faults
		sum.SwapOuts += s.SwapOuts
		sum.SwapIns += s.SwapIns
		sum.Waits += s.Waits
		sum.Major += s.Major
	}
	if z := zero(); len(z) > 0 {
		t.Errorf("%v stay 0", z)
	}
	all := m.Figures()
	if all.Accesses != sum.Accesses || all.Faults != sum.Faults || all.SwapOuts != sum.SwapOuts || all.SwapIns != sum.SwapIns ||
		all.Waits != sum.Waits || all.Major != sum.Major {
		t.Errorf("slices add up to %+v, the whole is %+v", sum, all)
	}
	r := m.Finish()
	if r.Resident == 0 || r.Swapped == 0 || r.TagRecords == 0 || len(r.Waits) == 0 {
		t.Errorf("%+v", r)
	}
	for _, c := range r.Operations {
		if c.Operation == "load" && c.Times < all.Accesses/10 {
			t.Errorf("%d loads in %d accesses", c.Times, all.Accesses)
		}
	}
}

func mix(t *testing.T, text string) Mix {
	t.Helper()
	m, err := ParseMix(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A machine takes about the memory that it says.
func TestBytes(t *testing.T) {
	o := Options{Pages: 1000, Tasks: 2}
	var before, after runtime.MemStats
	p := program(t, "v7.2")
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := New(p, o)
	runtime.GC()
	runtime.ReadMemStats(&after)
	got, want := int64(after.HeapAlloc)-int64(before.HeapAlloc), o.Bytes()
	if got < want*9/10 || got > want*13/10 {
		t.Errorf("it takes %d KiB, and says %d", got>>10, want>>10)
	}
	runtime.KeepAlive(m)
}

// What cannot happen under a mix is named, so that nobody takes it for tested.
func TestNeverRun(t *testing.T) {
	// Without a fork no process sleeps in which a task could go on.
	m := New(program(t, "v7.2"), Options{Seed: 1, Mix: mix(t, "load=8,pageout=2,exit=1,fork=0")})
	r := until(m, func() bool { return m.Figures().Major > 10 && m.Accesses() > 1000 })
	if !slices.Equal(r.NeverRun, []string{"exit"}) || r.Empty() || r.Failed() {
		t.Errorf("%+v", r)
	}
	// Without tags none is checked.
	m = New(program(t, "v7.2"), Options{Seed: 1, Mix: mix(t, "plain,mte=off")})
	r = until(m, func() bool { return m.Figures().Major > 10 })
	if r.CheckedTags != 0 || r.CheckedContents == 0 || r.TagRecords != 0 || r.Failed() {
		t.Errorf("%+v", r)
	}
	// Without pressure and page-out nothing is swapped.
	m = New(program(t, "v7.2"), Options{Seed: 1, Memory: 1000, Mix: mix(t, "load=1,store=1")})
	r = until(m, func() bool { return m.Accesses() > 1000 })
	if !r.Empty() || r.Failed() {
		t.Errorf("%+v", r)
	}
}

// The first violation says who found it, at what, who had set what was lost, and
// what went on; after it the steps that lead to one are kept.
func TestExplained(t *testing.T) {
	end := time.Now().Add(time.Minute)
	for seed := uint64(0); time.Now().Before(end); seed++ {
		m := New(program(t, "v6.4"), Options{Seed: seed})
		r := until(m, func() bool { return m.record.worth == worthAll || time.Now().After(end) })
		v := r.First
		if v == nil || v.Property != "tags" || v.Task == "" {
			continue // it was found when tasks had ended, or was none of tags
		}
		if !strings.Contains(v.Operation, " of v") || !strings.HasPrefix(v.Oracle, "tags of that page were last set by task ") &&
			!strings.HasPrefix(v.Oracle, "nobody set tags ") {
			t.Errorf("%+v", v)
		}
		last := slices.ContainsFunc(v.History, func(e Event) bool { return e.Task == v.Task && e.What == v.Operation })
		if !last {
			t.Errorf("%s is not in its history: %+v", v.Operation, v.History)
		}
		if !slices.IsSortedFunc(v.History, func(a, b Event) int { return int(b.Before - a.Before) }) {
			t.Errorf("not in order: %+v", v.History)
		}
		s := r.Steps
		if s == nil || s.Property != "tags" {
			t.Fatalf("no steps: %+v", s)
		}
		text := ""
		for _, e := range s.Steps {
			if e.Before < 0 {
				t.Errorf("after the violation: %+v", e)
			}
			text += e.Task + " " + e.What + "\n"
		}
		if !strings.Contains(text, s.Task+" ") || !strings.Contains(text, "do_swap_page") {
			t.Errorf("%s has no swap-in of its own:\n%s", s.Task, text)
		}
		return
	}
	t.Error("v6.4 loses no tags")
}

// A machine on which a task cannot go on says so, and does nothing any more.
func TestDead(t *testing.T) {
	m := New(mutant(t, "v7.2", "do_swap_page", "    folio_unlock\n", ""), Options{Seed: 1})
	m.patience = time.Second / 2
	r := until(m, m.dead.Load)
	if r.Violations["livelock"] == 0 || !r.Partial {
		t.Errorf("%+v", r)
	}
	if s := m.Run(testSlice); !s.Dead || s.Accesses != 0 {
		t.Errorf("it goes on: %+v", s)
	}
}

// A task that ends in an oops holds locks, so the machine does nothing any more.
func TestOops(t *testing.T) {
	m := New(program(t, "v7.2"), Options{Seed: 1})
	var all sync.WaitGroup
	m.spawn(&all, m.root, func() { panic(mm.Oops{}) })
	all.Wait()
	if s := m.Run(testSlice); !m.Stuck() || !s.Dead || s.Accesses != 0 {
		t.Errorf("it goes on: %+v", s)
	}
}

// What cannot go on when all is looked at in the end is given up as well.
func TestDeadInTheEnd(t *testing.T) {
	m := New(mutant(t, "v7.2", "do_swap_page", "    folio_unlock\n", ""), Options{Tasks: 1, Pages: 4, Mix: mix(t, "load=1")})
	m.patience = time.Second / 4
	w := m.workers[0]
	w.access(&choice{OpStore, 1, 0})
	w.other(&choice{OpPageout, 1, uint64(w.t.MM.ID)})
	w.other(&choice{OpFork, 0, 0})
	w.access(&choice{OpLoad, 1, 0}) // and leaves the page locked, which the sleeping process has too
	if r := m.Finish(); r.Violations["livelock"] != 1 || !r.Partial || !m.Stuck() {
		t.Errorf("%v, %+v", r.Violations, r)
	}
}

// A run that is told to stop ends at once and says what it did not do.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := program(t, "v7.2")
	for _, turns := range []bool{false, true} {
		ms := []*Machine{New(p, Options{Seed: 1}), New(p, Options{Seed: 2}), New(p, Options{Seed: 3})}
		ticks := 0
		run := Run{Total: time.Hour, Slice: 10 * time.Millisecond, Turns: turns, Tick: func(*Machine, *Slice) {
			if ticks++; ticks == 2 {
				cancel()
			}
		}}
		if _, complete := run.Do(ctx, ms); complete || ticks != 2 {
			t.Errorf("complete %v after %d slices", complete, ticks)
		}
		begun := 1
		if turns {
			begun = 2
		}
		for i, m := range ms {
			if m.Begun() != (i < begun) {
				t.Errorf("turns %v: machine %d was begun: %v", turns, i, m.Begun())
			}
			if m.Begun() && !m.Finish().Partial {
				t.Error("a report that does not say that it is partial")
			}
		}
		ctx, cancel = context.WithCancel(t.Context())
	}
	cancel()
}

// In turn, each machine has as many slices as the others, and another one is the
// first of each round.
func TestTurns(t *testing.T) {
	p := program(t, "v6.12")
	ms := []*Machine{New(p, Options{Seed: 1}), New(p, Options{Seed: 2})}
	var order []int
	run := Run{Total: 90 * time.Millisecond, Slice: 20 * time.Millisecond, Turns: true, Tick: func(m *Machine, s *Slice) {
		order = append(order, slices.Index(ms, m))
	}}
	rounds, complete := run.Do(t.Context(), ms)
	if !complete || len(rounds) != 5 || !slices.Equal(order, []int{0, 1, 1, 0, 0, 1, 1, 0, 0, 1}) {
		t.Errorf("%d rounds in order %v", len(rounds), order)
	}
	if ms[0].Finish().Partial || ms[1].Finish().Partial {
		t.Error("it is said to be partial")
	}
}

// Ratios pair the slices of a round, and leave out those that say nothing.
func TestRatios(t *testing.T) {
	p := program(t, "v6.12")
	ms := []*Machine{New(p, Options{Name: "a"}), New(p, Options{Name: "b"})}
	slice := func(n int64) Slice { return Slice{Took: time.Second, Figures: Figures{Accesses: n}} }
	rounds := [][]Slice{{slice(1), slice(1000)}} // warms up
	for i := range int64(9) {
		// The computer is slower and slower, and b does twice as much, or 2.1 times.
		rounds = append(rounds, []Slice{slice(1000 - 100*i), slice((2000 - 200*i) * (20 + i%2) / 20)})
	}
	slow := slice(1)
	slow.Recorded = true
	rounds = append(rounds, []Slice{slice(1000), slow}, []Slice{slice(1000), {Dead: true}}, []Slice{{Took: time.Second}, slice(1)})
	r := Ratios(ms, rounds)[0]
	want := Ratio{
		Design: "b", Mix: "default", To: "a", ToMix: "default", Metric: "accesses per second",
		Slices: 9, Median: 2, Low: 2, High: 2.1, SureLow: 2, SureHigh: 2.1,
	}
	if r != want {
		t.Errorf("%+v\nwant %+v", r, want)
	}
	if !r.Conclusive() {
		t.Error("twice as much is no difference")
	}
	for _, r := range []Ratio{{SureLow: 0.9, SureHigh: 1.1}, {}} {
		if r.Conclusive() {
			t.Errorf("%+v shows a difference", r)
		}
	}
}

// signRank is what the binomial distribution says, and its approximation is not
// far from it.
func TestSignRank(t *testing.T) {
	for n := 1; n <= 1000; n++ {
		k := signRank(n)
		below := 0.0 // chance of at most k heads in n throws
		next := 0.0
		for i := 0; i <= k+1; i++ {
			lg, _ := math.Lgamma(float64(n + 1))
			li, _ := math.Lgamma(float64(i + 1))
			lr, _ := math.Lgamma(float64(n - i + 1))
			p := math.Exp(lg - li - lr - float64(n)*math.Ln2)
			if i <= k {
				below += p
			}
			next += p
		}
		if below > 0.025+1e-9 || next <= 0.025-1e-9 {
			t.Fatalf("n %d: k %d, which %f lie below, and %f below the next", n, k, below, next)
		}
	}
	if signRank(5) != -1 || signRank(6) != 0 {
		t.Error("five values are enough, or six too few")
	}
	if a, b := signRank(1000), signRank(1001); b-a < -1 || b-a > 1 {
		t.Errorf("%d for 1000 values, %d for 1001", a, b)
	}
}

// TestHistogram compares quantiles with those of the sorted durations.
func TestHistogram(t *testing.T) {
	for b := range 60 * 16 {
		if got := bucket(low(b)); got != b && low(b) != low(got) {
			t.Fatalf("bucket %d begins at %d, which is in bucket %d", b, low(b), got)
		}
	}
	var h histogram
	for i := range 1000 {
		h.add(time.Duration(i) * time.Microsecond)
	}
	if p := h.quantile(0.5); p < 460*time.Microsecond || p > 500*time.Microsecond {
		t.Errorf("the median of 0 to 999 µs is %v", p)
	}
	if p := h.quantile(0.999); p < 930*time.Microsecond || p > 999*time.Microsecond {
		t.Errorf("p99.9 of 0 to 999 µs is %v", p)
	}
	// What was there before is not in a slice.
	before := h
	for range 500 {
		h.add(time.Second)
	}
	h.subtract(&before)
	if p := h.quantile(0.01); h.n != 500 || p < 900*time.Millisecond {
		t.Errorf("%d durations, the least is %v", h.n, p)
	}
}
