//go:build linux

package kernel

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"tagswap/kernel/console"
	"tagswap/kernel/deb"
	"tagswap/kernel/guest"
	"tagswap/kernel/initramfs"
	"tagswap/kernel/qemu"
	"tagswap/kernel/wire"
	"tagswap/litmus"
)

// Options is one run.
type Options struct {
	Tests   []*litmus.Test
	Rounds  int64         // of each test; 0: what fits in PerTest
	PerTest time.Duration // for each test
	Seed    uint64
	Monkey  time.Duration
	Guest   []byte // the guest program, from GuestProgram
	QEMU    qemu.QEMU
	Append  string // more of the kernel's command line
	Device  bool   // the guest treats its machine as a device that goes on afterwards
	Model   Model  // may be nil
	Design  string // what the model is asked about; "": by the kernel's release

	stop time.Duration // for tests: the guest cuts its run short

	Progress func(kernel, what string) // may be nil
	OnResult func(*Result)             // called for each result as it comes; may be nil
	Console  func(line string)         // every line of every console; may be nil
}

// Report is what one kernel did.
type Report struct {
	Kernel   string
	Release  string
	Asked    int // tests
	Boots    int
	BootTime time.Duration // until the guest first spoke
	Took     time.Duration
	Ground   []wire.Record // the machine's proofs, of the first boot
	Machine  *wire.Machine
	Notes    []string
	Results  []*Result
	Ends     []console.Outcome // how each boot ended
	Monkey   *wire.Record
}

// Failed says whether something on this kernel must fail the run.
func (r *Report) Failed() bool {
	for _, x := range r.Results {
		if x.Failed() {
			return true
		}
	}
	for _, e := range r.Ends {
		if !e.OK() {
			return true
		}
	}
	return r.Monkey != nil && len(r.Monkey.Problems) > 0
}

// Partial says whether the run was cut short: it has not a result for every test.
func (r *Report) Partial() bool { return len(r.Results) < r.Asked }

// maxLostBoots is how many boots may end without a single result before the
// kernel is given up.
const maxLostBoots = 2

// diskBytes is the size of each virtio disk.
const diskBytes = 96 << 20

// Run boots a kernel and runs all tests, in a fresh boot after each one that took
// the kernel down. Errors are of the machinery: QEMU, the guest program, files.
func Run(ctx context.Context, k *deb.Kernel, opt Options) (*Report, error) {
	rep := &Report{Kernel: k.Name, Release: k.Release, Asked: len(opt.Tests)}
	start := time.Now()
	defer func() {
		rep.Took = time.Since(start)
		rep.compare(ctx, opt)
	}()
	left := opt.Tests
	lost := 0
	for first := true; first || len(left) > 0; first = false {
		n := len(rep.Results)
		done, err := boot(ctx, k, opt, left, rep)
		if err != nil || ctx.Err() != nil {
			return rep, err
		}
		left = left[done:]
		end := rep.Ends[len(rep.Ends)-1]
		if len(left) > 0 && len(rep.Results) == n {
			if lost++; lost == maxLostBoots {
				for _, t := range left {
					rep.result(opt, &Result{Litmus: t.Name, Verdict: Broken, test: t, Console: end.Lines,
						Reason: fmt.Sprintf("%d boots ended without a result: %s", lost, end)})
				}
				break
			}
		}
	}
	return rep, nil
}

func (rep *Report) result(opt Options, r *Result) {
	r.Kernel, r.Release = rep.Kernel, rep.Release
	rep.Results = append(rep.Results, r)
	if opt.OnResult != nil && opt.Model == nil {
		opt.OnResult(r)
	}
}

// broken settles tests, or the monkey, for which the guest could not be made ready.
func (rep *Report) broken(opt Options, tests []*litmus.Test, reason string) (n int) {
	for _, t := range tests {
		rep.result(opt, &Result{Litmus: t.Name, Verdict: Broken, Reason: reason, test: t})
	}
	if opt.Monkey > 0 {
		rep.Monkey = &wire.Record{Status: wire.Failed, Reason: reason, Problems: map[string]string{"machine": reason}}
	}
	return len(tests)
}

// compare asks the model about every result. It comes after the boots: a model
// thinks for seconds, and a console that nobody reads looks like a hang.
func (rep *Report) compare(ctx context.Context, opt Options) {
	if opt.Model == nil {
		return
	}
	if _, ok := DesignOf(rep.Release); !ok && opt.Design == "" && rep.Release != "" {
		rep.Notes = append(rep.Notes, "no design of the catalogue describes release "+rep.Release+": --design names one to compare with")
	}
	for _, r := range rep.Results {
		if ctx.Err() == nil {
			if opt.Progress != nil {
				opt.Progress(rep.Kernel, "model: "+r.Litmus)
			}
			r.Design = opt.Design
			agree(r, opt.Model)
		}
		if opt.OnResult != nil {
			opt.OnResult(r)
		}
	}
}

// monkeyName is the test name of the monkey's result.
const monkeyName = "monkey"

func packInitramfs(k *deb.Kernel, opt Options, tests []*litmus.Test) ([]byte, error) {
	cfg := guest.Config{Rounds: opt.Rounds, Seconds: opt.PerTest.Seconds(), Seed: opt.Seed, Monkey: opt.Monkey.Seconds(), Here: opt.Device, Stop: opt.stop.Seconds(), Scale: qemu.Scale()}
	if opt.Rounds > 0 && opt.PerTest == 0 {
		cfg.Seconds = math.MaxInt32
	}
	files := []initramfs.File{{Path: "init", Mode: 0o755, Body: opt.Guest}}
	for _, m := range k.Modules {
		name, b, err := deb.ReadModule(m)
		if err != nil {
			return nil, err
		}
		files = append(files, initramfs.File{Path: guest.ModuleDir[1:] + "/" + name, Mode: 0o644, Body: b})
		cfg.Modules = append(cfg.Modules, name)
	}
	for _, t := range tests {
		cfg.Tests = append(cfg.Tests, litmus.Format(t))
	}
	b, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	files = append(files, initramfs.File{Path: guest.ConfigPath[1:], Mode: 0o644, Body: b})
	var out bytes.Buffer
	err = initramfs.Write(&out, files, initramfs.None)
	return out.Bytes(), err
}
