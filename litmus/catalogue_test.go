package litmus

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCatalogueRoundTrip(t *testing.T) {
	tests, err := Catalogue()
	if err != nil && !*update {
		t.Fatal(err)
	}
	if *update {
		rewriteCatalogue(t)
		return
	}
	for _, test := range tests {
		src, err := Source(test.Name)
		if err != nil {
			t.Fatal(err)
		}
		if got := Format(test); got != string(src) {
			t.Errorf("catalogue/%s.litmus is not in canonical form (go test ./litmus -update rewrites it):\n%s", test.Name, got)
		}
	}
}

// rewriteCatalogue puts the files themselves, not those built in, into canonical form.
func rewriteCatalogue(t *testing.T) {
	paths, err := filepath.Glob("catalogue/*.litmus")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		test, err := Parse(path, src)
		if err != nil {
			t.Error(err)
			continue
		}
		if err := os.WriteFile(path, []byte(Format(test)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCatalogueIndex: the index names each file once, and each file is named
// like its test.
func TestCatalogueIndex(t *testing.T) {
	entries, err := files.ReadDir("catalogue")
	if err != nil {
		t.Fatal(err)
	}
	var onDisk []string
	for _, e := range entries {
		if name, isTest := strings.CutSuffix(e.Name(), ".litmus"); isTest {
			onDisk = append(onDisk, name)
		}
	}
	slices.Sort(onDisk)
	index := slices.Sorted(slices.Values(Names()))
	if !slices.Equal(index, onDisk) {
		t.Errorf("catalogue/@all and the directory differ:\nindex %v\nfiles %v", index, onDisk)
	}
	hashes := map[string]string{}
	for _, name := range Names() {
		test, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if test.Name != name {
			t.Errorf("catalogue/%s.litmus holds the test %s", name, test.Name)
		}
		if len(name) > 28 || name != strings.ToLower(name) {
			t.Errorf("%s: names are lower-case and at most 28 characters", name)
		}
		if test.Doc == "" || test.Cond == nil {
			t.Errorf("%s: a test of the catalogue says what it asks, and states a condition", name)
		}
		if other := hashes[Hash(test)]; other != "" {
			t.Errorf("%s and %s are the same test", name, other)
		}
		hashes[Hash(test)] = name
	}
}

// TestCatalogueSmall keeps the tests small enough to be searched exhaustively.
func TestCatalogueSmall(t *testing.T) {
	tests, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		ops := 0
		for _, task := range test.Tasks {
			ops += len(task.Ops)
		}
		if len(test.Tasks) > 3 || ops > 6 || len(test.Vars) > 2 {
			t.Errorf("%s: %d tasks, %d operations, %d variables", test.Name, len(test.Tasks), ops, len(test.Vars))
		}
	}
}

func TestLookupUnknown(t *testing.T) {
	_, err := Lookup("store-smal-swap")
	if err == nil || !strings.Contains(err.Error(), `did you mean "store-small-swap"?`) {
		t.Errorf("got %v", err)
	}
	if _, err := Lookup("../doc"); err == nil {
		t.Error("a path is no name")
	}
}
