//go:build linux

package guest

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tagswap/kernel/engine"
	"tagswap/kernel/wire"
	"tagswap/litmus"
)

// hwcap2MTE is HWCAP2_MTE of arch/arm64/include/uapi/asm/hwcap.h.
const hwcap2MTE = 1 << 18

// ErrRoot says that the caller may not do what the tests need.
var ErrRoot = errors.New("needs root: swap areas are made and switched on and off")

// Run proves the machine, runs all tests of a config, and sends a record of each.
// ours says that the machine is a guest that nobody else uses. It must be called
// from the main goroutine, which it locks to its thread: the tasks are that
// thread's children. Settings and devices are put back when it returns; what is not
// is told in a Note. When the context ends, the test under way is cut short, and
// there is no End record.
func Run(ctx context.Context, cfg Config, ours bool, send func(wire.Record)) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if !engine.Supported {
		return engine.ErrArch
	}
	if os.Geteuid() != 0 {
		return ErrRoot
	}
	// Orphaned tasks must come to us, init or not.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	if !ours {
		before := fingerprint()
		defer func() {
			for _, d := range before.changed() {
				send(wire.Record{Kind: wire.Note, Detail: "not put back: " + d})
			}
		}()
	}
	dev, err := findDevices(ours)
	if err != nil {
		return err
	}
	defer dev.close()
	// No readahead into other instances' pages.
	defer setting("/proc/sys/vm/page-cluster", "0")()
	r := &runner{ctx: ctx, dev: dev, groups: findGroups(), mach: dev.machine(), limit: time.Duration(float64(roundLimit) * max(1, cfg.Scale)), rng: rand.New(rand.NewPCG(cfg.Seed, 1))}
	defer r.groups.close()
	r.alive = func(test string, n int64) { send(wire.Record{Kind: wire.Alive, Test: test, Rounds: n}) }
	r.others = swapTotal() > 0
	r.mach.MTE = auxv(26)&hwcap2MTE != 0
	r.mach.CPUs, r.mach.Fail = runtime.NumCPU(), failable()
	r.mach.Reclaim = r.groups.base != ""
	if r.code, err = engine.NewRegion(96 << 20); err != nil {
		return err
	}
	defer r.code.Close()
	if r.data, err = engine.NewRegion(32 << 20); err != nil {
		return err
	}
	defer r.data.Close()
	m := machine()
	m.MTE, m.KSM, m.Here = r.mach.MTE, r.mach.KSM, !ours
	send(wire.Record{Kind: wire.Hello, Machine: &m})
	if cfg.Monkey > 0 {
		return r.monkey(time.Duration(cfg.Monkey*float64(time.Second)), send)
	}
	return r.all(cfg, send)
}

func (r *runner) all(cfg Config, send func(wire.Record)) error {
	swap, tags := r.ground(send)
	if tags {
		var err error
		if r.stale, err = staleMaker(); err != nil {
			return err
		}
	}
	bud := budget{cfg.Rounds, time.Duration(cfg.Seconds * float64(time.Second))}
	for _, text := range cfg.Tests {
		t, err := litmus.Parse("test", []byte(text))
		if err != nil {
			send(wire.Record{Kind: wire.Result, Test: testName(text), Status: wire.Failed, Reason: err.Error()})
			continue
		}
		plan, _ := NewPlan(t, r.mach)
		if reason := broken(swap, tags, plan); reason != "" {
			send(wire.Record{Kind: wire.Result, Test: t.Name, Status: wire.Failed, Reason: reason})
			continue
		}
		send(wire.Record{Kind: wire.Start, Test: t.Name})
		rec, err := r.run(t, bud)
		if ctx := r.ctx.Err(); ctx != nil {
			if rec.Rounds > 0 {
				send(rec)
			}
			return ctx
		}
		send(rec)
		if err != nil { // tasks are stuck in the kernel: nothing more can be believed here
			send(wire.Record{Kind: wire.End, Status: wire.Hung, Reason: err.Error()})
			return nil
		}
	}
	send(wire.Record{Kind: wire.End})
	return nil
}

// broken says why a test cannot be run on a machine that failed its proofs.
func broken(swap, tags bool, p *Plan) string {
	switch {
	case !swap:
		return "the machine is broken: its proof of swap failed"
	case p != nil && p.MTE && !tags:
		return "the machine is broken: its proof of tag memory failed"
	}
	return ""
}

// testName finds the name in a text that does not parse.
func testName(text string) string {
	f := strings.Fields(text)
	if len(f) > 1 {
		return f[1]
	}
	return "?"
}

func machine() wire.Machine {
	var u unix.Utsname
	unix.Uname(&u)
	var s unix.Sysinfo_t
	unix.Sysinfo(&s)
	return wire.Machine{Release: unix.ByteSliceToString(u.Release[:]), Arch: unix.ByteSliceToString(u.Machine[:]),
		CPUs: runtime.NumCPU(), PageSize: os.Getpagesize(), MemoryKB: int64(s.Totalram) * int64(s.Unit) >> 10}
}

// auxv reads one entry of the auxiliary vector, 0 when it is not there.
func auxv(key uint64) uint64 {
	v, err := unix.Auxv()
	if err != nil {
		return 0
	}
	for _, kv := range v {
		if uint64(kv[0]) == key {
			return uint64(kv[1])
		}
	}
	return 0
}

// HasMTE says whether the machine that this program runs on has MTE.
func HasMTE() bool { return engine.Supported && auxv(26)&hwcap2MTE != 0 }

// setting writes a sysctl or sysfs file and returns what puts the old value back.
func setting(path, value string) (restore func()) {
	old, err := os.ReadFile(path)
	if err != nil || os.WriteFile(path, []byte(value), 0) != nil {
		return func() {}
	}
	return func() { os.WriteFile(path, old, 0) }
}
