package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tagswap/check"
	"tagswap/litmus"
)

// Cell is a result and what the command knows of it.
type Cell struct {
	*check.Result
	Design   string             // as the user gave it
	Litmus   string             // likewise
	Schedule func(v int) string // of Result.Violations[v], to be replayed
	Explain  string             // the command that explains it
}

// kind is herd7's word for a quantifier.
var kind = map[litmus.Quant]string{
	litmus.Forall: "Required", litmus.Exists: "Allowed", litmus.NotExists: "Forbidden",
}

// WriteHerd prints one result as herd7 does, and a line with the verdict. What
// herd7 has no line for stands in Flag, Costs and Verdict lines.
func WriteHerd(w io.Writer, c *Cell) error {
	var b strings.Builder
	r, t := c.Result, c.Test
	fmt.Fprintf(&b, "Test %s %s\n", t.Name, kind[t.Quant])
	if r.Cut == check.CutNotRun {
		_, err := io.WriteString(w, b.String()+verdictLine(c)+"\n")
		return err
	}
	fmt.Fprintf(&b, "States %d\n", len(r.Outcomes))
	for _, o := range r.Outcomes {
		b.WriteString(o.State + "\n")
	}
	if !r.Complete {
		b.WriteString("Loop ")
	}
	fmt.Fprintf(&b, "%s\nWitnesses\n", answer(r))
	pos, neg := r.Positive, r.Negative
	if t.Quant == litmus.NotExists {
		pos, neg = neg, pos
	}
	fmt.Fprintf(&b, "Positive: %d Negative: %d\n", pos, neg)
	for _, name := range Failing(r) {
		if name != "condition" {
			fmt.Fprintf(&b, "Flag %s: %s\n", name, detail(r, name))
		}
	}
	fmt.Fprintf(&b, "Condition %s (%s)\n", t.Quant, t.Cond)
	fmt.Fprintf(&b, "Observation %s %s %d %d\n", t.Name, observation(r), r.Positive, r.Negative)
	fmt.Fprintf(&b, "Time %s %.2f\n", t.Name, r.Elapsed.Seconds())
	fmt.Fprintf(&b, "Hash=%s\n", litmus.Hash(t))
	fmt.Fprintf(&b, "Costs%s %s\n", atLeast(r), costs(r))
	b.WriteString(verdictLine(c))
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// answer is herd7's Ok or No for the condition; Undef when the condition is true
// but a standing property is not.
func answer(r *check.Result) string {
	names := r.Properties()
	switch {
	case slices.Contains(names, "condition"), r.Test.Quant == litmus.Exists && r.Positive == 0:
		return "No"
	case len(names) > 0:
		return "Undef"
	}
	return "Ok"
}

// observation is herd7's word; Never and Always are said of all executions only.
func observation(r *check.Result) string {
	switch {
	case r.Positive > 0 && r.Negative > 0:
		return "Sometimes"
	case !r.Complete:
		return "Unknown"
	case r.Positive == 0:
		return "Never"
	}
	return "Always"
}

// detail says how a property failed.
func detail(r *check.Result, property string) string {
	for _, v := range r.Violations {
		if v.Property == property {
			return v.Detail
		}
	}
	return ""
}

// cost is one of the things that are counted.
type cost struct {
	name string
	n    int64
}

func costList(r *check.Result) []cost {
	c := &r.Costs
	return []cost{
		{"copies", c.Copies}, {"faults", c.Faults}, {"major-faults", c.MajorFaults}, {"lock-waits", c.LockWaits},
		{"device-lock-waits", c.DeviceWaits},
		{"retries", c.Retries}, {"reuses", c.Reuses}, {"slots-kept", c.SlotsKept},
	}
}

// atLeast says when other executions, which were not run, may cost more.
func atLeast(r *check.Result) string {
	if r.CostsExact {
		return ""
	}
	return " at least"
}

// costs are the most that an execution had of each.
func costs(r *check.Result) string {
	var parts []string
	for _, c := range costList(r) {
		parts = append(parts, fmt.Sprintf("%s=%d", c.name, c.n))
	}
	return strings.Join(parts, " ")
}

// verdictLine says what came out, and how to look into it.
func verdictLine(c *Cell) string {
	r := c.Result
	how := many(r.Executions, "execution") + ", " + many(r.States, "state")
	switch r.Verdict {
	case check.Holds:
		return fmt.Sprintf("Verdict %s holds (every interleaving: %s)\n", c.Design, how)
	case check.Bounded:
		if r.Cut == check.CutNotRun {
			return fmt.Sprintf("Verdict %s bounded: %s\n", c.Design, whyBounded(r.Cut))
		}
		return fmt.Sprintf("Verdict %s bounded: %s; no failure in %s\n", c.Design, whyBounded(r.Cut), how)
	}
	return fmt.Sprintf("Verdict %s fails: %s (%s)\n  %s\n", c.Design, strings.Join(Failing(r), ", "), how, c.Explain)
}

// WriteSummary prints how many of several results hold, and which do not.
func WriteSummary(w io.Writer, cells []*Cell) error {
	var b strings.Builder
	rs := make([]*check.Result, len(cells))
	for i, c := range cells {
		rs[i] = c.Result
	}
	fmt.Fprintf(&b, "%s: %s\n", count(len(cells), "cell"), Total(rs))
	for _, c := range cells {
		switch c.Verdict {
		case check.Fails:
			fmt.Fprintf(&b, "  %s %s fails: %s\n", c.Design, c.Litmus, strings.Join(Failing(c.Result), ", "))
		case check.Bounded:
			fmt.Fprintf(&b, "  %s %s bounded: %s\n", c.Design, c.Litmus, whyBounded(c.Cut))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Verdict is a sentence on a result that does not fail.
func Verdict(c *Cell) string {
	return strings.TrimSuffix(strings.TrimPrefix(verdictLine(c), "Verdict "), "\n")
}
