package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tagswap/kernel"
	"tagswap/kernel/deb"
	"tagswap/kernel/qemu"
	"tagswap/litmus"
	"tagswap/mm"
)

// kernelRun holds the flags of kernel run.
type kernelRun struct {
	kernels     []string
	litmus      []string
	design      string
	modules     string
	guest       string
	format      string
	append      string
	iterations  int64
	seconds     float64
	monkey      float64
	model       float64
	seed        uint64
	here        bool
	contentOnly bool
	console     bool
}

func newKernelRunCmd() *cobra.Command {
	var o kernelRun
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Boot kernels in QEMU and run litmus tests on them",
		Long: `Boots each kernel once, proves the machine (tag memory, checks, swap,
process_madvise), runs every test that it can, and prints for each a histogram as
litmus7 does, then a matrix of kernels and tests. A boot counts only when the
guest's end record came; a test that takes the kernel down is Undef and the rest
runs in a fresh boot.

A kernel is debian:SUITE[=VERSION], fetched when it is not there, the name that kernel
build gave, or the path of an arm64 Image or vmlinuz, with --modules where zram is not
built in. The guest program
is built with the Go toolchain where tagswap's source is; else give --guest.

Exit status: 0 nothing failed, 1 a test failed, a kernel broke or a model disagrees,
2 the input or the machinery is wrong, 3 nothing failed but the run was interrupted.`,
		Example: `  tagswap kernel run --kernel debian:bookworm --kernel debian:trixie
  tagswap kernel run --kernel arch/arm64/boot/Image --litmus store-small-swap
  tagswap kernel run --kernel trimmed-6.1-without-restore-hook --design ./mine.design
  tagswap kernel run --kernel debian:sid --monkey 30
  sudo tagswap kernel run --here`,
		Args:         noKernelArgs,
		SilenceUsage: true,
		RunE:         func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.kernels, "kernel", nil, "debian:SUITE[=VERSION], a name of kernel build, or a path; may be repeated (default debian:bookworm)")
	f.StringArrayVar(&o.litmus, "litmus", nil,
		"a test's name or file, @FILE for a list, - for standard input; may be repeated (default the catalogue)")
	f.StringVar(&o.design, "design", "", "the design, by name or file, that the kernels are compared with (default by their release)")
	f.StringVar(&o.modules, "modules", "", "folder lib/modules/RELEASE with the modules of --kernel PATH")
	f.StringVar(&o.guest, "guest", "", "the guest program, instead of building it")
	f.StringVar(&o.format, "format", "text", "text, json or ktap")
	f.StringVar(&o.append, "append", "", "more of the kernel's command line")
	f.Int64Var(&o.iterations, "iterations", 0, "rounds of each test (default: what fits in --seconds)")
	f.Float64Var(&o.seconds, "seconds", 0.3, "seconds for each test")
	f.Float64Var(&o.monkey, "monkey", 0, "instead of tests: seconds of tasks at random against page-out in a loop")
	f.Float64Var(&o.model, "model-seconds", 2, "seconds for the model to say what it allows of each test; 0 asks no model")
	f.Uint64Var(&o.seed, "seed", 0, "seed of the random delays (default: a new one)")
	f.BoolVar(&o.here, "here", false, "run on the kernel this program runs on; needs root and arm64")
	f.BoolVar(&o.contentOnly, "content-only", false, "with --here: go on without MTE, with the tests that need no tags")
	f.BoolVar(&o.console, "console", false, "copy the guests' consoles to standard error")
	_ = cmd.RegisterFlagCompletionFunc("litmus", litmusNames)
	_ = cmd.RegisterFlagCompletionFunc("design", designNames)
	return cmd
}

func (o *kernelRun) run(cmd *cobra.Command) error {
	if err := o.check(); err != nil {
		return err
	}
	tests, err := o.tests(cmd)
	if err != nil {
		return err
	}
	ctx, stop := interruptible(cmd)
	defer stop()
	out, progress := cmd.OutOrStdout(), cmd.ErrOrStderr()
	opt := kernel.Options{Tests: tests, Rounds: o.iterations, Seed: o.seed, Append: o.append,
		PerTest: time.Duration(o.seconds * float64(time.Second)), Monkey: time.Duration(o.monkey * float64(time.Second))}
	if o.iterations > 0 && !cmd.Flags().Changed("seconds") {
		opt.PerTest = 0
	}
	if o.monkey > 0 {
		opt.Tests = nil
	}
	if o.model > 0 {
		m := &checkerModel{budget: time.Duration(o.model * float64(time.Second))}
		if o.design != "" {
			d, err := runnable(cmd, o.design)
			if err != nil {
				return err
			}
			m.programs, opt.Design = map[string]*mm.Program{o.design: d.prog}, o.design
		}
		opt.Model = m
	}
	if opt.Seed == 0 {
		opt.Seed = rand.Uint64N(1 << 32)
	}
	clear := o.progress(&opt, progress)
	opt.OnResult = func(r *kernel.Result) {
		clear()
		switch o.format {
		case "text":
			kernel.WriteText(out, r)
		case "json":
			kernel.WriteJSON(out, r)
		}
	}
	if o.console {
		opt.Console = func(l string) { fmt.Fprint(progress, l) }
	}
	reps, err := o.all(ctx, opt, progress)
	clear()
	o.print(out, reps, opt.Seed)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		fmt.Fprintln(progress, "tagswap: interrupted: what stands above is partial")
		err = verdictError(exitBounded)
	}
	if blame := kernel.Blame(reps); blame != nil {
		err = blame
	}
	return err
}

// print prints what comes after the results: proofs, ends of boots, the matrix.
func (o *kernelRun) print(out io.Writer, reps []*kernel.Report, seed uint64) {
	results := false
	for _, rep := range reps {
		results = results || len(rep.Results) > 0
		switch {
		case rep.Release == "" && rep.Boots == 1 && len(rep.Ends) == 0: // it did not begin
		case o.format == "text":
			kernel.WriteHeader(out, rep)
		case o.format == "json":
			kernel.WriteReportJSON(out, rep)
		}
		if rep.Monkey != nil && o.format != "ktap" {
			kernel.WriteMonkey(out, rep, o.format)
		}
	}
	switch {
	case o.format == "text" && results:
		kernel.WriteMatrix(out, reps)
		fmt.Fprintf(out, "seed %d\n", seed)
	case o.format == "ktap" && len(reps) > 0:
		kernel.WriteKTAP(out, reps)
	}
}

// all runs the kernels one after the other.
func (o *kernelRun) all(ctx context.Context, opt kernel.Options, progress io.Writer) (reps []*kernel.Report, err error) {
	if o.here {
		rep, err := kernel.Here(ctx, opt, o.contentOnly)
		if rep != nil {
			reps = append(reps, rep)
		}
		return reps, err
	}
	if opt.QEMU, err = qemu.Find(ctx); err != nil {
		return nil, err
	}
	var ks []*deb.Kernel
	if len(o.kernels) == 0 {
		o.kernels = []string{"debian:bookworm"}
	}
	for _, name := range o.kernels {
		k, err := o.kernel(ctx, name, progress)
		if err != nil {
			return nil, err
		}
		ks = append(ks, k)
	}
	if opt.Guest, err = kernel.GuestProgram(ctx, o.guest); err != nil {
		return nil, err
	}
	for _, k := range ks {
		rep, err := kernel.Run(ctx, k, opt)
		if rep != nil {
			reps = append(reps, rep)
		}
		if err != nil {
			return reps, err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return reps, nil
}

func (o *kernelRun) kernel(ctx context.Context, name string, progress io.Writer) (*deb.Kernel, error) {
	if !strings.HasPrefix(name, "debian:") {
		return deb.Open(built(name), o.modules)
	}
	spec, err := deb.ParseSpec(name)
	if err != nil {
		return nil, err
	}
	f, err := fetcher(progress, false)
	if err != nil {
		return nil, err
	}
	if k, ok := f.Cached(spec); ok {
		return k, nil
	}
	return f.Fetch(ctx, spec)
}

// built finds a kernel of kernel build by its name.
func built(name string) string {
	if _, err := os.Stat(name); err == nil || strings.ContainsRune(name, filepath.Separator) {
		return name
	}
	if dir, err := deb.CacheDir(); err == nil {
		if dir = deb.BuiltDir(dir, name); dirExists(dir) {
			return dir
		}
	}
	return name
}

func dirExists(dir string) bool {
	st, err := os.Stat(dir)
	return err == nil && st.IsDir()
}

// tests are those of the command line, or the catalogue.
func (o *kernelRun) tests(cmd *cobra.Command) (ts []*litmus.Test, err error) {
	if len(o.litmus) == 0 {
		return litmus.Catalogue()
	}
	names, err := expand(o.litmus)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		t, err := loadTest(cmd, name)
		if err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	return ts, nil
}

// check refuses numbers that mean nothing.
func (o *kernelRun) check() error {
	switch {
	case !slices.Contains(checkFormats, o.format):
		return knownFormat(o.format, checkFormats)
	case !(o.seconds > 0):
		return fmt.Errorf("--seconds %v: a test needs more than none", o.seconds)
	case o.iterations < 0:
		return fmt.Errorf("--iterations %d: give a number of rounds, or 0 for what fits in --seconds", o.iterations)
	case !(o.monkey >= 0), !(o.model >= 0):
		return fmt.Errorf("--monkey and --model-seconds take seconds, 0 or more")
	case o.here && len(o.kernels) > 0:
		return fmt.Errorf("--here runs on this machine's kernel: it takes no --kernel")
	case o.modules != "" && len(o.kernels) != 1:
		return fmt.Errorf("--modules belongs to one --kernel PATH")
	}
	return nil
}

// progress shows what is under way on one line of a terminal; clear wipes it.
func (o *kernelRun) progress(opt *kernel.Options, w io.Writer) (clear func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || o.console {
		return func() {}
	}
	start := time.Now()
	opt.Progress = func(k, what string) {
		fmt.Fprintf(f, "\r\x1b[K%4.0fs %s: %s", time.Since(start).Seconds(), k, what)
	}
	return func() { fmt.Fprint(f, "\r\x1b[K") }
}
