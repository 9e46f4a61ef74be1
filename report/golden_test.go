package report_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"tagswap/check"
	"tagswap/design"
	"tagswap/litmus"
	"tagswap/mm"
	"tagswap/report"
)

var update = flag.Bool("update", false, "write the golden files")

// counts are how much was run, which changes with the explorer.
var counts = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`[0-9,]+ executions?, [0-9,]+ states?`), "N executions, N states"},
	{regexp.MustCompile(`"executions":\d+,"events":\d+`), `"executions":0,"events":0`},
	{regexp.MustCompile(`"schedule":"[0-9a-f]{8} [^"]+"`), `"schedule":"HASH init*1 P0*2"`},
}

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	for _, c := range counts {
		got = c.find.ReplaceAllString(got, c.put)
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-golden +got; -update rewrites it):\n%s", file, d)
	}
}

// forbidden is a test that asks for what must not be.
const forbidden = `LinuxMM forbidden
{ anon x = 1:red; 0:swapped(x); }
 P0          ;
 r1 = tag(x) ;
~exists (0:r1=green)
`

// load finds a design, and a test or the one above.
func load(t *testing.T, designName, testName string) (*mm.Program, *litmus.Test) {
	t.Helper()
	d, err := design.Lookup(designName)
	if err != nil {
		t.Fatal(err)
	}
	p, err := design.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	l, err := litmus.Parse("forbidden.litmus", []byte(forbidden))
	if testName != "forbidden" {
		l, err = litmus.Lookup(testName)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p, l
}

// cell runs a test and takes out what is different in every run.
func cell(t *testing.T, designName, testName string, o check.Options) *report.Cell {
	t.Helper()
	p, l := load(t, designName, testName)
	r := check.Run(l, p, o)
	r.Elapsed = 0
	return &report.Cell{
		Result: r, Design: designName, Litmus: testName,
		Schedule: func(v int) string { return check.FormatSchedule(l, p, r.Violations[v].Schedule) },
		Explain:  "tagswap explain --design " + designName + " --litmus " + testName,
	}
}

// cells are of every verdict: fails with and without the condition, holds, a
// forbidden outcome, bounded, not begun.
func cells(t *testing.T) []*report.Cell {
	notRun := cell(t, "v6.5", "stg-cow", check.Options{})
	notRun.Result = &check.Result{Design: "v6.5", Test: notRun.Test, Verdict: check.Bounded, Cut: check.CutNotRun}
	return []*report.Cell{
		cell(t, "v6.4", "store-small-swap", check.Options{}),
		cell(t, "v6.5", "store-small-swap", check.Options{}),
		cell(t, "free-in-set-pte", "exit-while-swapped", check.Options{}),
		cell(t, "v6.4", "forbidden", check.Options{}),
		cell(t, "v6.5", "forbidden", check.Options{}),
		cell(t, "v6.4", "checked-load-wrong-tag", check.Options{}),
		cell(t, "v6.5", "two-tasks-one-entry", check.Options{MaxExecutions: 2}),
		notRun,
	}
}

func TestHerd(t *testing.T) {
	var b strings.Builder
	all := cells(t)
	for _, c := range all {
		if err := report.WriteHerd(&b, c); err != nil {
			t.Fatal(err)
		}
	}
	if err := report.WriteSummary(&b, all); err != nil {
		t.Fatal(err)
	}
	golden(t, "herd.txt", b.String())
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	for _, c := range cells(t) {
		if err := report.WriteJSON(&b, c); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "check.json", b.String())
}

func TestKTAP(t *testing.T) {
	var b strings.Builder
	all := cells(t)
	all[0].Litmus = "a name #with blanks"
	if err := report.WriteKTAP(&b, [][]*report.Cell{all[:1], all[1:]}); err != nil {
		t.Fatal(err)
	}
	golden(t, "check.ktap", b.String())
}

func TestCompared(t *testing.T) {
	var b strings.Builder
	tests := []string{"store-small-swap", "exit-while-swapped", "free-cache-after-map-s1", "two-tasks-one-entry"}
	compare := func(name, base string, o check.Options) {
		var now []*report.Cell
		var was []*check.Result
		for _, l := range tests {
			now = append(now, cell(t, name, l, o))
			was = append(was, cell(t, base, l, check.Options{}).Result)
		}
		if err := report.WriteCompared(&b, base, now, was); err != nil {
			t.Fatal(err)
		}
	}
	compare("free-in-set-pte", "v6.4", check.Options{})
	compare("readpage-hook", "v6.5", check.Options{})
	compare("v6.5", "v6.4", check.Options{MaxExecutions: 1})
	compare("v6.5", "v6.5", check.Options{})
	golden(t, "compared.txt", b.String())
}

func TestMatrix(t *testing.T) {
	designs := []string{"v6.1-debian", "v6.4", "v6.12", "readpage-hook", "free-in-set-pte"}
	m := &report.Matrix{
		Groups: []report.Group{
			{Title: "Singles", Tests: []string{"store-small-swap", "exit-while-swapped"}},
			{Title: "Pairs", Tests: []string{"two-tasks-one-entry", "stg-cow"}},
		},
		Command: "tagswap", Width: 80, Workers: 1, Elapsed: 1500 * time.Millisecond,
	}
	for _, d := range designs {
		c := report.Column{Name: d}
		if !report.IsRelease(d) {
			c.Base = "v6.4"
		}
		m.Columns = append(m.Columns, c)
	}
	var ps []*mm.Program
	var ls []*litmus.Test
	for _, d := range designs {
		p, _ := load(t, d, "stg-cow")
		ps = append(ps, p)
	}
	for _, g := range m.Groups {
		for _, n := range g.Tests {
			_, l := load(t, "v6.5", n)
			ls = append(ls, l)
		}
	}
	m.Results = check.Matrix(context.Background(), ls, ps, check.MatrixOptions{Options: check.Options{MaxExecutions: 20}})
	last := m.Results[len(m.Results)-1]
	last.Verdict, last.Cut = check.Bounded, check.CutNotRun
	var b strings.Builder
	if err := report.WriteMatrix(&b, m); err != nil {
		t.Fatal(err)
	}
	fits(t, b.String(), 79)
	golden(t, "matrix.txt", b.String())
}

// fits fails for lines that are too wide.
func fits(t *testing.T, text string, width int) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// Explanations in either width, of each kind of property.
func TestExplain(t *testing.T) {
	for _, c := range []struct{ design, test, property string }{
		{"v6.4", "store-small-swap", "tags"},
		{"v6.4", "store-small-swap", "condition"},
		{"readpage-hook", "two-tasks-one-entry", "use-after-free"},
		{"v6.4", "free-vs-swapoff", "use-after-free"},
		{"v6.4", "skip-swapcache-aba", "content"},
		{"v5.10", "pinned-then-unmapped", "pin"},
		{"v5.10", "mte-flag-before-tags-cow", "tags"},
		{"fork-keeps-exclusive", "sharers-fault-swapped", "exclusive"},
		{"free-in-set-pte", "pageout-vs-stg", "leak"},
		{"readpage-retry", "untagged-swapin", "livelock"},
		{"v5.10", "hascache-wait-livelock", "livelock"},
	} {
		name := c.design + "_" + c.test + "_" + c.property
		t.Run(name, func(t *testing.T) {
			p, l := load(t, c.design, c.test)
			x, err := check.Explain(l, p, c.property, nil)
			if err != nil || x == nil {
				t.Fatal(x, err)
			}
			s := &report.Story{Counterexample: x, Design: c.design, Doc: l.Doc, Width: report.TextWidth,
				Replay: "tagswap explain --design " + c.design + " --litmus " + c.test + " --schedule 'HASH init*1 P0*2'"}
			var text, mail, full strings.Builder
			for _, w := range []struct {
				b     *strings.Builder
				width int
				mail  bool
				full  bool
			}{{&text, report.TextWidth, false, false}, {&mail, report.MailWidth, true, false}, {&full, report.TextWidth, false, true}} {
				s.Width, s.Mail, s.Full = w.width, w.mail, w.full
				if err := report.WriteExplain(w.b, s); err != nil {
					t.Fatal(err)
				}
			}
			fits(t, mail.String(), report.MailWidth)
			if strings.Count(full.String(), "\n") < strings.Count(text.String(), "\n") {
				t.Error("--full shows less")
			}
			golden(t, "explain_"+name+".txt", text.String())
		})
	}
}

// Every property that the model can report has a place in the legend.
func TestProperties(t *testing.T) {
	names := report.Properties()
	for _, want := range []string{"content", "tags", "use-after-free", "leak", "refcount", "exclusive", "pin", "counters",
		"deadlock", "livelock", "data-race", "condition"} {
		found := false
		for _, n := range names {
			found = found || n == want
		}
		if !found {
			t.Errorf("no property %s", want)
		}
	}
}
