package house

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// arrows are the packages of the module that a package may import. Packages that
// are not here may import any.
var arrows = map[string][]string{
	"explore": {},
	"litmus":  {},
	"mte":     {"explore"},
	"mm":      {"explore", "mte"},
	"swapdev": {},
	"design":  {"mm"},
	"check":   {"explore", "litmus", "mm"},
}

// pure packages decide nothing by the clock, by chance, or by what is on disk.
var impure = []string{"os", "log", "math/rand", "math/rand/v2", "net", "os/exec"}

// goFiles visits every Go file of the repository.
func goFiles(t *testing.T, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(path, ".go") {
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func imports(t *testing.T, path string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, i := range f.Imports {
		list = append(list, strings.Trim(i.Path.Value, `"`))
	}
	return list
}

func TestArrowsPointOneWay(t *testing.T) {
	seen := map[string]bool{}
	goFiles(t, func(path string) {
		rel, _ := filepath.Rel(root, path)
		pkg, _, _ := strings.Cut(rel, string(filepath.Separator))
		may, ruled := arrows[pkg]
		if !ruled || strings.HasSuffix(path, "_test.go") || filepath.Dir(rel) != pkg {
			return
		}
		seen[pkg] = true
		for _, i := range imports(t, path) {
			if to, ok := strings.CutPrefix(i, "tagswap/"); ok && !slices.Contains(may, to) {
				t.Errorf("%s imports %s; %s may import %v", rel, to, pkg, may)
			}
			if slices.Contains(impure, i) && !(pkg == "explore" && filepath.Base(rel) == "test.go") {
				t.Errorf("%s imports %s", rel, i)
			}
		}
	})
	for pkg := range arrows {
		if !seen[pkg] {
			t.Errorf("there is no package %s", pkg)
		}
	}
}

// Every package says what lives there.
func TestEveryPackageHasADoc(t *testing.T) {
	dirs := map[string]bool{}
	goFiles(t, func(path string) {
		if !strings.HasSuffix(path, "_test.go") {
			dirs[filepath.Dir(path)] = true
		}
	})
	for dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "doc.go")); err != nil {
			t.Errorf("%s has no doc.go", dir)
		}
	}
}

// hardCap is the most lines a file may have; most have under 400.
const hardCap = 700

func TestFilesStayReadable(t *testing.T) {
	goFiles(t, func(path string) {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(src), "\n"); n > hardCap {
			t.Errorf("%s has %d lines, the most is %d", path, n, hardCap)
		}
		for i, line := range strings.Split(string(src), "\n") {
			if strings.Contains(line, "TO"+"DO") || strings.Contains(line, "FIX"+"ME") {
				t.Errorf("%s:%d: %s", path, i+1, strings.TrimSpace(line))
			}
		}
	})
}

// A verdict is computed: outside of tests nothing in the code that decides knows
// a design or a litmus test by name.
func TestNoNameIsSpecial(t *testing.T) {
	var names []string
	for _, glob := range []string{"design/catalogue/*.design", "litmus/catalogue/*.litmus"} {
		files, err := filepath.Glob(filepath.Join(root, glob))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", glob, err)
		}
		for _, f := range files {
			base := filepath.Base(f)
			names = append(names, `"`+strings.TrimSuffix(base, filepath.Ext(base))+`"`)
		}
	}
	goFiles(t, func(path string) {
		rel, _ := filepath.Rel(root, path)
		pkg, _, _ := strings.Cut(rel, string(filepath.Separator))
		if _, ruled := arrows[pkg]; !ruled && pkg != "report" || strings.HasSuffix(path, "_test.go") {
			return
		}
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			if strings.Contains(string(src), n) {
				t.Errorf("%s knows %s by name", rel, n)
			}
		}
	})
}
