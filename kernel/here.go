//go:build linux

package kernel

import (
	"context"
	"fmt"
	"time"

	"tagswap/kernel/console"
	"tagswap/kernel/guest"
	"tagswap/kernel/wire"
	"tagswap/litmus"
)

// Here runs the tests on the kernel that this program runs on. It needs root and
// arm64, and puts back what it changes. Without MTE it is ErrNoMTE, unless
// contentOnly says that the tagged tests may be left out. When the context ends it
// puts everything back and returns what there is. It must be called from the main
// goroutine.
func Here(ctx context.Context, opt Options, contentOnly bool) (*Report, error) {
	if !guest.HasMTE() && !contentOnly {
		n := 0
		for _, t := range opt.Tests {
			if p, _ := guest.NewPlan(t, guest.Machine{Sync: 9, Disk: 9, KSM: true, Pin: true, ReadPin: true, Fail: litmus.FailPoints}); p != nil {
				n++
			}
		}
		return nil, fmt.Errorf("%w (or the kernel was built without it): --content-only runs the %d tests that need no tags, "+
			"or boot a kernel in QEMU with --kernel", ErrNoMTE, n)
	}
	rep := &Report{Kernel: "here", Boots: 1, Asked: len(opt.Tests)}
	start := time.Now()
	defer func() {
		rep.Took = time.Since(start)
		rep.compare(ctx, opt)
	}()
	cfg := guest.Config{Rounds: opt.Rounds, Seconds: opt.PerTest.Seconds(), Seed: opt.Seed, Monkey: opt.Monkey.Seconds()}
	for _, t := range opt.Tests {
		cfg.Tests = append(cfg.Tests, litmus.Format(t))
	}
	done, ended := 0, false
	var failed error
	err := guest.Run(ctx, cfg, false, func(r wire.Record) {
		switch r.Kind {
		case wire.Hello:
			rep.Machine, rep.Release = r.Machine, r.Machine.Release
		case wire.Ground:
			rep.Ground = append(rep.Ground, r)
		case wire.Note:
			rep.Notes = append(rep.Notes, r.Detail)
		case wire.Start:
			if opt.Progress != nil {
				opt.Progress("here", r.Test)
			}
		case wire.Result:
			if r.Test == monkeyName {
				rep.Monkey = &r
				return
			}
			res := &Result{Litmus: r.Test}
			if err := judge(res, opt.Tests[done], &r); err != nil && failed == nil {
				failed = err
			}
			rep.result(opt, res)
			done++
		case wire.End:
			ended = true
		}
	})
	if ctx.Err() != nil {
		return rep, failed
	}
	if err == nil {
		err = failed
	}
	if err == nil && !ended {
		rep.Ends = append(rep.Ends, console.Outcome{Type: console.Lost, Title: "the run stopped before its end"})
	}
	return rep, err
}
