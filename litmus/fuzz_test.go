package litmus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzParse: no input makes Parse panic; what it accepts is printed in a form
// that means the same and prints as itself; what it refuses has a place.
func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		src, err := Source(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	paths, _ := filepath.Glob("testdata/*/*")
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for _, c := range strings.Split(string(src), "\n----\n") {
			f.Add([]byte(c))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		test, err := Parse("f", src)
		if err != nil {
			if errs, ok := err.(Errors); !ok || len(errs) == 0 || test != nil {
				t.Fatalf("error %T %v with a test %v", err, err, test)
			}
			return
		}
		text := Format(test)
		again, err := Parse("f", []byte(text))
		if err != nil {
			t.Fatalf("the print does not parse: %v\n%s", err, text)
		}
		if second := Format(again); second != text {
			t.Fatalf("the print is no fixed point:\n%s\n%s", text, second)
		}
		if Hash(again) != Hash(test) {
			t.Fatalf("the print has another hash:\n%s", text)
		}
		if Format(test.Clone()) != text {
			t.Fatalf("the clone prints otherwise:\n%s", text)
		}
	})
}
