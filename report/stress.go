package report

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
	"text/tabwriter"

	"tagswap/stress"
)

// Stress is what a run of the command stress found.
type Stress struct {
	Machine string // what all designs ran on, in words
	Reports []*stress.Report
	Ratios  []stress.Ratio
	NotRun  []string // designs that were not begun
	// Again returns the command that runs a design again.
	Again func(r *stress.Report) string
}

// several says whether designs ran under different mixes, which are named then.
func (s *Stress) several() bool {
	for _, r := range s.Reports {
		if r.Mix != s.Reports[0].Mix {
			return true
		}
	}
	return false
}

func (s *Stress) name(design, mix string) string {
	if s.several() {
		return design + " " + mix
	}
	return design
}

// WriteStress prints a run for people: a table, ratios, who waited for what, and
// what is to be said of each design.
func WriteStress(w io.Writer, s *Stress) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Stress %s\n\n", s.Machine)
	s.table(&b)
	s.ratios(&b)
	s.waits(&b)
	for _, r := range s.Reports {
		s.verdict(&b, r)
	}
	if len(s.NotRun) > 0 {
		fmt.Fprintf(&b, "\nnot begun: %s\n", strings.Join(s.NotRun, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Stress) table(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\taccesses/s\tfaults each\tmajor/s\tp50 µs\tp99 µs\tp99.9 µs\tout/s\tin/s\tcopies\tviolations\t")
	for _, r := range s.Reports {
		per := func(n int64) float64 { return float64(n) / max(r.Seconds, 1e-9) }
		fmt.Fprintf(t, "%s\t%.0f\t%.3f\t%.0f\t%.1f\t%.1f\t%.1f\t%.0f\t%.0f\t%d\t%d\t\n", s.name(r.Design, r.Mix),
			r.Rate, r.FaultsPerAccess, per(r.Major), r.P50, r.P99, r.P999, per(r.SwapOuts), per(r.SwapIns), r.Copies,
			total(r.Violations))
	}
	t.Flush()
}

func total(counts map[string]int64) int64 {
	n := int64(0)
	for _, c := range counts {
		n += c
	}
	return n
}

func (s *Stress) ratios(b *strings.Builder) {
	if len(s.Ratios) == 0 {
		return
	}
	to := s.name(s.Ratios[0].To, s.Ratios[0].ToMix)
	fmt.Fprintf(b, "\nRatios to %s, of slices in the same round:\n", to)
	t := tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "\t\tmedian\t95% sure\thalf of the slices\tslices\t")
	for i := range s.Ratios {
		r := &s.Ratios[i]
		sure := fmt.Sprintf("%.2f to %.2f", r.SureLow, r.SureHigh)
		switch {
		case r.SureHigh == 0:
			sure = "too few slices"
		case !r.Conclusive():
			sure += ", so no difference is shown"
		}
		fmt.Fprintf(t, "%s\t%s\t%.2f\t%s\t%.2f to %.2f\t%d\t\n", s.name(r.Design, r.Mix), r.Metric, r.Median, sure, r.Low,
			r.High, r.Slices)
	}
	t.Flush()
}

// waits is a table of who waited for which class of locks.
func (s *Stress) waits(b *strings.Builder) {
	var classes []string
	at := map[string]map[*stress.Report]stress.Wait{}
	for _, r := range s.Reports {
		for _, l := range r.Waits {
			if at[l.Lock] == nil {
				at[l.Lock] = map[*stress.Report]stress.Wait{}
				classes = append(classes, l.Lock)
			}
			at[l.Lock][r] = l
		}
	}
	if len(classes) == 0 {
		return
	}
	b.WriteString("\nWaits for locks, ms of all tasks and how often:\n")
	t := tabwriter.NewWriter(b, 0, 8, 2, ' ', tabwriter.AlignRight)
	for _, r := range s.Reports {
		fmt.Fprintf(t, "\t%s", s.name(r.Design, r.Mix))
	}
	fmt.Fprintln(t, "\t")
	for _, c := range classes {
		fmt.Fprint(t, c)
		for _, r := range s.Reports {
			fmt.Fprintf(t, "\t%.1f in %d", at[c][r].Ms, at[c][r].Times)
		}
		fmt.Fprintln(t, "\t")
	}
	t.Flush()
}

// verdict says of a design what was found, the first thing in words.
func (s *Stress) verdict(b *strings.Builder, r *stress.Report) {
	name := s.name(r.Design, r.Mix)
	switch {
	case r.Failed():
		fmt.Fprintf(b, "\n%s fails: %s\n", name, counted(r.Violations))
	case r.Empty():
		fmt.Fprintf(b, "\n%s: nothing was tested, since no page was read that had been swapped out\n", name)
	default:
		fmt.Fprintf(b, "\n%s: nothing was lost in %d accesses\n", name, r.Accesses)
	}
	if r.Partial {
		fmt.Fprintf(b, "  partial: it ran for %.1f s and was ended\n", r.Seconds)
	}
	fmt.Fprintf(b, "  checked: %d contents, %d tags; signals: %d; in the end %d pages resident, %d swapped, %d tag records of %d bytes\n",
		r.CheckedContents, r.CheckedTags, r.Signals, r.Resident, r.Swapped, r.TagRecords, r.TagBytes)
	var done []string
	for _, c := range r.Operations {
		done = append(done, fmt.Sprintf("%s %d", c.Operation, c.Times))
	}
	fmt.Fprintf(b, "  done: %s\n", strings.Join(done, ", "))
	if len(r.NeverRun) > 0 {
		fmt.Fprintf(b, "  never done, so never tested: %s\n", strings.Join(r.NeverRun, ", "))
	}
	if r.Failed() {
		s.explain(b, r)
	}
}

func counted(counts map[string]int64) string {
	var parts []string
	for p, n := range counts {
		parts = append(parts, fmt.Sprintf("%s %d", p, n))
	}
	sort.Strings(parts)
	return strings.Join(parts, ", ")
}

func (s *Stress) explain(b *strings.Builder, r *stress.Report) {
	b.WriteString("  the first: ")
	violation(b, r.First)
	if r.Explained != "" {
		fmt.Fprintf(b, "    %s\n", r.Explained)
	}
	events(b, "on that page, µs before", r.First.History)
	if r.Steps != nil {
		b.WriteString("  another one, with its steps: ")
		violation(b, r.Steps)
		events(b, "steps about that page, µs before", r.Steps.Steps)
	}
	if s.Again != nil {
		fmt.Fprintf(b, "  again: %s\n", s.Again(r))
	}
}

// violation says what failed, who found it, and what is known of it.
func violation(b *strings.Builder, v *stress.Violation) {
	fmt.Fprintf(b, "%s: %s\n", v.Property, v.Detail)
	if v.Task == "" {
		fmt.Fprintf(b, "    found after %d accesses, when all tasks had ended\n", v.After)
		return
	}
	fmt.Fprintf(b, "    found after %d accesses by %s, which %s\n", v.After, v.Task, v.Operation)
	if len(v.Calls) > 0 {
		fmt.Fprintf(b, "    in %s\n", strings.Join(v.Calls, " < "))
	}
	if v.Oracle != "" {
		fmt.Fprintf(b, "    the oracle: %s\n", v.Oracle)
	}
	for _, e := range v.UnderWay {
		fmt.Fprintf(b, "    meanwhile %s, for %.1f µs: %s\n", e.Task, e.Before, e.What)
	}
}

// stepsWidth is how wide lines of steps are.
const stepsWidth = 110

func events(b *strings.Builder, title string, list []stress.Event) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "    %s:\n", title)
	for _, e := range list {
		what := e.What
		if e.Times > 1 {
			what = fmt.Sprintf("%s, %d times", what, e.Times)
		}
		head := fmt.Sprintf("    %10.1f  %-8s  ", e.Before, e.Task)
		b.WriteString(wrap(what, stepsWidth, head, strings.Repeat(" ", len(head)+2)))
	}
}

// stressLine is one design as JSON: its report, and how it does beside the first.
type stressLine struct {
	*stress.Report
	Ratios []stress.Ratio `json:"ratios,omitempty"`
}

// WriteStressJSON prints one object a line for each design.
func WriteStressJSON(w io.Writer, s *Stress) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, r := range s.Reports {
		line := stressLine{Report: r}
		for _, q := range s.Ratios {
			if q.Design == r.Design && q.Mix == r.Mix {
				line.Ratios = append(line.Ratios, q)
			}
		}
		if err := enc.Encode(&line); err != nil {
			return err
		}
	}
	return nil
}
