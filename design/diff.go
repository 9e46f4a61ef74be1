package design

import (
	"fmt"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
)

// diffContext is how many lines stand around a change.
const diffContext = 3

// Diff compares the resolved step lists of two linked designs and returns a
// unified diff, function by function and without comments, or "" when they do
// the same. A function that the designs write in another order is no change.
func Diff(a, b *Design) string {
	var out strings.Builder
	from, to := a.Resolve(), b.Resolve()
	names := b.Order()
	for _, n := range a.Order() {
		if _, ok := to[n]; !ok {
			names = append(names, n)
		}
	}
	for _, n := range names {
		fa, fb := rows(from[n]), rows(to[n])
		m := difflib.NewMatcher(fa, fb)
		for _, group := range m.GetGroupedOpCodes(diffContext) {
			if out.Len() == 0 {
				fmt.Fprintf(&out, "--- %s\n+++ %s\n", a.Name, b.Name)
			}
			fmt.Fprintf(&out, "@@ %s @@\n", n)
			for _, op := range group {
				if op.Tag == 'e' {
					write(&out, " ", fa[op.I1:op.I2])
					continue
				}
				write(&out, "-", fa[op.I1:op.I2])
				write(&out, "+", fb[op.J1:op.J2])
			}
		}
	}
	return out.String()
}

// rows returns the lines of a function, none when there is no function.
func rows(f Resolved) []string {
	if f.Fn == nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(f.Text(), "\n"), "\n")
}

func write(out *strings.Builder, mark string, lines []string) {
	for _, l := range lines {
		out.WriteString(mark + l + "\n")
	}
}

// Changed returns the functions in which two linked designs differ, in reading order.
func Changed(a, b *Design) []string {
	from, to := a.Resolve(), b.Resolve()
	var names []string
	text := func(m map[string]Resolved, n string) string {
		if f, ok := m[n]; ok {
			return f.Text()
		}
		return ""
	}
	seen := map[string]bool{}
	for _, n := range append(b.Order(), a.Order()...) {
		if !seen[n] && text(from, n) != text(to, n) {
			names = append(names, n)
		}
		seen[n] = true
	}
	return names
}
