package report

import (
	"fmt"
	"io"
	"strings"

	"tagswap/check"
)

// WriteKTAP prints results in the kernel's test format (dev-tools/ktap.rst,
// version 1): a plan of designs, in each a plan of tests. A test that was not run
// to its end is skipped: it says nothing. cells go design by design.
func WriteKTAP(w io.Writer, cells [][]*Cell) error {
	var b strings.Builder
	fmt.Fprintf(&b, "KTAP version 1\n1..%d\n", len(cells))
	for i, of := range cells {
		name := ktapName(of[0].Design)
		fmt.Fprintf(&b, "  KTAP version 1\n  # Subtest: %s\n  1..%d\n", name, len(of))
		status := "ok"
		for j, c := range of {
			if c.Verdict == check.Fails {
				status = "not ok"
			}
			ktapTest(&b, j+1, c)
		}
		fmt.Fprintf(&b, "%s %d %s\n", status, i+1, name)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func ktapTest(b *strings.Builder, n int, c *Cell) {
	name := ktapName(c.Litmus)
	switch c.Verdict {
	case check.Fails:
		for _, p := range Failing(c.Result) {
			fmt.Fprintf(b, "  # %s: %s: %s\n", name, p, detail(c.Result, p))
		}
		fmt.Fprintf(b, "  # %s: %s\n  not ok %d %s\n", name, c.Explain, n, name)
	case check.Bounded:
		fmt.Fprintf(b, "  ok %d %s # SKIP not every interleaving was run: %s\n", n, name, whyBounded(c.Cut))
	default:
		fmt.Fprintf(b, "  ok %d %s\n", n, name)
	}
}

// ktapName keeps # and white space, which KTAP gives a meaning, out of names.
func ktapName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '#' || r == ' ' || r == '\t' {
			return '_'
		}
		return r
	}, s)
}
