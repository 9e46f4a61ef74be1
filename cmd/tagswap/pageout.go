package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tagswap/kernel/pageout"
)

// newPageoutCmd is the verb "pageout": push processes' memory out to swap.
func newPageoutCmd() *cobra.Command {
	var loop bool
	opt := pageout.Options{PrivateAnonymous: true}
	cmd := &cobra.Command{
		Use:   "pageout PID…",
		Short: "Page out other processes' memory with process_madvise(MADV_PAGEOUT)",
		Long: `Walks the mappings of each process, takes the private anonymous ones, and calls
process_madvise(MADV_PAGEOUT) on them in batches. For each process it prints how
much left memory and how much is now in swap. Needs Linux 5.10, an active swap
area, and the right to ptrace the process together with CAP_SYS_NICE (root).`,
		Example:      "  tagswap pageout $(pidof system_server) --loop --interval 100ms",
		Args:         cobra.MinimumNArgs(1),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			pids, err := parsePIDs(args)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return runPageout(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr(), pids, opt, loop)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&loop, "loop", false, "repeat until the processes end or ^C")
	f.DurationVar(&opt.Interval, "interval", 100*time.Millisecond, "pause between the rounds of --loop")
	f.BoolVar(&opt.PrivateAnonymous, "private-anonymous", true,
		"only private anonymous mappings; =false takes file and shared mappings too")
	return cmd
}

func parsePIDs(args []string) ([]int, error) {
	var pids []int
	for _, a := range args {
		pid, err := strconv.Atoi(a)
		if err != nil || pid <= 0 {
			return nil, fmt.Errorf("%q is not a process id; give numbers, as pidof prints them", a)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

func runPageout(ctx context.Context, w, errw io.Writer, pids []int, opt pageout.Options, loop bool) error {
	if ctx == nil {
		ctx = context.Background()
	}
	if loop {
		return pageout.Loop(ctx, pids, opt, func(round int, r pageout.Result) {
			fmt.Fprintf(w, "round %d: ", round)
			printPageout(w, r)
		})
	}
	// Of several processes one may have ended: the others are paged out all the same.
	var last error
	for _, pid := range pids {
		r, err := pageout.Once(pid, opt)
		switch {
		case errors.Is(err, pageout.ErrNoSwap), errors.Is(err, pageout.ErrOldKernel):
			return err
		case err != nil:
			if last != nil {
				fmt.Fprintln(errw, "tagswap:", last)
			}
			last = err
		default:
			printPageout(w, r)
		}
	}
	return last
}

func printPageout(w io.Writer, r pageout.Result) {
	fmt.Fprintf(w, "%d (%s): %d mappings, %s: %s left memory, %s still in memory, %s in swap (%s)",
		r.PID, r.Name, r.Mappings, size(r.Bytes), size(r.Left), size(r.After), size(r.Swap), r.Took.Round(time.Millisecond))
	if r.Skipped > 0 {
		fmt.Fprintf(w, "; %d skipped (locked, hugetlb or device memory)", r.Skipped)
	}
	if r.Gone > 0 {
		fmt.Fprintf(w, "; %d changed meanwhile", r.Gone)
	}
	fmt.Fprintln(w)
}

// size prints bytes with a binary unit.
func size(n uint64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
