package main

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The report of the bug that the model found has the whole program, shows what the
// page shows, and fits a mail.
func TestMadvFreeReport(t *testing.T) {
	report, page, program := readDoc(t, "madv-free-report.txt"), readDoc(t, "madv-free.md"), readDoc(t, "madv-free.c")
	text, ok := strings.CutSuffix(report, "\n"+program)
	if !ok {
		t.Error("the report does not end with docs/madv-free.c as it is")
	}
	for _, l := range strings.Split(text, "\n") {
		if len(l) > 72 && !strings.HasPrefix(l, "Fixes: ") && !strings.HasPrefix(l, " \t") {
			t.Errorf("too long for a mail: %s", l)
		}
	}
	seen := regexp.MustCompile(`(?m)^    (\d\S+-arm64 +\d+ of \d+ pages are lost)$`)
	rows := func(s string) (out []string) {
		for _, m := range seen.FindAllStringSubmatch(s, -1) {
			out = append(out, m[1])
		}
		return out
	}
	if here := rows(text); len(here) != 4 || !slices.Equal(here, rows(page)) {
		t.Errorf("the report has %q, the page %q", here, rows(page))
	}
}

// The program compiles without a warning.
func TestMadvFreeProgramCompiles(t *testing.T) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler here; on Debian: apt-get install gcc libc6-dev")
	}
	if out, err := exec.Command(cc, "-Wall", "-Werror", "-O2", "-fsyntax-only", "../../docs/madv-free.c").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
