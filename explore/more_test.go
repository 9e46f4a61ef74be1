package explore

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// racy: a plain variable under a lock in one task only.
func racy(locked bool) func(*X) {
	return func(x *X) {
		var mu Mutex
		var v Var
		mu.Init(x, "mu", -1)
		v.Init(x, "v", -1, 0)
		x.Go("a", func() {
			mu.Lock()
			v.Set(v.Get() + 1)
			mu.Unlock()
		})
		x.Go("b", func() {
			if locked {
				mu.Lock()
				defer mu.Unlock()
			}
			v.Set(5)
		})
		x.Wait()
	}
}

func TestDataRace(t *testing.T) {
	for _, o := range []Options{{}, {NoMerge: true}, {AllVisible: true}, {Search: Optimal}} {
		if r := Run(racy(true), o); len(r.Violations) > 0 || !r.Complete {
			t.Errorf("%+v: %+v", o, r)
		}
		if r := Run(racy(false), o); !has(r, "data-race") {
			t.Errorf("%+v: %+v", o, r)
		}
	}
}

func TestLockOrder(t *testing.T) {
	for n := 2; n <= 4; n++ {
		r := Run(func(x *X) {
			var locks [4]Mutex
			var gate Mutex
			for i := range n {
				locks[i].Init(x, "lock", i)
			}
			gate.Init(x, "gate", -1)
			for i := range n {
				x.Go("t", func() {
					gate.Lock()
					locks[i].Lock()
					locks[(i+1)%n].Lock()
					locks[(i+1)%n].Unlock()
					locks[i].Unlock()
					gate.Unlock()
				})
			}
			x.Wait()
		}, Options{})
		want := ""
		for i := range n {
			want += fmt.Sprintf(", t takes lock %d behind lock %d", (i+1)%n, i)
		}
		// It may begin with any of them.
		twice := want + want
		if len(r.Inversions) != 1 || !strings.Contains(twice, ", "+r.Inversions[0]) || len(r.Inversions[0]) != len(want)-2 || len(r.Violations) != 0 {
			t.Errorf("%d: %+v", n, r)
		}
	}
}

// TestNeverEnds: a task that goes round without saying what it forgets makes the
// search incomplete, not endless.
func TestNeverEnds(t *testing.T) {
	r := Run(func(x *X) {
		var a Atomic
		a.Init(x, "a", -1, 0)
		x.Go("t", func() {
			for a.Load() == 0 {
			}
		})
		x.Go("u", func() { a.Load() })
		x.Wait()
	}, Options{MaxEvents: 3000, MaxExecutions: 20})
	if r.Complete || r.Cut == "" {
		t.Errorf("%+v", r)
	}
}

func TestLeakedTask(t *testing.T) {
	r := Run(func(x *X) {
		var a Atomic
		a.Init(x, "a", -1, 0)
		x.Go("waits", func() { a.Await(1) })
	}, Options{})
	if !has(r, "leaked-task") {
		t.Errorf("%+v", r)
	}
}

func TestMapKeysCommute(t *testing.T) {
	prog := func(same bool) func(*X) {
		return func(x *X) {
			var m Map
			m.Init(x, "m", -1)
			for i := range 3 {
				x.Go("t", func() {
					k := uint64(i)
					if same {
						k = 0
					}
					m.Store(k, uint64(i))
					m.LoadAndDelete(k)
				})
			}
			x.Wait()
		}
	}
	if r := Run(prog(false), Options{Search: Optimal, AllVisible: true}); r.Executions != 1 {
		t.Errorf("different keys: %+v", r)
	}
	if r := Run(prog(true), Options{Search: Optimal}); r.Executions < 50 {
		t.Errorf("one key: %+v", r)
	}
}

func TestSampling(t *testing.T) {
	for _, s := range []Search{Random, PCT} {
		o := Options{Search: s, Seed: 7, MaxExecutions: 500}
		r := Run(inversion(true, true), o)
		if !has(r, "livelock") || r.Complete {
			t.Errorf("%+v", r)
		}
		if r2 := Run(inversion(true, true), o); !reflect.DeepEqual(r, r2) {
			t.Errorf("not the same twice: %+v %+v", r, r2)
		}
	}
}

// TestSamplingWorkers: three workers make the samples that one makes.
func TestSamplingWorkers(t *testing.T) {
	for i := range int64(*randomCount / 4) {
		p := randomProgramOf(*randomSeed + i)
		o := Options{Search: []Search{Random, PCT}[i%2], Seed: uint64(i), MaxExecutions: 100}
		want, r := searched(p, Options{Search: o.Search, AllVisible: true, Seed: o.Seed, MaxExecutions: 100})
		o.Workers = 3
		got, q := shared(p, o)
		if got.String() != want.String() || q.Executions != 100 || q.Events != r.Events || q.Cut != r.Cut || len(q.Violations) != len(r.Violations) {
			t.Fatalf("seed %d\n%s\n%s%+v\none worker has\n%+v", *randomSeed+i, p, want.less(got), q, r)
		}
	}
}

func TestMinimise(t *testing.T) {
	prog := func(x *X) {
		var a Atomic
		a.Init(x, "a", -1, 0)
		for range 3 {
			x.Go("t", func() {
				for range 3 {
					a.Store(a.Load() + 1)
				}
			})
		}
		x.Wait()
		if a.Load() == 2 {
			x.Violation("low", "2")
		}
	}
	v := Minimise(prog, "low", Options{})
	if v == nil || len(v.Schedule) > 9 {
		t.Fatalf("%+v", v)
	}
	t.Log(FormatSchedule(v.Schedule))
	if _, r, err := Replay(prog, v.Schedule, Options{}); err != nil || !has(r, "low") {
		t.Error(r, err)
	}
}

func TestStopAndBudget(t *testing.T) {
	start := time.Now()
	r := Run(mutexProg(4, 4), Options{Budget: 50 * time.Millisecond, Search: Optimal})
	if d := time.Since(start); d > 500*time.Millisecond || r.Cut != "time" || r.Complete {
		t.Errorf("%v %+v", d, r)
	}
	n := 0
	r = Run(mutexProg(4, 4), Options{Stop: func() bool { n++; return n > 3 }})
	if r.Cut != "stopped" || r.Executions == 0 {
		t.Errorf("%+v", r)
	}
}

func TestMemoryLimit(t *testing.T) {
	r := Run(mutexProg(3, 3), Options{Memory: 30000})
	if !r.Complete || r.Bytes > 30000 {
		t.Errorf("%+v", r)
	}
}

// TestNoLeftovers: coroutines end with the exploration, and a deferred unlock
// does no harm when an execution is cut.
func TestNoLeftovers(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		Run(func(x *X) {
			var mu Mutex
			var c Atomic
			mu.Init(x, "mu", -1)
			c.Init(x, "c", -1, 0)
			for range 3 {
				x.Go("t", func() {
					mu.Lock()
					defer mu.Unlock()
					c.Store(c.Load() + 1)
				})
			}
			x.Wait()
		}, Options{AllVisible: true})
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

func TestPanicInTask(t *testing.T) {
	r := Run(func(x *X) {
		var a Atomic
		a.Init(x, "a", -1, 0)
		x.Go("p", func() { a.Store(1) })
		x.Go("q", func() {
			if a.Load() == 1 {
				panic("one")
			}
		})
		x.Wait()
	}, Options{})
	if len(r.Violations) != 1 || r.Violations[0].Property != "panic" || !strings.Contains(r.Violations[0].Detail, "one") {
		t.Errorf("%+v", r)
	}
}

// A mistake of the tool itself comes out of Run as a panic; nothing hangs.
func TestInternalPanicComesOut(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic came out")
		}
	}()
	Run(func(x *X) {
		var a Atomic
		a.Init(x, "a", -1, 0)
		x.Go("waits", func() { a.Await(1) })
		x.Go("panics", func() { panic("tagswap internal: on purpose") })
		x.Wait()
	}, Options{})
}

// TestMapMadeAnew: a map in use is not emptied behind the backs of those who use it.
func TestMapMadeAnew(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "made anew in one execution: m 1") {
			t.Errorf("panicked with %v", r)
		}
	}()
	var m Map // the same in every execution, which is no reason
	Run(func(x *X) {
		m.Init(x, "m", 1)
		x.Go("a", func() { m.Store(1, 1) })
		x.Go("b", func() { m.Load(1) })
		x.Wait()
	}, Options{})
	Run(func(x *X) {
		m.Init(x, "m", 1)
		m.Init(x, "m", 1)
	}, Options{})
}

// TestSeenBeforeWait: what the root does when all others have returned, and before
// it waits for them, may have come earlier.
func TestSeenBeforeWait(t *testing.T) {
	for _, o := range []Options{{}, {Search: Optimal}, {AllVisible: true, NoSleep: true}} {
		seen := map[uint64]bool{}
		Run(func(x *X) {
			var flag, data Atomic
			flag.Init(x, "flag", -1, 0)
			data.Init(x, "data", -1, 0)
			x.Go("a", func() {
				flag.Store(1)
				data.Store(1)
			})
			flag.Await(1)
			v := data.Load()
			x.Wait()
			seen[v] = true
		}, o)
		if !seen[0] || !seen[1] {
			t.Errorf("%+v: the root has seen %v", o, seen)
		}
	}
}

// TestStartedBehind: what a task does before it starts another is no hidden race with
// what that does, and need not become a scheduling point.
func TestStartedBehind(t *testing.T) {
	for _, optimal := range []bool{false, true} {
		var data *object
		prog := func(x *X) {
			var met, d Atomic
			met.Init(x, "met", -1, 0)
			d.Init(x, "data", -1, 0)
			data = d.p
			x.Go("a", func() {
				met.Add(1)
				d.Store(1)
				x.Go("c", func() { d.Add(1) })
			})
			x.Go("b", func() { met.Add(1) })
			x.Wait()
		}
		x := newX(Options{})
		var r *Result
		if optimal {
			r = x.optimal(prog, Options{Search: Optimal})
		} else {
			r = x.merge(prog, Options{})
		}
		x.Close()
		if !r.Complete || data.mode != 0 {
			t.Errorf("optimal %v: complete %v, operations on the data are visible: %v", optimal, r.Complete, data.mode != 0)
		}
	}
}

// TestTooManyTasks: a task may be the last that there is room for when it is about to be
// started, and too many when it is.
func TestTooManyTasks(t *testing.T) {
	prog := func(x *X) {
		for i := range MaxTasks - 2 {
			x.Go("t", func() {
				if i < 2 {
					x.Go("kid", func() {})
				}
			})
		}
		x.Wait()
	}
	for _, o := range []Options{{Search: Optimal}, {Search: Optimal, AllVisible: true}} {
		r := Run(prog, o)
		if len(r.Violations) != 1 || r.Violations[0].Detail != "more than 16 tasks" || !r.Complete {
			t.Errorf("%+v", r)
		}
	}
}
