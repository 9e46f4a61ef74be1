package check_test

import (
	"flag"
	"slices"
	"testing"

	"tagswap/check"
	"tagswap/design"
	"tagswap/litmus"
)

var (
	cellCount  = flag.Int("cells", 60, "cells of the catalogue to search without blocks, spread evenly")
	cellRuns   = flag.Int64("cellruns", 1000, "executions of that search after which a cell is too large")
	cellSearch = flag.String("cellsearch", "all", "all: every choice in every state; operations: with sleep sets; optimal: every trace once")
)

// TestCatalogueWithoutBlocks holds the default search, on which all verdicts stand,
// against one for which every operation is a scheduling point. In a cell that is too
// large for that, what the slow search has found so far has to be among what the default
// search finds.
func TestCatalogueWithoutBlocks(t *testing.T) {
	tests, err := litmus.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	names := design.Names()
	all := len(tests) * len(names)
	n := min(*cellCount, all)
	same, large := 0, 0
	for k := range n {
		i := k * all / n
		l, p := tests[i/len(names)], program(t, names[i%len(names)])
		slow := check.Run(l, p, check.Options{
			AllVisible: *cellSearch != "optimal", NoSleep: *cellSearch == "all", Optimal: *cellSearch == "optimal", MaxExecutions: *cellRuns,
		})
		fast := findings(check.Run(l, p, check.Options{}))
		for _, f := range findings(slow) {
			if f != string(check.Bounded) && f != string(check.Fails) && !slices.Contains(fast, f) {
				t.Errorf("%s under %s: only the search without blocks finds %s", l.Name, p.Name, f)
			}
		}
		if !slow.Complete {
			large++
			continue
		}
		same++
		if want := findings(slow); !slices.Equal(want, fast) {
			t.Errorf("%s under %s: without blocks %q, with blocks %q", l.Name, p.Name, want, fast)
		}
	}
	t.Logf("%d cells: %d compared, %d too large for %d executions", n, same, large, *cellRuns)
	if same == 0 {
		t.Error("no cell was compared")
	}
}
