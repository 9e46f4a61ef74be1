package explore

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestImports: every choice comes from the search, so no clock and no chance
// outside of the budget, and no goroutines but the workers.
func TestImports(t *testing.T) {
	allowed := map[string][]string{
		"time":        {"explore.go", "pool.go", "checkpoint.go", "atomic.go", "native.go"}, // the budget; native waits
		"sync":        {"memory.go", "pool.go", "shards.go", "sample.go", "mutex.go", "cond.go", "mapobj.go", "native.go"},
		"sync/atomic": {"pool.go", "sample.go", "atomic.go", "flags.go", "native.go", "variable.go"},
		"os":          {"test.go"},
	}
	never := []string{"math/rand", "math/rand/v2", "log", "testing", "context"}
	files, _ := filepath.Glob("*.go")
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			p := strings.Trim(i.Path.Value, `"`)
			for _, n := range never {
				if p == n {
					t.Errorf("%s imports %s", name, p)
				}
			}
			if only, ok := allowed[p]; ok && !strings.Contains(" "+strings.Join(only, " ")+" ", " "+name+" ") {
				t.Errorf("%s imports %s", name, p)
			}
		}
	}
}
