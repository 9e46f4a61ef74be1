package design

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tagswap/mm"
)

// Each file of testdata/errors holds its own messages: "line ### message", or
// "### @12 message" to ask for column 12. A line may have several. A header
// comment "# entries: f g" names the entry functions.
var (
	markerRE  = regexp.MustCompile(`\s*###(.*)$`)
	columnRE  = regexp.MustCompile(`^@(\d+) `)
	entriesRE = regexp.MustCompile(`(?m)^# entries:(.*)$`)
)

type wanted struct {
	line int
	col  string
	msg  string
}

func fixture(t *testing.T, file string) (src string, want []wanted) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(string(raw), "\n")
	for i, row := range rows {
		m := markerRE.FindStringSubmatch(row)
		if m == nil {
			continue
		}
		rows[i] = markerRE.ReplaceAllString(row, "")
		for _, msg := range strings.Split(m[1], "###") {
			w := wanted{line: i + 1, msg: strings.TrimSpace(msg)}
			if c := columnRE.FindStringSubmatch(w.msg); c != nil {
				w.col, w.msg = c[1], strings.TrimPrefix(w.msg, c[0])
			}
			want = append(want, w)
		}
	}
	return strings.Join(rows, "\n"), want
}

// checkFile returns everything that is said about a file, warnings too.
func checkFile(file, src string, reg *Registry) Errors {
	d, err := Parse(file, []byte(src))
	if err == nil {
		err = Loader{ReadFile: os.ReadFile}.Link(d)
	}
	var es Errors
	if errors.As(err, &es) {
		return es
	}
	return reg.Check(d)
}

func TestErrors(t *testing.T) {
	files, _ := filepath.Glob("testdata/errors/*.design")
	if len(files) < 5 {
		t.Fatal("fixtures are missing")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, want := fixture(t, file)
			var entries []string
			if m := entriesRE.FindStringSubmatch(src); m != nil {
				entries = strings.Fields(m[1])
			}
			got := checkFile(file, src, testRegistry(entries...))
			for _, w := range want {
				if !takeError(&got, w) {
					t.Errorf("%s:%d: not reported: %s", file, w.line, w.msg)
				}
			}
			for _, e := range got {
				t.Errorf("not expected: %v", e)
			}
		})
	}
}

func takeError(got *Errors, w wanted) bool {
	for i, e := range *got {
		msg := e.Msg
		if e.Warning {
			msg = "warning: " + msg
		}
		if e.Line == w.line && msg == w.msg && (w.col == "" || w.col == fmt.Sprint(e.Col)) {
			*got = append((*got)[:i:i], (*got)[i+1:]...)
			return true
		}
	}
	return false
}

// A function with too many paths is not checked for locks, and says so.
func TestTooManyPaths(t *testing.T) {
	reg := testRegistry("f")
	src := "design x\nfn f\n"
	for range 2 {
		for i := range 12 {
			name := fmt.Sprintf("test%d", i)
			reg.Steps = append(reg.Steps, &mm.Step{Name: name, Cond: true})
			src += "    if " + name + "\n        a\n"
		}
	}
	got := checkFile("x.design", src, reg)
	const want = "x.design:3:8: warning: f has too many paths: its locks are not checked"
	if len(got) != 1 || got[0].Error() != want {
		t.Errorf("got %v, want %s", got, want)
	}
	// past the limit of what is shown, nothing is added
	src = "design x\nfn f\n" + strings.Repeat("    nonsense\n", 100)
	if got := checkFile("x.design", src, reg); len(got) != maxErrors {
		t.Errorf("%d errors", len(got))
	}
}

// Calls deeper than the model has frames for are reported where they go too far.
func TestDepth(t *testing.T) {
	reg := testRegistry("f0")
	reg.MaxDepth = 3
	const src = "design x\nfn f0\n    f1\nfn f1\n    f2\nfn f2\n    f3\nfn f3\n    a\n"
	got := checkFile("x.design", src, reg)
	const want = "x.design:3:5: calls go too deep: from f1 on there are 3 functions inside each other, and no more are possible"
	if len(got) != 1 || got[0].Error() != want {
		t.Errorf("got %v, want %s", got, want)
	}
	reg.MaxDepth = 4
	if got := checkFile("x.design", src, reg); len(got) > 0 {
		t.Error(got)
	}
}
