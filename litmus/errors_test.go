package litmus

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files and put the catalogue into canonical form")

// mark stands between a bad line and what is wrong with it, column: message.
const mark = " ### "

// TestErrors parses the cases of testdata/errors, which are separated by lines
// of dashes, and compares the errors with those noted on the lines.
func TestErrors(t *testing.T) {
	paths, err := filepath.Glob("testdata/errors/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			old, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, c := range strings.Split(strings.TrimSuffix(string(old), "\n"), "\n----\n") {
				annotated, n := annotate(t, c)
				got = append(got, annotated)
				if n == 0 {
					t.Errorf("case %d has no error:\n%s", i+1, c)
				}
			}
			text := strings.Join(got, "\n----\n") + "\n"
			if *update {
				err = os.WriteFile(path, []byte(text), 0o644)
			} else if text != string(old) {
				err = fmt.Errorf("%s (-update rewrites it):\n%s", path, diffLines(string(old), text))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// annotate parses a case without its notes and returns it with the notes that
// belong there.
func annotate(t *testing.T, c string) (string, int) {
	lines := strings.Split(c, "\n")
	for i := range lines {
		lines[i], _, _ = strings.Cut(lines[i], mark)
	}
	_, err := Parse("f", []byte(strings.Join(lines, "\n")))
	var errs Errors
	if err != nil && !errors.As(err, &errs) {
		t.Fatalf("Parse returned a %T: %v", err, err)
	}
	for _, e := range errs {
		if e.Pos.File != "f" || e.Pos.Line < 1 || e.Pos.Line > len(lines) || e.Pos.Col < 1 {
			t.Fatalf("error outside the file: %v", e)
		}
		lines[e.Pos.Line-1] += fmt.Sprintf("%s%d: %s", mark, e.Pos.Col, e.Msg)
	}
	return strings.Join(lines, "\n"), len(errs)
}

// diffLines shows the lines that differ, for texts of equal length in lines.
func diffLines(want, got string) string {
	var b strings.Builder
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) {
			return b.String() + "different numbers of lines"
		}
		if w[i] != g[i] {
			fmt.Fprintf(&b, "%d:\n- %s\n+ %s\n", i+1, w[i], g[i])
		}
	}
	return b.String()
}

func TestErrorText(t *testing.T) {
	_, err := Parse("dir/a.litmus", []byte("LinuxMM a\n{ anon x = 1; }\n P0 ;\n stoer x 2 ;\n laod x ;\n"))
	want := `dir/a.litmus:4:2: unknown operation "stoer"; did you mean "store"?
dir/a.litmus:5:2: unknown operation "laod"; did you mean "load"?`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// TestErrorsBounded: a file of nothing but errors reports a screenful of them.
func TestErrorsBounded(t *testing.T) {
	_, err := Parse("f", []byte("LinuxMM a\n{ }\nP0;\n"+strings.Repeat("bad;\n", 1000)))
	var errs Errors
	if !errors.As(err, &errs) || len(errs) != maxErrors {
		t.Errorf("%d errors", len(errs))
	}
}
