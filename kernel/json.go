package kernel

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// WriteJSON prints one result as one line.
func WriteJSON(w io.Writer, r *Result) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}

// WriteKTAP prints all results in the kernel's test format (dev-tools/ktap.rst,
// version 1): one test plan of kernels, in each a plan of tests.
func WriteKTAP(w io.Writer, reps []*Report) {
	fmt.Fprintf(w, "KTAP version 1\n1..%d\n", len(reps))
	for i, rep := range reps {
		fmt.Fprintf(w, "  KTAP version 1\n  # Subtest: %s\n  1..%d\n", ktapName(rep.Kernel), len(rep.Results))
		for j, r := range rep.Results {
			status, directive := "ok", ""
			switch {
			case r.Verdict == Skipped:
				directive = " # SKIP " + r.Reason
			case r.Failed():
				status = "not ok"
				for _, s := range r.States {
					fmt.Fprintf(w, "  # %s: %d %s\n", ktapName(r.Litmus), s.Count, s.Key)
				}
				for _, f := range r.Flags {
					fmt.Fprintf(w, "  # %s: %s\n", ktapName(r.Litmus), f)
				}
			}
			fmt.Fprintf(w, "  %s %d %s%s\n", status, j+1, ktapName(r.Litmus), directive)
		}
		status := "ok"
		if rep.Failed() {
			status = "not ok"
		}
		fmt.Fprintf(w, "%s %d %s\n", status, i+1, ktapName(rep.Kernel))
	}
}

// ktapName keeps # and white space, which KTAP gives a meaning, out of names.
func ktapName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '#' || r == ' ' {
			return '_'
		}
		return r
	}, s)
}
