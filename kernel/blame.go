package kernel

import (
	"errors"
	"fmt"

	"tagswap/kernel/wire"
)

// Errors of a run. ErrFailed is a finding: a condition was violated, a kernel
// broke, or a model disagrees. ErrBroken is of the machine, not of the kernel: it
// failed its own proofs, or the guest program failed.
var (
	ErrFailed = errors.New("a test failed")
	ErrBroken = errors.New("the machine is broken, not the kernel")
	ErrNoMTE  = errors.New("no MTE on this machine")
)

// Blame says whose fault the failures of reports are: ErrFailed when a kernel or a
// model failed, else ErrBroken when the machine did, else nil.
func Blame(reps []*Report) error {
	var broken error
	for _, rep := range reps {
		for _, e := range rep.Ends {
			if !e.OK() {
				return ErrFailed
			}
		}
		for _, r := range rep.Results {
			switch {
			case r.Verdict == Broken:
				broken = fmt.Errorf("%w: %s: %s", ErrBroken, rep.Kernel, rep.why(r.Reason))
			case r.Failed():
				return ErrFailed
			}
		}
		switch m := rep.Monkey; {
		case m == nil || len(m.Problems) == 0:
		case m.Status == wire.Failed:
			broken = fmt.Errorf("%w: %s: %s", ErrBroken, rep.Kernel, rep.why(m.Reason))
		default:
			return ErrFailed
		}
	}
	return broken
}

// why is the first proof that failed, or else the given reason.
func (r *Report) why(reason string) string {
	for _, g := range r.Ground {
		if !g.OK {
			return g.Check + ": " + g.Detail
		}
	}
	return reason
}
