package kernel

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"tagswap/kernel/wire"
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

// WriteReportJSON prints what is known of a kernel and of its boots as one line, after
// its results.
func WriteReportJSON(w io.Writer, rep *Report) error {
	var ends []string
	for _, e := range rep.Ends {
		if !e.OK() {
			ends = append(ends, e.String())
		}
	}
	b, err := json.Marshal(struct {
		Kernel  string        `json:"kernel"`
		Release string        `json:"release"`
		Tests   int           `json:"tests"`   // asked for
		Results int           `json:"results"` // less when the run was cut short
		Partial bool          `json:"partial"`
		Failed  bool          `json:"failed"`
		Boots   int           `json:"boots"`
		Boot    float64       `json:"boot_seconds"`
		Took    float64       `json:"seconds"`
		Ground  []wire.Record `json:"ground"`
		Notes   []string      `json:"notes,omitempty"`
		Ends    []string      `json:"bad_ends,omitempty"` // how boots ended that did not come to their end
	}{rep.Kernel, rep.Release, rep.Asked, len(rep.Results), rep.Partial(), rep.Failed(), rep.Boots,
		rep.BootTime.Seconds(), rep.Took.Seconds(), rep.Ground, rep.Notes, ends})
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
		plan := max(rep.Asked, len(rep.Results))
		if rep.Monkey != nil {
			plan++
		}
		fmt.Fprintf(w, "  KTAP version 1\n  # Subtest: %s\n  1..%d\n", ktapName(rep.Kernel), plan)
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
		if m := rep.Monkey; m != nil {
			status := "ok"
			for _, p := range slices.Sorted(maps.Keys(m.Problems)) {
				status = "not ok"
				fmt.Fprintf(w, "  # monkey: %s: %s\n", p, m.Problems[p])
			}
			fmt.Fprintf(w, "  %s %d monkey\n", status, plan)
		}
		status := "ok"
		if rep.Failed() || rep.Partial() {
			status = "not ok"
		}
		if rep.Partial() {
			fmt.Fprintf(w, "  # cut short: %d of %d tests ran\n", len(rep.Results), rep.Asked)
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
