package mm_test

import (
	"slices"
	"testing"

	"tagswap/mm"
)

// A task can be asked between steps where it is, and what it has moved is counted.
func TestWhere(t *testing.T) {
	c := newCrowd(t, "v7.2", mm.Config{Areas: []mm.AreaConfig{{Slots: 8}}, Vars: vars(2, 0), LRU: true}, 1)
	task := c.k.Task(1, c.mms[0])
	var chain []mm.Place
	c.k.Jitter = func(of *mm.Task) {
		here, ok := c.k.Here(of)
		if !ok {
			if p := c.k.Where(of, nil); len(p) > 0 {
				t.Errorf("it is nowhere, and at %v", p)
			}
			return
		}
		if here.Step == "write_device" {
			chain = c.k.Where(of, nil)
		}
	}
	c.k.Do(task, mm.Access{Var: 1, Write: true, Value: 7})
	c.k.MadvisePageout(task, c.mms[0], 1)
	if chain == nil {
		t.Fatal("nothing was written to the device")
	}
	var funcs []string
	for _, p := range chain {
		funcs = append(funcs, p.Func)
		if p.Var != 1 || p.MM != 0 || p.PFN == 0 {
			t.Errorf("the page is not known: %+v", p)
		}
	}
	if chain[0].Entry == 0 {
		t.Errorf("written to no entry: %+v", chain[0])
	}
	last := len(chain) - 1
	if funcs[last] != "madvise_pageout" || last < 1 || chain[last].Step != funcs[last-1] || !slices.Contains(funcs, "swap_out") {
		t.Errorf("%+v", chain)
	}
	if got := c.k.CostsOf(task); got.SwapOuts != 1 || got.SwapIns != 0 {
		t.Errorf("%+v", got)
	}
	c.k.Do(task, mm.Access{Var: 1})
	if got := c.k.CostsOf(task); got.SwapOuts != 1 || got.SwapIns != 1 {
		t.Errorf("%+v", got)
	}
}
