package litmus

import (
	goparser "go/parser"
	gotoken "go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestImports keeps the package a pure leaf: no clock, chance, goroutines,
// files but the embedded ones, nor other packages of the module.
func TestImports(t *testing.T) {
	allowed := []string{
		"crypto/sha256", "embed", "encoding/hex", "fmt", "maps", "cmp", "slices", "strconv", "strings",
		"github.com/agnivade/levenshtein",
	}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := goparser.ParseFile(gotoken.NewFileSet(), path, nil, goparser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			if name, _ := strconv.Unquote(spec.Path.Value); !slices.Contains(allowed, name) {
				t.Errorf("%s imports %s", path, name)
			}
		}
	}
}
