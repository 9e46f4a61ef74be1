package kernel

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"tagswap/litmus"
)

// WriteText prints one result as litmus7 does: histogram, verdict, witnesses,
// condition, observation, time. What litmus7 has no line for comes as Flag lines.
func WriteText(w io.Writer, r *Result) {
	if r.test == nil {
		fmt.Fprintf(w, "Test %s\n%s: %s\n", r.Litmus, r.Verdict, r.Reason)
		writeConsole(w, r)
		return
	}
	kind := map[litmus.Quant]string{litmus.Forall: "Required", litmus.Exists: "Allowed", litmus.NotExists: "Forbidden"}
	fmt.Fprintf(w, "Test %s %s\n", r.Litmus, kind[r.test.Quant])
	if r.Verdict == Skipped || r.Verdict == Broken {
		fmt.Fprintf(w, "%s: %s\n", r.Verdict, r.Reason)
		writeConsole(w, r)
		return
	}
	fmt.Fprintf(w, "Histogram (%d states)\n", len(r.States))
	for _, s := range r.States {
		sep := ":>"
		if s.Star {
			sep = "*>"
		}
		note := ""
		if s.Model == "not-allowed" || s.Model == "not-found" {
			note = "   <- " + strings.ReplaceAll(s.Model, "-", " ") + " by model " + r.Design
		}
		fmt.Fprintf(w, "%-6d%s%s%s\n", s.Count, sep, s.Key, note)
	}
	pos, neg := r.Positive, r.Negative
	if r.test.Quant == litmus.NotExists {
		pos, neg = neg, pos
	}
	not := ""
	if r.Verdict != Ok {
		not = "NOT "
	}
	cond := fmt.Sprintf("%s (%s)", r.test.Quant, r.test.Cond)
	fmt.Fprintf(w, "%s\n\nWitnesses\nPositive: %d, Negative: %d\nCondition %s is %svalidated\n", r.Verdict, pos, neg, cond, not)
	fmt.Fprintf(w, "Observation %s %s %d %d\n", r.Litmus, r.Observation, r.Positive, r.Negative)
	if len(r.Hidden) > 0 {
		fmt.Fprintf(w, "Hidden %s\n", strings.Join(r.Hidden, "; "))
	}
	for _, f := range r.Flags {
		fmt.Fprintf(w, "Flag %s\n", f)
	}
	if r.Agreement != "" {
		fmt.Fprintf(w, "Model %s %s\n", r.Design, r.Agreement)
	}
	for _, s := range r.NeverSeen {
		fmt.Fprintf(w, "Unseen %s in %d final states", s.Key, r.Positive+r.Negative)
		if s.Total > 0 {
			fmt.Fprintf(w, "; %d of the model's %d executions end so", s.Executions, s.Total)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "Setup %s; %d rounds, %d discarded\n", r.Setup, r.Rounds, r.Discarded)
	fmt.Fprintf(w, "Time %s %.2f\n", r.Litmus, r.Seconds)
	writeConsole(w, r)
}

// writeConsole quotes the console lines that explain a result.
func writeConsole(w io.Writer, r *Result) {
	for _, l := range r.Console {
		fmt.Fprintf(w, "| %s\n", l)
	}
	fmt.Fprintln(w)
}

// WriteHeader prints what is known of a kernel and its machine before its tests.
func WriteHeader(w io.Writer, r *Report) {
	fmt.Fprintf(w, "Kernel %s", r.Kernel)
	if r.Release != "" {
		fmt.Fprintf(w, " (%s)", r.Release)
	}
	fmt.Fprintf(w, ": first word after %.1f s, %d boots, %.1f s in all\n", r.BootTime.Seconds(), r.Boots, r.Took.Seconds())
	for _, g := range r.Ground {
		mark := "ok"
		if !g.OK {
			mark = "BROKEN MACHINE"
		}
		fmt.Fprintf(w, "Ground %s %s: %s\n", mark, g.Check, g.Detail)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "Note %s\n", n)
	}
	for _, e := range r.Ends {
		if !e.OK() {
			fmt.Fprintf(w, "Boot %s\n", e)
		}
	}
	fmt.Fprintln(w)
}

// cell is a result in the matrix.
func (r *Result) cell() string {
	s := map[Verdict]string{Ok: "ok", No: "NO", Undef: "UNDEF", Skipped: "-", Broken: "broken"}[r.Verdict]
	if r.Verdict == Ok || r.Verdict == No {
		s += fmt.Sprintf(" %d", r.Positive+r.Negative)
	}
	if r.Verdict == No {
		s = fmt.Sprintf("NO %d/%d", r.against(), r.Positive+r.Negative)
	}
	if r.Agreement == "disagrees" {
		s += " !model"
	}
	return s
}

// against is how many final states speak against the condition.
func (r *Result) against() int64 {
	if r.test != nil && r.test.Quant == litmus.NotExists {
		return r.Positive
	}
	return r.Negative
}

// modelOf is the design that a kernel was compared with, "" for none.
func modelOf(rep *Report) string {
	for _, r := range rep.Results {
		if r.Design != "" {
			return r.Design
		}
	}
	return ""
}

// WriteMatrix prints kernels x tests: ok and the number of final states, NO and
// how many were against, - for skipped; beside each kernel what its model says.
func WriteMatrix(w io.Writer, reps []*Report) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Options.DrawBorder = false
	t.Style().Options.SeparateColumns = false
	t.Style().Format.Header = text.FormatDefault
	head := table.Row{"test"}
	names := columns(reps)
	rows := map[string][]any{}
	var order []string
	width := 0
	for i, rep := range reps {
		model := modelOf(rep)
		head = append(head, names[i])
		if model != "" {
			head = append(head, model)
		}
		for _, r := range rep.Results {
			if rows[r.Litmus] == nil {
				order = append(order, r.Litmus)
			}
			for len(rows[r.Litmus]) < width {
				rows[r.Litmus] = append(rows[r.Litmus], "")
			}
			rows[r.Litmus] = append(rows[r.Litmus], r.cell())
			if model != "" {
				rows[r.Litmus] = append(rows[r.Litmus], r.ModelSays)
			}
		}
		width = len(head) - 1
	}
	t.AppendHeader(head)
	for _, n := range order {
		t.AppendRow(append(table.Row{n}, rows[n]...))
	}
	t.Render()
	WriteSummary(w, reps)
}

// columns names the kernels of a matrix: by the number of their release, or by
// the name they were asked for when two have the same.
func columns(reps []*Report) []string {
	number := func(r *Report) string {
		if i := strings.IndexAny(r.Release, "-+"); i > 0 {
			return r.Release[:i]
		}
		return r.Release
	}
	n := map[string]int{}
	for _, r := range reps {
		n[number(r)]++
	}
	var out []string
	for _, r := range reps {
		name := number(r)
		if name == "" || n[name] > 1 {
			name = r.Kernel
		}
		out = append(out, name)
	}
	return out
}

// WriteSummary prints one line a kernel.
func WriteSummary(w io.Writer, reps []*Report) {
	for _, rep := range reps {
		n := map[Verdict]int{}
		agrees := map[string]int{}
		for _, r := range rep.Results {
			n[r.Verdict]++
			agrees[r.Agreement]++
		}
		var parts []string
		for _, v := range []Verdict{Ok, No, Undef, Broken, Skipped} {
			if n[v] > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n[v], v))
			}
		}
		var ag []string
		for k, c := range agrees {
			if k != "" {
				ag = append(ag, fmt.Sprintf("%d %s", c, k))
			}
		}
		sort.Strings(ag)
		if rep.Partial() {
			parts = append(parts, fmt.Sprintf("%d not run: cut short", rep.Asked-len(rep.Results)))
		}
		fmt.Fprintf(w, "%s: %s in %.0f s", rep.Kernel, strings.Join(parts, ", "), rep.Took.Seconds())
		if len(ag) > 0 {
			fmt.Fprintf(w, "; model: %s", strings.Join(ag, ", "))
		}
		fmt.Fprintln(w)
	}
}
