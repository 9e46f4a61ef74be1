package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tagswap/check"
)

// WriteCompared says what is different under a design from the design it was made
// from, worst first: what fails now and did not, what is not known any more, what
// fails no more, and what costs more or less. was[i] is the test of now[i].
func WriteCompared(w io.Writer, base string, now []*Cell, was []*check.Result) error {
	var b strings.Builder
	name := now[0].Design
	changed := false
	section := func(title string, lines []string) {
		if len(lines) > 0 {
			changed = true
			fmt.Fprintf(&b, "%s\n%s", title, strings.Join(lines, ""))
		}
	}
	worse, explained := breaks(now, was)
	section(fmt.Sprintf("Under %s, not under %s, fail:", name, base), worse)
	var unknown, mended, costly []string
	for i, c := range now {
		gone := missing(was[i], c.Result)
		switch {
		case c.Verdict == check.Bounded && was[i].Verdict != check.Bounded:
			unknown = append(unknown, fmt.Sprintf("  %s: %s\n", c.Litmus, whyBounded(c.Cut)))
		case len(gone) > 0 && c.Complete:
			mended = append(mended, fmt.Sprintf("  %s: %s\n", c.Litmus, strings.Join(gone, ", ")))
		}
		if d := costDiff(was[i], c.Result); d != "" {
			costly = append(costly, fmt.Sprintf("  %s: %s\n", c.Litmus, d))
		}
	}
	section(fmt.Sprintf("Not known of %s, but of %s:", name, base), unknown)
	section(fmt.Sprintf("Under %s, not under %s, fail:", base, name), mended)
	section(fmt.Sprintf("Costs at most, %s -> %s:", base, name), costly)
	if !changed {
		fmt.Fprintf(&b, "%s and %s fail in the same tests and cost the same.\n", name, base)
	}
	if explained != "" {
		fmt.Fprintf(&b, "Why: %s\n", explained)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// breaks lists what fails now and did not, and how to explain the first.
func breaks(now []*Cell, was []*check.Result) (lines []string, explain string) {
	for i, c := range now {
		names := missing(c.Result, was[i])
		if len(names) == 0 {
			continue
		}
		if explain == "" {
			explain = c.Explain
		}
		lines = append(lines, fmt.Sprintf("  %s: %s\n", c.Litmus, strings.Join(names, ", ")))
	}
	return lines, explain
}

// missing are the properties that fail in a and not in b, but not those that b
// leaves open.
func missing(a, b *check.Result) []string {
	var names []string
	failing := b.Properties()
	for _, p := range Failing(a) {
		if !slices.Contains(failing, p) {
			names = append(names, p)
		}
	}
	return names
}

func costDiff(was, now *check.Result) string {
	if !was.Complete || !now.Complete {
		return ""
	}
	var parts []string
	a, b := costList(was), costList(now)
	for i := range a {
		if a[i].n != b[i].n {
			parts = append(parts, fmt.Sprintf("%s %d -> %d", a[i].name, a[i].n, b[i].n))
		}
	}
	return strings.Join(parts, ", ")
}
