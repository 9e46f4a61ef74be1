package check_test

import (
	"slices"
	"strings"
	"testing"

	"tagswap/check"
	"tagswap/design"
	"tagswap/litmus"
	"tagswap/mm"
)

// mutant compiles a design with one function changed: old, which has to be
// there, is replaced by new.
func mutant(t *testing.T, base, fn, old, new string) *mm.Program {
	t.Helper()
	b, err := design.Lookup(base)
	if err != nil {
		t.Fatal(err)
	}
	text := b.Resolve()[fn].Fn.Text()
	if !strings.Contains(text, old) {
		t.Fatalf("%s of %s has no %q:\n%s", fn, base, old, text)
	}
	src := "design mutant\nbase " + base + "\nallow missing-lock\n\n" + strings.Replace(text, old, new, 1)
	d, err := design.Parse("mutant.design", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if err := (design.Loader{}).Link(d); err != nil {
		t.Fatal(err)
	}
	p, err := design.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func program(t *testing.T, name string) *mm.Program {
	t.Helper()
	d, err := design.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := design.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parse(t *testing.T, src string) *litmus.Test {
	t.Helper()
	l, err := litmus.Parse("test.litmus", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const head = "LinuxMM test\n"

// Each property has a step list that breaks it, and holds under the unbroken one.
func TestEachPropertyCanFail(t *testing.T) {
	for _, c := range []struct {
		property, base, fn, old, new, test string
	}{
		{"content", "v6.8", "do_swap_page", "        folio_test_swapcache else out_page\n        folio_matches_entry else out_page\n", "        set_swapcache\n",
			"Swap=async,slots:1\n{ anon x = 1; 0:cached(x); }\n P0 | P1 ;\n r0 = load x | madvise x dontneed ;\n | store x 2 ;\n | madvise x pageout ;\n"},
		{"tags", "v6.5", "do_swap_page", "    arch_swap_restore\n", "",
			"{ anon x = 1:red; 0:swapped(x); }\n P0 ;\n r0 = load x ;\n"},
		{"use-after-free", "v6.5", "mte_restore_tags", "    if try_page_mte_tagging\n        mte_restore_page_tags\n", "    tags_lock\n    tags_erase\n    tags_unlock\n    mte_free_old_tags\n    if try_page_mte_tagging\n        mte_restore_page_tags\n",
			"{ anon x = 1:red; 0:swapped(x); }\n P0 ;\n r0 = load x ;\n"},
		{"leak", "v6.5", "swap_range_free", "    arch_swap_invalidate_page\n", "",
			"{ anon x = 1:red; 0:swapped(x); }\n P0 ;\n exit ;\n"},
		{"refcount", "v6.5", "zap_pte", "        page_remove_rmap\n", "",
			"{ anon x = 1; }\n P0 ;\n munmap x ;\n"},
		{"exclusive", "v6.12", "copy_nonpresent_pte", "        pte_swp_clear_exclusive\n", "        orig_exclusive\n",
			"{ anon x = 1; 0:swapped(x); }\n P0 | P1 ;\n fork P1 | store x 3 ;\n store x 2 | ;\n"},
		{"pin", "v5.17", "may_swap_out", "    if folio_maybe_dma_pinned\n        return false\n", "    return\n",
			"Swap=async,slots:8\n{ anon x = 1; 0:pinned(x); }\n P0 ;\n madvise x pageout ;\n r0 = load x ;\n store x 2 ;\n r1 = load pin(x) ;\n"},
		{"counters", "v6.5", "do_swap_page", "    dec_swapents\n", "",
			"{ anon x = 1; 0:swapped(x); }\n P0 ;\n r0 = load x ;\n"},
		{"deadlock", "v6.5", "zap_pte", "    read_pte\n", "    read_pte\n    pte_offset_map_lock\n",
			"{ anon x = 1; }\n P0 ;\n munmap x ;\n"},
		{"livelock", "v6.12", "do_swap_page", "            if not swapcache_prepare\n                schedule_timeout\n                discard_folio\n", "            if not swapcache_prepare or not swap_count 2\n                schedule_timeout\n                discard_folio\n",
			"{ anon x = 1; 0:swapped(x); }\n P0 ;\n r0 = load x ;\n"},
		{"data-race", "v6.5", "do_swap_page", "    folio_lock_or_retry else out_release\n", "    folio_matches_entry else out_release\n    folio_lock_or_retry else out_release\n",
			"Swap=async,slots:8\n{ anon x = 1; 0:cached(x); }\n P0 | P1 ;\n store x 2 | r0 = load x ;\n"},
	} {
		t.Run(c.property, func(t *testing.T) {
			l := parse(t, head+c.test)
			if r := check.Run(l, program(t, c.base), check.Options{}); slices.Contains(r.Properties(), c.property) {
				t.Errorf("%s fails under %s itself: %v", c.property, c.base, r.Violations)
			}
			r := check.Run(l, mutant(t, c.base, c.fn, c.old, c.new), check.Options{})
			if r.Verdict != check.Fails || !slices.Contains(r.Properties(), c.property) {
				t.Errorf("the mutant: %s %v %v, want %s to fail", r.Verdict, r.Properties(), r.Violations, c.property)
			}
		})
	}
}

// A final condition fails, is required, or is looked for in vain.
func TestCondition(t *testing.T) {
	const body = "{ anon x = 1; }\n P0 ;\n store x 2 ;\n"
	for cond, want := range map[string]check.Verdict{
		"forall (x=2)": check.Holds, "forall (x=1)": check.Fails,
		"exists (x=2)": check.Holds, "exists (x=1)": check.Fails,
		"~exists (x=1)": check.Holds, "~exists (x=2)": check.Fails,
		"filter (x=1)\nforall (x=1)": check.Holds,
	} {
		r := check.Run(parse(t, head+body+cond+"\n"), program(t, "v6.5"), check.Options{})
		if r.Verdict != want {
			t.Errorf("%s: %s, want %s", cond, r.Verdict, want)
		}
	}
}

// The costs tell designs apart that break nothing.
func TestCosts(t *testing.T) {
	costs := func(design, test string) mm.Costs {
		l, err := litmus.Lookup(test)
		if err != nil {
			t.Fatal(err)
		}
		r := check.Run(l, program(t, design), check.Options{Costs: true})
		if r.Verdict == check.Bounded || !r.CostsExact {
			t.Fatalf("%s under %s: %s, costs exact: %v", test, design, r.Verdict, r.CostsExact)
		}
		return r.Costs
	}
	// free-cache-after-map: a sole owner is not recognised at swap-in, and pays
	// with a pass through do_wp_page, with a fault, with a slot.
	for _, d := range []string{"thread-v1", "free-after-set-pte", "v7.2"} {
		if c := costs(d, "free-cache-after-map-s1"); c.Reuses != 1 || c.Copies != 0 {
			t.Errorf("s1 under %s: %+v, want 1 reuse, no copy", d, c)
		}
		if c := costs(d, "free-cache-after-map-s3"); c.SlotsKept != 1 {
			t.Errorf("s3 under %s: %+v, want 1 slot kept", d, c)
		}
	}
	for _, d := range []string{"v6.4", "v6.5", "v6.12"} {
		if c := costs(d, "free-cache-after-map-s1"); c.Reuses != 0 {
			t.Errorf("s1 under %s: %+v, want no reuse", d, c)
		}
		if c := costs(d, "free-cache-after-map-s3"); c.SlotsKept != 0 {
			t.Errorf("s3 under %s: %+v, want no slot kept", d, c)
		}
	}
	if a, b := costs("v6.12", "free-cache-after-map-s2"), costs("v7.2", "free-cache-after-map-s2"); a.Faults >= b.Faults {
		t.Errorf("s2: %d faults under v6.12, %d under v7.2, want fewer", a.Faults, b.Faults)
	}
	// A lock around the restore is one that faults wait for.
	free, locked := costs("readpage-hook", "two-tasks-two-pages"), costs("readpage-hook-locked", "two-tasks-two-pages")
	if free.DeviceWaits != 1 || locked.DeviceWaits != 3 {
		t.Errorf("waits for the device lock: %d without the lock around the restore, %d with it, want 1 and 3",
			free.DeviceWaits, locked.DeviceWaits)
	}
}

// Shared memory is one memory: a child and its parent see each other's stores,
// and what one unmaps the other keeps.
func TestSharedMemory(t *testing.T) {
	for name, src := range map[string]string{
		"fork":     "{ shared x = 1:red; 0:swapped(x); }\n P0 | P1 ;\n fork P1 | r0 = load x ;\n store x 2 | r1 = load x ;\nforall (x=2 /\\ (1:r0=1 \\/ 1:r0=2))\n",
		"child":    "{ shared x = 1; }\n P0 | P1:child ;\n store x 2 | barrier ;\n barrier | r0 = load x ;\nforall (1:r0=2)\n",
		"dontneed": "{ shared x = 1:red; 0:swapped(x); }\n P0 ;\n r0 = load x ;\n madvise x dontneed ;\n r1 = load x ;\n r2 = tag(x) ;\nforall (0:r0=1 /\\ 0:r1=1 /\\ 0:r2=red)\n",
		"free":     "{ shared x = 1; }\n P0 ;\n madvise x free ;\n r0 = load x ;\nforall (0:r0=1)\n",
		"unmapped": "{ shared x = 1; }\n P0 | P1:process ;\n munmap x | r0 = load x ;\nforall (1:r0=1)\n",
		"gone":     "{ shared x = 1; }\n P0 ;\n munmap x ;\n mmap x ;\n r0 = load x ;\nforall (0:r0=0)\n",
	} {
		for _, d := range []string{"v5.10", "v6.12", "v7.2"} {
			r := check.Run(parse(t, head+src), program(t, d), check.Options{})
			if r.Verdict != check.Holds {
				t.Errorf("%s under %s: %s %v", name, d, r.Verdict, r.Violations)
			}
		}
	}
}
