package programs

import (
	"testing"

	"tagswap/explore"
)

// TestTraceCounts: the optimal search visits as many executions as there are
// traces.
func TestTraceCounts(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range All() {
		if seen[p.Name] {
			t.Errorf("two programs are called %s", p.Name)
		}
		seen[p.Name] = true
		if p.Traces == 0 || p.Traces > 200000 || testing.Short() && p.Traces > 2000 {
			continue
		}
		r := explore.Run(p.Run, explore.Options{Search: explore.Optimal})
		if r.Executions != p.Traces || r.Blocked != 0 || !r.Complete {
			t.Errorf("%s: %d executions, %d blocked, complete %v; %d traces", p.Name, r.Executions, r.Blocked, r.Complete, p.Traces)
		}
		if p.Traces > 5000 {
			continue
		}
		r = explore.Run(p.Run, explore.Options{Search: explore.Optimal, AllVisible: true})
		if r.Executions != p.Traces || r.Blocked != 0 {
			t.Errorf("%s, all visible: %d executions, %d blocked; %d traces", p.Name, r.Executions, r.Blocked, p.Traces)
		}
	}
}

// TestWorkers: three workers together make one execution a trace, and come to the
// states that one comes to; where tasks forget, one of them does it all.
func TestWorkers(t *testing.T) {
	for _, p := range All() {
		if p.Traces < 10000 && p.Traces != 0 || p.Traces > 200000 || testing.Short() {
			continue
		}
		o := explore.Options{Workers: 3, Clone: func() func(*explore.X) { return Named(p.Name).Run }}
		if p.Traces != 0 {
			o.Search = explore.Optimal
			r := explore.Run(p.Run, o)
			if r.Executions != p.Traces || r.Blocked != 0 || !r.Complete || r.Pieces == 0 {
				t.Errorf("%s: %d executions, %d blocked, %d pieces, complete %v; %d traces",
					p.Name, r.Executions, r.Blocked, r.Pieces, r.Complete, p.Traces)
			}
			continue
		}
		one := explore.Run(p.Run, explore.Options{})
		o.Search = explore.Merge
		r := explore.Run(p.Run, o)
		if r.States != one.States || !r.Complete || len(r.Violations) != len(one.Violations) {
			t.Errorf("%s: %d states, %d pieces, complete %v; one worker has %d", p.Name, r.States, r.Pieces, r.Complete, one.States)
		}
	}
}

// TestMergeAgrees: the merging search ends, and finds the same violations.
func TestMergeAgrees(t *testing.T) {
	for _, p := range All() {
		if p.Traces == 0 || p.Traces > 20000 {
			continue
		}
		r := explore.Run(p.Run, explore.Options{})
		o := explore.Run(p.Run, explore.Options{Search: explore.Optimal})
		if !r.Complete || len(r.Violations) != len(o.Violations) {
			t.Errorf("%s: %+v, optimal %+v", p.Name, r, o)
		}
	}
}

func bench(b *testing.B, p Program, o explore.Options) {
	b.ReportAllocs()
	var ex, ev int64
	for range b.N {
		r := explore.Run(p.Run, o)
		ex += r.Executions
		ev += r.Events
	}
	b.ReportMetric(float64(ex)/b.Elapsed().Seconds(), "executions/s")
	b.ReportMetric(float64(ev)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkOptimalMutex33(b *testing.B) {
	bench(b, Mutex(3, 3), explore.Options{Search: explore.Optimal})
}

func BenchmarkMergeMutex33(b *testing.B) { bench(b, Mutex(3, 3), explore.Options{}) }

func BenchmarkOptimalFAA210(b *testing.B) {
	bench(b, FAA(2, 10), explore.Options{Search: explore.Optimal})
}

func BenchmarkMergeFAA58(b *testing.B) { bench(b, FAA(5, 8), explore.Options{}) }

func BenchmarkMergeMutex24(b *testing.B) { bench(b, Mutex(2, 4), explore.Options{}) }

// BenchmarkEvent is an event that does not switch tasks: two tasks use an object of
// their own each, so each search is one or two executions.
func BenchmarkEvent(b *testing.B) {
	const events = 1000
	prog := func(x *explore.X) {
		var a [2]explore.Atomic
		for i := range a {
			a[i].Init(x, "a", i, 0)
		}
		for i := range a {
			x.Go(taskNames[i], func() {
				for range events {
					a[i].AddBlind(1)
				}
			})
		}
		x.Wait()
	}
	for _, s := range []explore.Search{explore.Merge, explore.Optimal} {
		b.Run([]string{"merge", "optimal"}[s], func(b *testing.B) {
			var n int64
			for range b.N {
				n += explore.Run(prog, explore.Options{Search: s}).Events
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
		})
	}
}
