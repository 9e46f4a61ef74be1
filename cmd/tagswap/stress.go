package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tagswap/design"
	"tagswap/report"
	"tagswap/stress"
)

// stressFlags are the flags of "stress".
type stressFlags struct {
	designs   []string
	mixes     []string
	opt       stress.Options
	seconds   float64
	swap      string
	slotCache string
	checks    string
	format    string
	compare   bool
	noSwapoff bool
	devices   swapDevices
}

const stressLong = `Runs the swap path of each design on goroutines, at full speed: tasks load, store, tag, fork, exit
and page each other out, with a kswapd, slot cache drains and a swapoff now and then, against a limit
of memory. On every access all 4096 bytes of the page and its 256 tags are held against what was
written last (--check access: only what the access touches, which is faster).

--mix says what tasks do: the name of a mix, weights of operations, or a name and the weights that are
different, as in --mix default,fork=20,mte=off. Given more than once, each design runs under each mix.

  operations: %s
  mte=on|off: memory is mapped with PROT_MTE or not; shared=N: of 100 pages, N are shared memory

Mixes:
%s
--swap FILE is a swap file, with a slash in its name; it is created with mode 0600 and removed in the end,
and one that is not tagswap's is refused. Each further design has a file of its own, FILE-2 and so on. --swap zram-like is compressed memory, a synchronous device from which a page may
be read past the swap cache. --swap memory does no I/O at all.

With --compare the designs run in slices of a quarter second, in turn, so that whatever else the
machine does meets all of them; what they do is given as ratios to the first one, with their spread.
The same design twice shows what is noise.

Exit status: 0 nothing was lost, 1 something was, 2 the input is wrong, 3 nothing was lost, but it was
interrupted or had nothing to lose.`

func newStressCmd() *cobra.Command {
	f := stressFlags{}
	cmd := &cobra.Command{
		Use:   "stress",
		Short: "Load designs with goroutines and hold all they read against an oracle",
		Long:  fmt.Sprintf(stressLong, strings.Join(stress.OpNames(), " "), stress.DescribeMixes()),
		Example: `  tagswap stress --design v6.4 --design v6.5 --seconds 5
  tagswap stress --design v7.2 --mix fork --swap zram-like
  tagswap stress --design v7.2 --swap ./swapfile --pages 1000
  tagswap stress --compare --design v6.4 --design thread-v1 --design v6.5 --no-swapoff
  tagswap stress --compare --design v6.5 --mix plain --mix plain,mte=off --format json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.designs, "design", []string{"v7.2"}, "a design of the catalogue, or a file; may be repeated")
	fl.StringArrayVar(&f.mixes, "mix", []string{"default"}, "what tasks do; may be repeated")
	fl.IntVar(&f.opt.Tasks, "tasks", 4, "tasks")
	fl.IntVar(&f.opt.Pages, "pages", 64, "pages of an address space")
	fl.IntVar(&f.opt.Memory, "memory", 0, "pages of memory (default pages x tasks / 2)")
	fl.IntVar(&f.opt.Slots, "slots", 0, "slots of the swap device (default enough for all)")
	fl.Float64Var(&f.seconds, "seconds", 5, "how long each design runs")
	fl.Uint64Var(&f.opt.Seed, "seed", 0, "seed of the tasks (default a new one, which is printed)")
	fl.StringVar(&f.swap, "swap", swapMemory, "the swap device: memory, zram-like or a file")
	fl.StringVar(&f.slotCache, "slot-cache", "off", "slot caches: on or off")
	fl.StringVar(&f.checks, "check", "page", "what is checked on each access: all of its page, or what it touches: page or access")
	fl.IntVar(&f.opt.Shake, "shake", 0, "let others run after one of so many steps, so that tasks meet in more ways (default never)")
	fl.StringVar(&f.format, "format", "text", "text or json")
	fl.BoolVar(&f.compare, "compare", false, "run the designs in turn and print ratios")
	fl.BoolVar(&f.noSwapoff, "no-swapoff", false, "no swapoff: releases before v6.9 race with it")
	_ = cmd.RegisterFlagCompletionFunc("design", designNames)
	_ = cmd.RegisterFlagCompletionFunc("mix", cobra.FixedCompletions(stress.MixNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(stressFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

var stressFormats = []string{"text", "json"}

func (f *stressFlags) check(cmd *cobra.Command) error {
	one := func(flag, value string, of ...string) error {
		if slices.Contains(of, value) {
			return nil
		}
		return fmt.Errorf("--%s %s: %s", flag, value, strings.Join(of, " or "))
	}
	for _, err := range []error{
		knownFormat(f.format, stressFormats), one("slot-cache", f.slotCache, "on", "off"),
		one("check", f.checks, "page", "access"),
		knownSwap(f.swap),
		between("tasks", f.opt.Tasks, 1, 64), between("pages", f.opt.Pages, 1, 1<<14),
		between("shake", f.opt.Shake, 0, 1<<20),
		between("memory", f.opt.Memory, 0, 1<<20), between("slots", f.opt.Slots, 0, 1<<20),
	} {
		if err != nil {
			return err
		}
	}
	if f.seconds <= 0 {
		return fmt.Errorf("--seconds %v: it has to be more than 0", f.seconds)
	}
	if f.compare && len(f.designs)*len(f.mixes) < 2 {
		return fmt.Errorf("--compare needs two designs or mixes; give --design or --mix twice")
	}
	f.opt.SlotCache, f.opt.Sync, f.opt.Swapoff = f.slotCache == "on", f.swap == swapZram, !f.noSwapoff
	f.opt.CheckTouched = f.checks == "access"
	all := f.opt.Bytes() * int64(len(f.designs)*len(f.mixes))
	if most := int64(4 << 30); all > most {
		return fmt.Errorf("this needs about %d MiB of memory, the most is %d; take fewer pages, tasks, slots or designs", all>>20, most>>20)
	}
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

// parseMix names what is wrong in a mix, and the nearest word that is right.
func parseMix(text string) (stress.Mix, error) {
	m, err := stress.ParseMix(text)
	var unknown *stress.UnknownError
	switch {
	case errors.As(err, &unknown):
		return m, fmt.Errorf("--mix %s: %w%s; known: %s", text, err, hint(unknown.Word, unknown.Known),
			strings.Join(unknown.Known, ", "))
	case err != nil:
		return m, fmt.Errorf("--mix %s: %w", text, err)
	}
	return m, nil
}

// machines makes one for each design under each mix. One that is there already
// gets a number.
func (f *stressFlags) machines(cmd *cobra.Command) ([]*stress.Machine, error) {
	var ms []*stress.Machine
	seen := map[string]int{}
	for _, name := range f.designs {
		d, err := loadDesign(cmd, name)
		if err != nil {
			return nil, err
		}
		p, err := design.Compile(d)
		if err != nil {
			return nil, designErrors(cmd, name, err)
		}
		for _, text := range f.mixes {
			o := f.opt
			if o.Mix, err = parseMix(text); err != nil {
				return nil, err
			}
			o.Name, o.MixName, o.Swap = name, text, f.swap
			seen[name+" "+text]++
			if n := seen[name+" "+text]; n > 1 {
				o.Name = fmt.Sprintf("%s#%d", name, n)
			}
			if o.Device, err = f.devices.open(f.swap, o.Defaults().Slots); err != nil {
				return nil, err
			}
			ms = append(ms, stress.New(p, o))
		}
	}
	return ms, nil
}

// stressSlice is how long a machine runs at a time.
const stressSlice = 250 * time.Millisecond

func (f *stressFlags) run(cmd *cobra.Command) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	ms, err := f.machines(cmd)
	if err != nil {
		return errors.Join(err, f.devices.remove())
	}
	run := stress.Run{Total: time.Duration(f.seconds * float64(time.Second)), Slice: stressSlice, Turns: f.compare}
	live := newStressLive(cmd.ErrOrStderr(), run.Slices()*len(ms))
	run.Tick = live.tick
	rounds, complete := run.Do(cmd.Context(), ms)
	live.end()
	s := report.Stress{Machine: f.machine(), Again: f.again}
	if f.compare {
		s.Ratios = stress.Ratios(ms, rounds)
	}
	stuck := false
	for _, m := range ms {
		if m.Begun() {
			s.Reports = append(s.Reports, m.Finish())
		} else {
			s.NotRun = append(s.NotRun, m.Name())
		}
		stuck = stuck || m.Stuck()
	}
	if !stuck { // or a task may still write to its file
		if err := f.devices.remove(); err != nil {
			return err
		}
	}
	write := report.WriteStress
	if f.format == "json" {
		write = report.WriteStressJSON
	}
	if err := write(cmd.OutOrStdout(), &s); err != nil {
		return err
	}
	return stressStatus(&s, complete)
}

func stressStatus(s *report.Stress, complete bool) error {
	empty := false
	for _, r := range s.Reports {
		if r.Failed() {
			return verdictError(exitFails)
		}
		empty = empty || r.Empty()
	}
	if !complete || empty {
		return verdictError(exitBounded)
	}
	return nil
}

// machine says what the designs ran on.
func (f *stressFlags) machine() string {
	o := f.opt.Defaults()
	swapoff := ", no swapoff"
	if o.Swapoff {
		swapoff = ""
	}
	return fmt.Sprintf("%d tasks, %d pages each, %d pages of memory, %s swap with %d slots, slot caches %s%s, mix %s, seed %d",
		o.Tasks, o.Pages, o.Memory, f.swap, o.Slots, f.slotCache, swapoff, strings.Join(f.mixes, " and "), o.Seed)
}

// again is the command that runs a design of this run once more.
func (f *stressFlags) again(r *stress.Report) string {
	name, _, _ := strings.Cut(r.Design, "#")
	args := []string{invocation(), "stress", "--design", quote(name), "--seed", fmt.Sprint(r.Seed)}
	add := func(flag, value, usual string) {
		if value != usual {
			args = append(args, "--"+flag, quote(value))
		}
	}
	add("mix", r.Mix, "default")
	add("tasks", fmt.Sprint(r.Tasks), "4")
	add("pages", fmt.Sprint(r.Pages), "64")
	add("memory", fmt.Sprint(f.opt.Memory), "0")
	add("slots", fmt.Sprint(f.opt.Slots), "0")
	add("seconds", fmt.Sprint(f.seconds), "5")
	add("swap", f.swap, swapMemory)
	add("slot-cache", f.slotCache, "off")
	add("check", f.checks, "page")
	add("shake", fmt.Sprint(f.opt.Shake), "0")
	if f.noSwapoff {
		args = append(args, "--no-swapoff")
	}
	return strings.Join(args, " ")
}
