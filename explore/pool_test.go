package explore

import (
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"sync"
	"testing"
)

// ends collects what the executions of several workers end in.
type ends struct {
	mu  sync.Mutex
	out found
	p   *program
}

// prog is the program of one more worker.
func (e *ends) prog() func(*X) {
	m := &machine{p: e.p}
	watched := false
	mine := found{}
	return func(x *X) {
		if !watched {
			watched = true
			watchEnds(x, m, mine)
			end, report := x.atEnd, x.onReport
			share := func() {
				e.mu.Lock()
				maps.Copy(e.out, mine)
				e.mu.Unlock()
			}
			x.atEnd = func() { end(); share() }
			x.onReport = func(p string) { report(p); share() }
		}
		m.prog(x)
	}
}

// shared searches with several workers, from the start.
func shared(p *program, o Options) (found, *Result) {
	e := &ends{out: found{}, p: p}
	o.MaxEvents, o.Clone, o.eager = 400, e.prog, true
	return e.out, Run(e.prog(), o)
}

// resumed searches in pieces of a few executions, each with all that was written
// down by those before.
func resumed(p *program, o Options, step int64) (found, *Result) {
	e := &ends{out: found{}, p: p}
	o.MaxEvents, o.Clone, o.eager = 400, e.prog, true
	o.Save = func(b []byte) error {
		o.Saved = append(o.Saved, append([]byte(nil), b...))
		return nil
	}
	for {
		o.MaxExecutions += step
		r := Run(e.prog(), o)
		if r.Cut == "cycles" {
			o.MaxExecutions += 1 << 40 // nothing is left but to look for cycles
			r = Run(e.prog(), o)
		}
		if r.Cut != "executions" || o.MaxExecutions > 50000 {
			return e.out, r
		}
	}
}

// TestWorkers: several workers find what one finds, in as many states; and a
// search that is interrupted again and again does exactly what one does that is
// not.
func TestWorkers(t *testing.T) { compareShared(t, Options{}) }

// TestWorkersBounded: the same of the bounded search, with and without a bound that it
// comes to.
func TestWorkersBounded(t *testing.T) {
	for _, n := range []int{1, 100} {
		compareShared(t, Options{Bounded: true, Preemptions: n})
	}
}

// TestWorkersOptimal: the same of the optimal search, in as many executions and
// events: every trace once, whoever does it.
func TestWorkersOptimal(t *testing.T) { compareShared(t, Options{Search: Optimal}) }

// differsShared compares a search by several workers, and one that is interrupted
// every few executions, with one that is neither. pieces is -1 if the program is left
// out.
func differsShared(p *program, o Options, step int64) (diff string, pieces int64) {
	once := o
	once.MaxExecutions = 3000
	if o.Bounded {
		once.MaxExecutions = 300
	}
	want, r := searched(p, once)
	if r.Cut != "" && r.Cut != "preemptions" {
		return "", -1
	}
	differs := func(what string, got found, q *Result) string {
		return fmt.Sprintf("%s %s%+v\none worker has\n%+v", what, want.less(got), q, r)
	}
	several := o
	several.Workers = 3
	got, q := shared(p, several)
	same := q.States == r.States && (o.Search == Merge || q.Executions == r.Executions && q.Events == r.Events)
	if got.String() != want.String() || q.Cut != r.Cut || q.Restarts == r.Restarts && !same {
		return differs("three workers", got, q), 0
	}
	pieces = q.Pieces
	got, q = resumed(p, o, step)
	same = q.States == r.States && q.Executions == r.Executions && q.Events == r.Events
	if got.String() != want.String() || q.Cut != r.Cut || q.Restarts == r.Restarts && !same {
		return differs("interrupted", got, q), 0
	}
	return "", pieces
}

// variedProgram is the i-th random program of a campaign: for Optimal of any kind.
func variedProgram(i, seed int64, s Search) *program {
	r := rand.New(rand.NewSource(seed))
	switch k := i % 8; {
	case k == 3 || k == 7:
		return sizedProgram(r, 16)
	case k == 2 && s == Optimal:
		return droppingProgram(r)
	case k >= 4 && s == Optimal:
		return retryingProgram(r)
	}
	return randomProgram(r)
}

func compareShared(t *testing.T, o Options) {
	compared, pieces := 0, int64(0)
	for i := range int64(*randomCount) {
		seed := *randomSeed + i
		step := 1 + seed%7
		// Where all is visible no search begins again, and the numbers are the same.
		o.AllVisible = i%4 == 1
		p := variedProgram(i, seed, o.Search)
		d, n := differsShared(p, o, step)
		if n >= 0 {
			compared++
			pieces += n
		}
		if d != "" {
			again := func(p *program) string { d, _ := differsShared(p, o, step); return d }
			p = shrink(p, again)
			t.Fatalf("seed %d\n%s\n%s", seed, p, again(p))
		}
	}
	t.Logf("%d compared, %d pieces handed on", compared, pieces)
	if pieces == 0 {
		t.Error("no worker ever left another a piece")
	}
}

// TestWorkersManyNames: where objects cannot be told apart there is one worker.
func TestWorkersManyNames(t *testing.T) {
	prog := func() func(*X) {
		var a [3]Atomic
		return func(x *X) {
			for i := range a {
				a[i].Init(x, "a", -1, 0)
			}
			for i := range a {
				x.Go("t", func() { a[i].Add(1); a[0].Add(1) })
			}
			x.Wait()
		}
	}
	one := Run(prog(), Options{})
	discarded := 0
	r := Run(prog(), Options{Workers: 2, Clone: prog, eager: true, Discarded: func() { discarded++ }})
	if !r.Complete || r.Alone == "" || discarded == 0 || r.Executions != one.Executions || r.States != one.States {
		t.Errorf("%+v\n%+v", r, one)
	}
}

// TestWorkersForget: where states may come back several workers come to the same, whether
// that is known at once or only later.
func TestWorkersForget(t *testing.T) {
	for what, late := range map[string]bool{"at once": false, "later": true} {
		prog := func() func(*X) {
			var a Atomic
			return func(x *X) {
				a.Init(x, "a", 0, 0)
				for i := range 3 {
					x.Go("t", func() {
						v := a.Add(1)
						if !late || i == 0 && v == 3 {
							x.Forget(v)
						}
						a.Add(1)
					})
				}
				x.Wait()
			}
		}
		one := Run(prog(), Options{})
		r := Run(prog(), Options{Workers: 3, Clone: prog, eager: true})
		if !r.Complete || r.States != one.States || r.Alone != "" {
			t.Errorf("%s: %+v\n%+v", what, r, one)
		}
	}
}

// TestSaveFails: a search that cannot be written down says so.
func TestSaveFails(t *testing.T) {
	full := errors.New("no space left on device")
	n := 0
	stop := func() bool { n++; return n == 3 }
	r := Run(mutexProg(4, 4), Options{Search: Optimal, Stop: stop, eager: true, Save: func([]byte) error { return full }})
	if r.Cut != "stopped" || !errors.Is(r.Unsaved, full) {
		t.Errorf("%+v", r)
	}
}

// TestSavedOfAnother: records that are none are refused.
func TestSavedOfAnother(t *testing.T) {
	for _, b := range []string{"", "{}", `{"Version":3,"Search":1}`, `{"Version":3,"Work":["1/2"]}`, `{"Version":3,"States":"AAAA"}`, `{"Version":1}`} {
		r := Run(mutexProg(2, 2), Options{Saved: [][]byte{[]byte(b)}})
		if r.Complete || r.Cut == "" {
			t.Errorf("%s: %+v", b, r)
		}
	}
}

// TestWorkersProgress: a search by several workers says how far it is, and that it
// is done only when it is.
func TestWorkersProgress(t *testing.T) {
	for _, o := range []Options{{Search: Optimal}, {NoMerge: true}} {
		calls, last := 0, 0.0
		o.Workers, o.eager = 2, true
		o.Clone = func() func(*X) { return mutexProg(4, 4) }
		o.Progress = func(r *Result) {
			calls++
			last = r.Done
			if r.Done < 0 || r.Done >= 1 || r.Executions == 0 {
				t.Errorf("%+v", r)
			}
		}
		o.Stop = func() bool { return calls >= 5 }
		r := Run(mutexProg(4, 4), o)
		if r.Cut != "stopped" || calls < 5 || last == 0 || r.Done == 1 {
			t.Errorf("%d calls, last %v: %+v", calls, last, r)
		}
	}
}

// TestWorkText: a piece of work is read as it was written.
func TestWorkText(t *testing.T) {
	for _, s := range []string{"//", "012/1/03", "0f/e/", "[1|2(31(4))5]", "[|]", "[|1!2+[3|4!5]]", "[0|1![|2]]", "[|1?2]", "{3|1+{04|2}4(5)}", "{|1![|2]3}"} {
		w, err := parseWork(s)
		if err != nil || w.String() != s {
			t.Errorf("%q: %v %v", s, w, err)
		}
	}
	for _, s := range []string{"", "1", "1/2", "g//", "1/x/2", "1/2/3/4", "[1|2(]", "[1|2()]", "[1|2)]", "[1|2", "[12]", "[|1+]", "[|1(2)!]", "[|]x", "[|g]", "{|1]", "[|1?[|2]]"} {
		if w, err := parseWork(s); err == nil {
			t.Errorf("%q is read as %v", s, w)
		}
	}
}

func FuzzWork(f *testing.F) {
	f.Add("012/1/03")
	f.Add("[0|1(20(3))4!5+[|6]]")
	f.Fuzz(func(t *testing.T, s string) {
		w, err := parseWork(s)
		if err != nil {
			return
		}
		v, err := parseWork(w.String())
		if err != nil || v.String() != w.String() {
			t.Errorf("%q: %v, %v, %v", s, w, v, err)
		}
	})
}
