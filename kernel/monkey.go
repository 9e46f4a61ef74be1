package kernel

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
)

// WriteMonkey prints what a monkey run did.
func WriteMonkey(w io.Writer, rep *Report, format string) {
	m := rep.Monkey
	if format == "json" {
		b, _ := json.Marshal(map[string]any{"kernel": rep.Kernel, "release": rep.Release, "monkey": m})
		fmt.Fprintf(w, "%s\n", b)
		return
	}
	var names, parts []string
	for n := range m.Counts {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		parts = append(parts, fmt.Sprintf("%d %s", m.Counts[n], n))
	}
	fmt.Fprintf(w, "Monkey %s (%s), %.0f s: %s\n", rep.Kernel, rep.Release, m.Seconds, strings.Join(parts, ", "))
	if len(m.Problems) == 0 {
		fmt.Fprintln(w, "Ok: every byte and tag that a task owned was as it left it")
		return
	}
	names = names[:0]
	for p := range m.Problems {
		names = append(names, p)
	}
	sort.Strings(names)
	for _, p := range names {
		fmt.Fprintf(w, "No: %s: %s\n", p, m.Problems[p])
	}
}
