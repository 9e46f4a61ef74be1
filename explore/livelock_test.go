package explore

import (
	"strings"
	"testing"
)

// politeness: two tasks step back for each other for ever.
func politeness(x *X) {
	var want [2]Atomic
	for i := range want {
		want[i].Init(x, "want", i, 0)
	}
	for i := range want {
		x.Go("p", func() {
			for {
				x.Forget(uint64(i))
				want[i].Store(1)
				if want[1-i].Load() == 0 {
					break
				}
				want[i].Store(0)
			}
			want[i].Store(0)
		})
	}
	x.Wait()
}

// spinner waits for a flag by looking again and again; the other sets it.
func spinner(x *X) {
	var flag Atomic
	flag.Init(x, "flag", -1, 0)
	x.Go("spinner", func() {
		for flag.Load() == 0 {
			x.Forget(0)
		}
	})
	x.Go("setter", func() { flag.Store(1) })
	x.Wait()
}

// forever waits for what nobody does.
func forever(x *X) {
	var flag, other Atomic
	flag.Init(x, "flag", -1, 0)
	other.Init(x, "other", -1, 0)
	x.Go("spinner", func() {
		for flag.Load() == 0 {
			x.Forget(0)
		}
	})
	x.Go("other", func() { other.Add(1); other.Add(1) })
	x.Wait()
}

// starved: one task takes a lock again and again, the other wants it once. Locks are
// fair, so the first sees in the end what the other does under it.
func starved(x *X) {
	var mu Mutex
	var flag Atomic
	mu.Init(x, "mu", -1)
	flag.Init(x, "flag", -1, 0)
	x.Go("again", func() {
		for done := false; !done; {
			x.Forget(0)
			mu.Lock()
			done = flag.Load() != 0
			mu.Unlock()
		}
	})
	x.Go("once", func() {
		mu.Lock()
		flag.Store(1)
		mu.Unlock()
	})
	x.Wait()
}

// locked: one task goes round while it has the lock that the other waits for, in some
// executions: those in which it comes first.
func locked(x *X) {
	var mu Mutex
	var flag Atomic
	mu.Init(x, "mu", -1)
	flag.Init(x, "flag", -1, 0)
	x.Go("holder", func() {
		mu.Lock()
		for flag.Load() == 0 {
			x.Forget(0)
		}
		mu.Unlock()
	})
	x.Go("other", func() {
		mu.Lock()
		flag.Store(1)
		mu.Unlock()
	})
	x.Wait()
}

// sometimes: a task goes round with a lock and without it. There is a circle in which
// the lock is never free, and a larger one in which it is.
func sometimes(x *X) {
	var mu Mutex
	var flag Atomic
	mu.Init(x, "mu", -1)
	flag.Init(x, "flag", -1, 0)
	x.Go("holder", func() {
		for flag.Load() != 2 {
			x.Forget(0)
			mu.Lock()
			for flag.Load() == 1 {
				x.Forget(1)
			}
			mu.Unlock()
		}
	})
	x.Go("other", func() {
		flag.Store(1)
		mu.Lock()
		flag.Store(2)
		mu.Unlock()
	})
	x.Wait()
}

// inversion: the high task spins for a bit that the low one, which it keeps from
// its cpu, has set and would clear.
func inversion(busy, same bool) func(*X) {
	return func(x *X) {
		var bit, go_ Atomic
		bit.Init(x, "bit", -1, 0)
		go_.Init(x, "go", -1, 0)
		x.Go("low", func() {
			bit.Store(1)
			bit.Store(0)
		})
		x.Go("high", func() {
			go_.Await(1)
			for {
				x.Loop()
				if bit.Load() == 0 {
					return
				}
				if busy {
					x.RetryBusy()
				} else {
					x.Retry()
				}
			}
		})
		x.Go("irq", func() { go_.Store(1) })
		x.SetPriority(1, 0, 1)
		cpu := 1
		if same {
			cpu = 0
		}
		x.SetPriority(2, cpu, 2)
		x.Wait()
	}
}

func TestLivelock(t *testing.T) {
	for _, c := range []struct {
		name string
		prog func(*X)
		want string
	}{
		{"politeness", politeness, "go round"},
		{"spinner", spinner, ""},
		{"forever", forever, "go round"},
		{"starved", starved, ""},
		{"locked", locked, "go round"},
		{"sometimes", sometimes, "other waits: lock mu"},
		{"inversion", inversion(true, true), "high waits: spin"},
		{"two cpus", inversion(true, false), ""},
		{"sleeping", inversion(false, true), ""},
	} {
		for _, o := range []Options{{}, {AllVisible: true}} {
			r := Run(c.prog, o)
			if !r.Complete {
				t.Errorf("%s: %+v", c.name, r)
			}
			if c.want == "" {
				if len(r.Violations) > 0 {
					t.Errorf("%s: %+v", c.name, r)
				}
				continue
			}
			if len(r.Violations) != 1 || !strings.Contains(r.Violations[0].Detail, c.want) {
				t.Errorf("%s: %+v", c.name, r)
				continue
			}
			v := r.Violations[0]
			_, rr, err := Replay(c.prog, v.Schedule, Options{})
			if err != nil || !has(rr, "livelock") {
				t.Errorf("%s: %s %s: %v %+v", c.name, v.Detail, FormatSchedule(v.Schedule), err, rr)
			}
		}
	}
}
