//go:build linux

package guest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sort"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tagswap/kernel/engine"
	"tagswap/kernel/wire"
	"tagswap/litmus"
)

// roundLimit is how long a round may take before its tasks are killed: they take
// some 50 ms, but a machine that emulates on busy CPUs may need seconds.
const roundLimit = 20 * time.Second

// initTries is how many rounds a test gets to come into its initial state.
const initTries = 6

// errStuck is a round whose tasks survive SIGKILL: the kernel holds them.
var errStuck = errors.New("tasks cannot be killed: the kernel does not let them go")

// errHung is a round that was killed because it did not end.
var errHung = errors.New("the round did not end")

// runner runs tests one after the other.
type runner struct {
	ctx    context.Context // what ends the run early
	dev    devices
	groups groups
	others bool // the machine has swap areas that are not ours
	mach   Machine
	rng    *rand.Rand
	code   *engine.Region
	data   *engine.Region
	stale  func(pages int) error // leaves stale tags in free pages; nil without MTE
	limit  time.Duration
	alive  func(test string, rounds int64) // says so to the host
}

// aliveEvery is how often a long test lets itself be heard.
const aliveEvery = 5 * time.Second

// budget is how long a test runs: until rounds are done, if any, or time is up.
type budget struct {
	rounds int64
	time   time.Duration
}

// run runs one test and returns its record. The error is errStuck, or of the
// context when the run was ended early; what the record has is whole all the same.
func (r *runner) run(t *litmus.Test, bud budget) (rec wire.Record, err error) {
	rec = wire.Record{Kind: wire.Result, Test: t.Name, Problems: map[string]string{}}
	plan, reason := NewPlan(t, r.mach)
	if plan == nil {
		rec.Status, rec.Reason = wire.Skipped, reason
		return rec, nil
	}
	rec.Setup = plan.Setup()
	start := time.Now()
	r.code.Reset()
	r.data.Reset()
	ar := r.dev.assign(plan)
	b := newBuild(plan, r.code, r.data, r.mach.MTE, ar.paths)
	defer ar.restore()
	if b.merges > 0 {
		defer ksm()()
	}
	if plan.Groups > 0 {
		defer setting(lruGen, "0")()
	}
	undo, err := failing(t)
	if err != nil {
		rec.Status, rec.Reason = wire.Skipped, err.Error()
		return rec, nil
	}
	defer undo()
	counts := map[string]int64{}
	err = r.rounds(b, ar, func(n int64) bool {
		return n == 0 || len(counts) == 0 && n < initTries ||
			(bud.rounds == 0 || n < bud.rounds) && (bud.time == 0 || time.Since(start) < bud.time)
	}, counts, &rec)
	for k, n := range counts {
		rec.States = append(rec.States, wire.State{Key: k, Count: n})
	}
	sort.Slice(rec.States, func(i, j int) bool { return rec.States[i].Key < rec.States[j].Key })
	rec.Seconds = time.Since(start).Seconds()
	if errors.Is(err, errHung) {
		err = nil
	}
	return rec, err
}

// rounds runs rounds while more says so and counts their final states.
func (r *runner) rounds(b *build, ar *areas, more func(n int64) bool, counts map[string]int64, rec *wire.Record) error {
	rec.Status = wire.Ran
	failed, last := 0, time.Now()
	for more(rec.Rounds) {
		if r.alive != nil && time.Since(last) > aliveEvery {
			last = time.Now()
			r.alive(rec.Test, rec.Rounds)
		}
		if err := ar.setUp(rec.Rounds == 0 || b.p.Bulk || b.swaps()); err != nil {
			rec.Status, rec.Reason = wire.Skipped, "the machine could not be set up: "+err.Error()
			return nil
		}
		ar.base = swapUsed()
		status, err := r.round(b, ar)
		if err != nil {
			if r.ctx.Err() == nil {
				rec.Status, rec.Reason = wire.Hung, err.Error()
			}
			return err
		}
		rec.Rounds++
		failed += b.failed()
		if status != "" {
			rec.Problems["task"] = status
		}
		r.collect(b, ar, counts, rec)
		if b.p.FillLate {
			ar.unfill()
		}
		if len(counts) == 0 {
			b.waitLonger()
		}
	}
	switch {
	case len(counts) == 0:
		rec.Status, rec.Reason = wire.Skipped, fmt.Sprintf("its initial state could not be made on this kernel in %d rounds", rec.Rounds)
	case len(b.t.Machine.Fail) > 0 && failed == 0:
		rec.Status, rec.Reason = wire.Skipped, "Fail="+b.t.Machine.Fail[0].Point+": the kernel made no such allocation"
	}
	return nil
}

// swaps says whether the tasks switch swap on or off.
func (b *build) swaps() bool {
	for _, task := range b.t.Tasks {
		for _, op := range task.Ops {
			if op.Kind == litmus.OpSwapoff || op.Kind == litmus.OpSwapon {
				return true
			}
		}
	}
	return false
}

// collect reads the final states of a round.
func (r *runner) collect(b *build, ar *areas, counts map[string]int64, rec *wire.Record) {
	locs := b.p.Visible()
	index := map[litmus.Loc]int{}
	for i, l := range locs {
		index[l] = i
	}
	used := func(k int) int {
		n := swapUsed()
		if s := b.inst[k].sys; s != 0 {
			n = sysinfoUsed(b.data, s)
		}
		return int(max(n-ar.base, 0))
	}
	for k := range b.inst {
		if b.unfilled != nil || !b.valid(k) || !b.cacheAsAsked(k) {
			rec.Discarded++
			continue
		}
		counts[StateKey(locs, func(l litmus.Loc) int { return b.value(k, l, index[l], used) })]++
	}
}

// round runs all tasks once. It returns how a task ended that should not have,
// or an error when the round had to be killed.
func (r *runner) round(b *build, ar *areas) (status string, err error) {
	b.data.Zero()
	if r.stale != nil {
		if err := r.stale(3 * len(b.inst)); err != nil {
			return "", err
		}
	}
	for i := 0; i < len(b.delays); i += 2 {
		n := uint64(0)
		if r.rng.IntN(3) > 0 {
			n = r.rng.Uint64N(b.delays[i+1])
		}
		b.code.Set(b.delays[i], n)
	}
	release, err := b.descriptors(&r.groups)
	if err != nil {
		return "", err
	}
	defer release()
	var mu sync.Mutex
	var pids []int // protected by mu
	over := false  // protected by mu
	killAll := func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
		for _, pid := range append(b.pids(), pids...) {
			unix.Kill(pid, unix.SIGKILL)
		}
	}
	watchdog := time.AfterFunc(r.limit, killAll)
	defer watchdog.Stop()
	defer context.AfterFunc(r.ctx, killAll)()
	for _, root := range b.roots {
		pid, err := engine.Spawn(root.prog, root.stack)
		if err != nil {
			killAll()
			b.reap(func() bool { return false })
			return "", err
		}
		mu.Lock()
		pids = append(pids, pid)
		mu.Unlock()
	}
	release()
	b.data.Set(b.released, 1)
	end := time.Now().Add(r.limit + 10*time.Second)
	status, stuck := b.watch(ar, end)
	mu.Lock()
	defer mu.Unlock()
	switch {
	case stuck:
		return "", errStuck
	case r.ctx.Err() != nil:
		return "", r.ctx.Err()
	case over:
		return "", fmt.Errorf("%w within %v", errHung, r.limit)
	}
	return status, nil
}

// pids are the processes and threads that the tasks themselves have started.
func (b *build) pids() []int {
	var out []int
	for t := range b.t.Tasks {
		slots := []uint64{b.pid[t]}
		if b.forked(t) {
			for k := range b.inst {
				slots = append(slots, b.forkSlot(t, k))
			}
		}
		for _, s := range slots {
			if pid := int(int64(b.data.Get(s))); pid > 1 {
				out = append(out, pid)
			}
		}
	}
	return out
}

// watch waits until every process of the round has ended and does what the tasks
// cannot: it sees tasks off that exit, lets ksmd work, and fills the swap areas.
func (b *build) watch(ar *areas, end time.Time) (status string, stuck bool) {
	exits := b.count(b.exits) > 0
	if !exits && b.merges == 0 && !b.p.FillLate {
		return b.reap(nil)
	}
	nroots := b.count(b.isRoot)
	filled := false
	return b.reap(func() bool {
		if exits {
			b.seeOff()
		}
		if want := b.data.Get(b.mergeWant); want > b.data.Get(b.merged) {
			ksmScan()
			b.data.Set(b.merged, want)
		}
		if b.p.FillLate && !filled && b.data.Get(b.fillMe) == nroots {
			filled = true
			ar.unfill()
			b.unfilled = nil
			for _, n := range ar.plan.Used {
				if n > 0 {
					b.unfilled = errors.Join(b.unfilled, ar.fill(n))
				}
			}
			ar.base = swapUsed()
			b.data.Set(b.filled, 1)
		}
		return time.Now().Before(end)
	})
}

// seeOff marks tasks as gone once the kernel has taken them down.
func (b *build) seeOff() {
	for t := range b.t.Tasks {
		if b.data.Get(b.leaving[t]) == 0 || b.data.Get(b.gone[t]) != 0 {
			continue
		}
		if !b.alone(t) {
			if uint32(b.data.Get(b.ctid[t])) == 0 {
				b.data.Set(b.gone[t], 1)
			}
			continue
		}
		fd, err := unix.PidfdOpen(int(b.data.Get(b.pid[t])), 0)
		if err != nil {
			b.data.Set(b.gone[t], 1)
			continue
		}
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, _ := unix.Poll(p, 0); n > 0 {
			b.data.Set(b.gone[t], 1)
		}
		unix.Close(fd)
	}
}

// reap waits for all children, and, as init or subreaper, for orphans. turn is
// called while there are some; without it the wait blocks. When turn says no, the
// processes left are given up as stuck.
func (b *build) reap(turn func() bool) (status string, stuck bool) {
	flags := 0
	if turn != nil {
		flags = unix.WNOHANG
	}
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, flags|unix.WALL, nil)
		switch {
		case err == unix.EINTR:
		case err != nil: // ECHILD
			return status, false
		case pid == 0:
			if !turn() {
				return status, true
			}
			time.Sleep(50 * time.Microsecond)
		case ws.Signaled():
			status = fmt.Sprintf("a task was killed by signal %d (%v)", ws.Signal(), ws.Signal())
		case ws.Exited() && ws.ExitStatus() != 0:
			status = fmt.Sprintf("a task ended with status %d", ws.ExitStatus())
		}
	}
}
