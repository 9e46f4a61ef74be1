package pageout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// Errors that say why a process could not be paged out. Test with errors.Is.
var (
	ErrPermission = errors.New("not permitted")
	ErrNoProcess  = errors.New("no such process")
	ErrNoSwap     = errors.New("no swap")
	ErrOldKernel  = errors.New("kernel too old")
)

// Options chooses what is paged out.
type Options struct {
	PrivateAnonymous bool          // only private anonymous mappings
	Interval         time.Duration // Loop: pause between rounds; 0 is none
}

// Result is what one round over one process did. Sizes are bytes.
type Result struct {
	PID       int
	Name      string // /proc/PID/comm
	Mappings  int    // mappings advised
	Skipped   int    // mappings that the kernel would refuse (locked, hugetlb, device)
	Bytes     uint64 // length of the advised mappings
	Advised   uint64 // bytes the kernel says it walked
	Gone      int    // mappings that vanished, or changed, between the walk and the call
	Before    uint64 // resident in the chosen mappings before the call
	After     uint64 // resident in them after it
	Left      uint64 // Before - After, 0 when the process touched more than left
	Swap      uint64 // of them in swap after the call
	SwapDelta int64  // change of Swap
	Took      time.Duration
}

// Once pages one process out once. The error is ErrPermission, ErrNoProcess,
// ErrNoSwap or ErrOldKernel, wrapped with what to do, or a read error of /proc.
func Once(pid int, opt Options) (Result, error) {
	start := time.Now()
	res := Result{PID: pid}
	fd, err := openPidfd(pid)
	if err != nil {
		return res, explain(pid, err)
	}
	defer fd.Close()
	if err := CheckSwap(); err != nil && opt.PrivateAnonymous {
		return res, err
	}
	comm, _ := os.ReadFile(procPath(pid, "comm"))
	res.Name = strings.TrimSpace(string(comm))

	chosen, skipped, err := choose(pid, opt)
	if err != nil {
		return res, explain(pid, err)
	}
	res.Mappings, res.Skipped = len(chosen), skipped
	var swapBefore uint64
	for _, m := range chosen {
		res.Bytes += m.Size()
		res.Before += m.Rss
		swapBefore += m.Swap
	}
	res.Advised, res.Gone, err = advise(fd, chosen)
	if err != nil {
		return res, explain(pid, err)
	}
	after, _, err := choose(pid, opt)
	if err != nil {
		return res, explain(pid, err)
	}
	for _, m := range after {
		res.After += m.Rss
		res.Swap += m.Swap
	}
	if res.Before > res.After {
		res.Left = res.Before - res.After
	}
	res.SwapDelta = int64(res.Swap) - int64(swapBefore)
	res.Took = time.Since(start)
	return res, nil
}

// Loop runs Once over every pid, again and again, until ctx ends or no process
// is left; report is called after each process and round. A process that ended
// is dropped without an error unless it was gone in the first round; any other
// error ends the loop.
func Loop(ctx context.Context, pids []int, opt Options, report func(round int, r Result)) error {
	live := append([]int(nil), pids...)
	for round := 1; len(live) > 0; round++ {
		var next []int
		for _, pid := range live {
			if ctx.Err() != nil {
				return nil
			}
			r, err := Once(pid, opt)
			if errors.Is(err, ErrNoProcess) && round > 1 {
				continue
			}
			if err != nil {
				return err
			}
			report(round, r)
			next = append(next, pid)
		}
		live = next
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(opt.Interval):
		}
	}
	return nil
}

// CheckSwap returns ErrNoSwap, with what to do, when no swap area is active:
// private anonymous memory then has nowhere to go.
func CheckSwap() error {
	b, err := os.ReadFile("/proc/swaps")
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: this kernel was built without swap (no /proc/swaps)", ErrNoSwap)
	}
	if err != nil {
		return err
	}
	if strings.Count(strings.TrimSpace(string(b)), "\n") == 0 {
		return fmt.Errorf("%w: no swap area is active, so anonymous pages have nowhere to go; "+
			"add one with mkswap and swapon (a zram device will do)", ErrNoSwap)
	}
	return nil
}

// choose lists the mappings of a process to page out; those of the other kind
// do not count as skipped.
func choose(pid int, opt Options) (chosen []Mapping, skipped int, err error) {
	f, err := os.Open(procPath(pid, "smaps"))
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	all, err := ParseSmaps(f)
	if err != nil {
		return nil, 0, err
	}
	for _, m := range all {
		switch {
		case opt.PrivateAnonymous && !m.PrivateAnonymous():
		case !m.Pageable():
			skipped++
		default:
			chosen = append(chosen, m)
		}
	}
	return chosen, skipped, nil
}

func procPath(pid int, file string) string { return "/proc/" + strconv.Itoa(pid) + "/" + file }
