package check_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tagswap/check"
	"tagswap/design"
	"tagswap/litmus"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The verdicts of the catalogue. They are computed; the file only shows when one
// changes.
func TestVerdicts(t *testing.T) {
	if testing.Short() {
		t.Skip("the whole catalogue takes a minute; go test ./check runs it")
	}
	tests, err := litmus.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	names := design.Names()
	rows := make([]string, len(tests)*len(names))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				l, d := tests[i/len(names)], names[i%len(names)]
				r := check.Run(l, program(t, d), check.Options{})
				rows[i] = fmt.Sprintf("%-28s %-20s %-7s %s\n", l.Name, d, r.Verdict, strings.Join(r.Properties(), " "))
			}
		}()
	}
	for i := range rows {
		next <- i
	}
	close(next)
	wg.Wait()
	var b bytes.Buffer
	for _, r := range rows {
		b.WriteString(strings.TrimRight(r, " \n") + "\n")
	}
	const file = "testdata/verdicts.golden"
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("verdicts changed (-want +got); if that is right: go test ./check -run Verdicts -update\n%s", diff)
	}
}
