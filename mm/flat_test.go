package mm_test

import (
	"fmt"
	"slices"
	"testing"

	"tagswap/design"
	"tagswap/mm"
)

// A list that runs flat does what its lists do in frames of their own: the same
// steps, each with the same in the registers that it reads.
func TestFlat(t *testing.T) {
	for _, name := range design.Names() {
		for _, cfg := range []mm.Config{
			{Areas: []mm.AreaConfig{{Slots: 40}}, SlotCache: true, CacheSize: 3, Vars: vars(6, 2)},
			{Areas: []mm.AreaConfig{{Slots: 8, Sync: true, Stable: true}}, Vars: vars(4, 0)},
			{Areas: []mm.AreaConfig{{Slots: 4, Sync: true}, {Slots: 9}}, Vars: vars(6, 1)},
		} {
			cfg.LRU, cfg.Holds = true, true
			for _, seed := range seeds(1) {
				want, got := steps(t, name, cfg, seed, true), steps(t, name, cfg, seed, false)
				if slices.Equal(got, want) {
					continue
				}
				i := 0
				for i < min(len(got), len(want)) && got[i] == want[i] {
					i++
				}
				got, want = append(got, "the end"), append(want, "the end")
				t.Errorf("%s seed %d: step %d is %q, in frames %q; it comes after %q",
					name, seed, i, got[i], want[i], got[max(i-3, 0):i])
			}
		}
	}
}

// steps are those that one task takes, which does everything at random.
func steps(t *testing.T, name string, cfg mm.Config, seed uint64, frames bool) (all []string) {
	c := newCrowd(t, name, cfg, seed)
	c.steps, c.wrong = 400, true
	k := &c.k
	k.Jitter = nil
	k.Trace(frames, func(what string) { all = append(all, what) })
	defer func() { all = append(all, fmt.Sprint(c.violations)) }()
	defer c.oops()
	task := k.Task(1, c.mms[0])
	for v := range cfg.Vars {
		for _, write := range []bool{true, false} {
			k.Do(task, mm.Access{Var: v, Write: true, Tag: true, Whole: true, NewTag: 3})
			k.MadvisePageout(task, task.MM, v)
			k.GUP(task, v, write, write)
			k.MadvisePageout(task, task.MM, v)
			k.PutPage(task, v)
			if cfg.Vars[v].Shared {
				continue
			}
			k.Mprotect(task, v, mm.VMRead|mm.VMMTE)
			k.Reclaim(task, v)
			k.Mprotect(task, v, mm.VMRead|mm.VMWrite)
			k.Munmap(task, v)
			k.Mmap(task, v, mm.VMWrite|mm.VMMTE)
		}
	}
	c.task(task)
	for a := range cfg.Areas {
		k.Swapoff(task, a)
		k.Swapon(task, a)
	}
	return all
}
