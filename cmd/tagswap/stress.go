package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tagswap/design"
	"tagswap/stress"
)

// stressFlags are the flags of "stress".
type stressFlags struct {
	designs    []string
	opt        stress.Options
	seconds    float64
	swap       string
	slotCache  string
	format     string
	compare    bool
	noSwapoff  bool
	sliceLimit time.Duration
}

func newStressCmd() *cobra.Command {
	f := stressFlags{sliceLimit: 250 * time.Millisecond}
	cmd := &cobra.Command{
		Use:   "stress",
		Short: "Load designs with goroutines and hold all they read against an oracle",
		Long: `Runs the swap path of each design on goroutines, at full speed: tasks load, store, tag, fork, exit
and page each other out, with a kswapd, slot cache drains and a swapoff now and then, against a limit
of memory. Every page that is read and every tag is held against what was written last.

Pages are words here, as under check, and the swap device is memory. --swap zram-like is a synchronous
device, from which a page may be read past the swap cache.

With --compare the designs run in slices of a quarter second, in turn, so that whatever else the
machine does meets all of them; rates are given as ratios to the first design, with their spread.

Exit status: 0 nothing was lost, 1 something was, 2 the input is wrong.`,
		Example: `  tagswap stress --design v6.4 --design v6.5 --seconds 5
  tagswap stress --compare --design v6.4 --design thread-v1 --design v6.5 --no-swapoff`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.designs, "design", []string{"v7.2"}, "a design of the catalogue, or a file; may be repeated")
	fl.IntVar(&f.opt.Tasks, "tasks", 4, "tasks")
	fl.IntVar(&f.opt.Pages, "pages", 64, "pages of an address space")
	fl.IntVar(&f.opt.Memory, "memory", 0, "pages of memory (default pages x tasks / 2)")
	fl.IntVar(&f.opt.Slots, "slots", 0, "slots of the swap device (default enough for all)")
	fl.Float64Var(&f.seconds, "seconds", 5, "how long each design runs")
	fl.Uint64Var(&f.opt.Seed, "seed", 0, "seed of the tasks (default a new one, which is printed)")
	fl.StringVar(&f.swap, "swap", "memory", "the swap device: memory or zram-like")
	fl.StringVar(&f.slotCache, "slot-cache", "off", "slot caches: on or off")
	fl.StringVar(&f.format, "format", "text", "text or json")
	fl.BoolVar(&f.compare, "compare", false, "run the designs in turn and print ratios")
	fl.BoolVar(&f.noSwapoff, "no-swapoff", false, "no swapoff: releases before v6.9 race with it")
	_ = cmd.RegisterFlagCompletionFunc("design", designNames)
	return cmd
}

func (f *stressFlags) check(cmd *cobra.Command) error {
	one := func(flag, value string, of ...string) error {
		for _, w := range of {
			if value == w {
				return nil
			}
		}
		return fmt.Errorf("--%s %s: %s", flag, value, strings.Join(of, " or "))
	}
	for _, err := range []error{
		one("format", f.format, "text", "json"), one("slot-cache", f.slotCache, "on", "off"),
		one("swap", f.swap, "memory", "zram-like"),
		between("tasks", f.opt.Tasks, 1, 64), between("pages", f.opt.Pages, 1, 1<<14),
		between("memory", f.opt.Memory, 0, 1<<20), between("slots", f.opt.Slots, 0, 1<<20),
	} {
		if err != nil {
			return err
		}
	}
	if f.seconds <= 0 {
		return fmt.Errorf("--seconds %v: it has to be more than 0", f.seconds)
	}
	if f.compare && len(f.designs) < 2 {
		return fmt.Errorf("--compare needs two designs; give --design twice")
	}
	f.opt.SlotCache, f.opt.Sync, f.opt.Swapoff = f.slotCache == "on", f.swap == "zram-like", !f.noSwapoff
	if !cmd.Flags().Changed("seed") {
		f.opt.Seed = rand.Uint64N(1_000_000)
	}
	return nil
}

func between(flag string, n, low, high int) error {
	if n < low || n > high {
		return fmt.Errorf("--%s %d: from %d to %d", flag, n, low, high)
	}
	return nil
}

func (f *stressFlags) run(cmd *cobra.Command) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	cmd.SilenceUsage = true
	var ms []*stress.Machine
	for _, name := range f.designs {
		d, err := loadDesign(cmd, name)
		if err != nil {
			return err
		}
		p, err := design.Compile(d)
		if err != nil {
			return designErrors(cmd, name, err)
		}
		ms = append(ms, stress.New(p, f.opt))
	}
	tick := f.progress(cmd, ms)
	total := time.Duration(f.seconds * float64(time.Second))
	var ratios []stress.Ratio
	if f.compare {
		ratios = stress.Compare(ms, total, min(f.sliceLimit, total), tick)
	} else {
		for _, m := range ms {
			stress.Compare([]*stress.Machine{m}, total, min(f.sliceLimit, total), tick)
		}
	}
	tick()
	return f.print(cmd.OutOrStdout(), ms, ratios)
}

// progress returns what is called after each slice: it shows how far the run is
// on a terminal, and says whether to go on.
func (f *stressFlags) progress(cmd *cobra.Command, ms []*stress.Machine) func() bool {
	w, ok := cmd.ErrOrStderr().(*os.File)
	shown := ok && term.IsTerminal(int(w.Fd()))
	start, last, before := time.Now(), time.Now(), int64(0)
	all := time.Duration(f.seconds*float64(len(ms))*1000) * time.Millisecond
	return func() bool {
		goOn := cmd.Context() == nil || cmd.Context().Err() == nil
		if !shown {
			return goOn
		}
		if time.Since(start) >= all || !goOn {
			fmt.Fprint(w, "\r\x1b[K")
			return goOn
		}
		n, failed := int64(0), 0
		for _, m := range ms {
			n += m.Accesses()
			if m.Failed() {
				failed++
			}
		}
		fmt.Fprintf(w, "\r\x1b[K%3.0f%%  %.2fM accesses/s  %d of %d designs failed",
			100*time.Since(start).Seconds()/all.Seconds(), float64(n-before)/time.Since(last).Seconds()/1e6, failed, len(ms))
		last, before = time.Now(), n
		return goOn
	}
}

func (f *stressFlags) print(w io.Writer, ms []*stress.Machine, ratios []stress.Ratio) error {
	failed := false
	var reports []*stress.Report
	for _, m := range ms {
		r := m.Finish()
		failed = failed || r.First != nil
		reports = append(reports, r)
	}
	var err error
	if f.format == "json" {
		err = stressJSON(w, reports, ratios)
	} else {
		err = f.text(w, reports, ratios)
	}
	if err == nil && failed {
		return verdictError(exitFails)
	}
	return err
}

func stressJSON(w io.Writer, reports []*stress.Report, ratios []stress.Ratio) error {
	enc := json.NewEncoder(w)
	for _, r := range reports {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	for _, r := range ratios {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func (f *stressFlags) text(w io.Writer, reports []*stress.Report, ratios []stress.Ratio) error {
	fmt.Fprintf(w, "Stress %d tasks, %d pages each, seed %d, %s swap, slot caches %s\n\n",
		f.opt.Tasks, f.opt.Pages, f.opt.Seed, f.swap, f.slotCache)
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "design\taccess/s\tmajor/s\tp50 µs\tp99 µs\tp99.9 µs\tcopies\tretries\tviolations\t")
	for _, r := range reports {
		n := int64(0)
		for _, c := range r.Violations {
			n += c
		}
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.1f\t%.1f\t%.1f\t%d\t%d\t%d\t\n", r.Design, r.Rate, float64(r.Major)/r.Seconds,
			r.P50, r.P99, r.P999, r.Copies, r.Retries, n)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, r := range ratios {
		fmt.Fprintf(w, "\n%s does %.2f of the accesses of %s (80%% of %d slices: %.2f to %.2f)", r.Design, r.Median, r.To,
			r.Slices, r.Low, r.High)
	}
	if len(ratios) > 0 {
		fmt.Fprintln(w)
	}
	for _, r := range reports {
		stressVerdict(w, r)
		stressWaits(w, r)
	}
	return nil
}

// stressWaits says which locks were waited for.
func stressWaits(w io.Writer, r *stress.Report) {
	var parts []string
	for _, l := range r.Waits {
		parts = append(parts, fmt.Sprintf("%s %.1f ms in %d", l.Lock, l.Ms, l.Times))
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "  waits: %s\n", strings.Join(parts, ", "))
	}
}

// stressVerdict says of a design what was found, the first thing in words.
func stressVerdict(w io.Writer, r *stress.Report) {
	if r.First == nil {
		fmt.Fprintf(w, "\n%s: nothing was lost in %d accesses\n", r.Design, r.Accesses)
		return
	}
	var parts []string
	for p, n := range r.Violations {
		parts = append(parts, fmt.Sprintf("%s %d", p, n))
	}
	sort.Strings(parts)
	fmt.Fprintf(w, "\n%s fails: %s\n", r.Design, strings.Join(parts, ", "))
	fmt.Fprintf(w, "  first, after %d accesses: %s: %s\n", r.First.After, r.First.Property, r.First.Detail)
	if r.Explained != "" {
		fmt.Fprintf(w, "  %s\n", r.Explained)
	}
}
