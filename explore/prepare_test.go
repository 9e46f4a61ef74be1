package explore

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// preparedProg is a program whose set-up changes every kind of object, and a Go
// variable, all of which its tasks change too.
func preparedProg(prepare bool) func(*X) {
	var mu, held Mutex
	var rw RWMutex
	var c, d, e Atomic
	var f Flags
	var m Map
	var n uint64
	setUp := func(x *X) {
		mu.Init(x, "mu", -1)
		held.Init(x, "held", -1)
		rw.Init(x, "rw", -1)
		c.Init(x, "c", -1, 1)
		d.Init(x, "d", -1, 0)
		e.Init(x, "e", -1, 0)
		f.Init(x, []string{"a", "b"}, 0, 2)
		m.Init(x, "m", -1)
		mu.Lock()
		d.Store(c.Add(2))
		mu.Unlock()
		held.Lock()
		rw.RLock()
		f.Set(0)
		m.Store(3, 4)
		n = d.Load()
	}
	return func(x *X) {
		if prepare {
			x.Prepare(func() { setUp(x) }, func() { n = 3 })
		} else {
			setUp(x)
		}
		x.Go("a", func() {
			mu.Lock()
			c.Store(c.Load() + d.Load())
			m.Store(3, c.Load())
			mu.Unlock()
			f.Clear(0)
		})
		x.Go("b", func() {
			mu.Lock()
			m.Delete(3)
			d.AddBlind(1)
			mu.Unlock()
			f.WaitClear(0)
			e.Init(x, "e", -1, 7) // an event: somebody may know it
			if !rw.TryLock() {
				c.Add(1)
			}
			held.Lock() // who held it at the end of the set-up lets it go
			held.Unlock()
		})
		if e.Load() == 7 {
			rw.Lock() // which the root itself holds shared
		}
		v := c.Load()
		rw.RUnlock()
		held.Unlock()
		x.Wait()
		n += v
		if got, _ := m.Load(3); n != 6 || f.Peek() != 2 || c.Load() == 8 && got == 7 {
			x.Violation("condition", "seen")
		}
	}
}

// TestPrepare: a set-up that is not repeated makes no difference.
func TestPrepare(t *testing.T) {
	for _, o := range []Options{{}, {NoMerge: true}, {Search: Optimal}, {AllVisible: true}, {Bounded: true, Preemptions: 2}, {Search: Random, MaxExecutions: 50}} {
		want, got := Run(preparedProg(false), o), Run(preparedProg(true), o)
		if want.Executions < 2 {
			t.Fatalf("%+v: %d executions", o, want.Executions)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%+v: without Prepare and with it:\n%s", o, d)
		}
		for _, v := range got.Violations {
			if _, r, err := Replay(preparedProg(true), v.Schedule, o); err != nil || len(r.Violations) == 0 {
				t.Errorf("%+v: %s does not replay: %v", o, FormatSchedule(v.Schedule), err)
			}
		}
	}
}

// TestPrepareWorkers: several workers, and searches that are interrupted, begin behind a
// set-up too; they find in as many states, or executions, what one does that repeats it.
func TestPrepareWorkers(t *testing.T) {
	for _, o := range []Options{{}, {AllVisible: true}, {Search: Optimal}} {
		want := Run(preparedProg(false), o)
		n := want.Executions
		o.eager, o.Clone = true, func() func(*X) { return preparedProg(true) }
		o.Workers = 3
		same := func(how string, got *Result) {
			if got.Cut != "" || got.Alone != "" || got.States != want.States || len(got.Violations) != len(want.Violations) ||
				o.Search == Optimal && got.Executions != n {
				t.Errorf("%+v, %s: %s%s, %d states, %d executions, %d violations; at once %d, %d, %d", o, how, got.Cut, got.Alone,
					got.States, got.Executions, len(got.Violations), want.States, n, len(want.Violations))
			}
		}
		same("three workers", Run(preparedProg(true), o))
		o.Workers = 0
		o.Save = func(b []byte) error {
			o.Saved = append(o.Saved, append([]byte(nil), b...))
			return nil
		}
		for {
			o.MaxExecutions += n/5 + 1
			if r := Run(preparedProg(true), o); r.Cut != "executions" {
				same("interrupted", r)
				break
			}
		}
	}
}

// TestPrepareSkips: it is not repeated.
func TestPrepareSkips(t *testing.T) {
	var c Atomic
	ran := 0
	r := Run(func(x *X) {
		x.Prepare(func() { c.Init(x, "c", -1, 5); ran++ }, func() {})
		x.Go("a", func() { c.Store(1) })
		x.Go("b", func() { c.Load() })
		x.Wait()
	}, Options{Search: Optimal})
	if ran != 1 || r.Executions != 2 {
		t.Errorf("the set-up ran %d times in %d executions", ran, r.Executions)
	}
}
