package check_test

import (
	"testing"

	"tagswap/check"
	"tagswap/litmus"
	"tagswap/mm"
)

// The two ways to mend free-forked-unshared are not the same: up to v6.12 there is a
// second kind of page that is clean and nowhere else, one that was read past the swap
// cache. Only who looks at the map count in madvise_free_pte_range() is right then.
func TestOnlyTheMapCountMendsBoth(t *testing.T) {
	dirty := mutant(t, "v6.12", "wp_page_copy", "    page_add_new_anon_rmap\n",
		"    if fault_unshare\n        folio_mark_dirty\n    page_add_new_anon_rmap\n")
	count := mutant(t, "v6.12", "madvise_free", "    if folio_test_swapcache or folio_test_dirty\n",
		"    folio_mapcount_one else unlock\n    if folio_test_swapcache or folio_test_dirty\n")
	for _, tc := range []struct {
		p    *mm.Program
		test string
		want check.Verdict
	}{
		{program(t, "v6.12"), "free-forked-unshared", check.Fails},
		{dirty, "free-forked-unshared", check.Holds},
		{dirty, "free-forked-read-in", check.Fails},
		{count, "free-forked-unshared", check.Holds},
		{count, "free-forked-read-in", check.Holds},
	} {
		l, err := litmus.Lookup(tc.test)
		if err != nil {
			t.Fatal(err)
		}
		if r := check.Run(l, tc.p, check.Options{}); r.Verdict != tc.want || !r.Complete {
			t.Errorf("%s, %s: %s, complete %v, violations %v, want %s", tc.p.Name, tc.test, r.Verdict, r.Complete, r.Violations, tc.want)
		}
	}
}

// While MADV_FREE is under way a store may still be dropped, whatever was there
// before it: a page that another thread has dropped meanwhile, or that reclaim has
// dropped for a MADV_FREE before. What is left of either is no loss.
func TestStoresUnderMadvFree(t *testing.T) {
	const head = "LinuxMM free\nSwap=sync,slots:8\nSlotCache=off\n{ anon x = 1:red; }\n"
	for what, src := range map[string]string{
		"dropped by another thread": ` P0             | P1                 ;
 madvise x free | madvise x dontneed ;
                | store x 5          ;
                | tag x blue         ;
                | reclaim x          ;
                | r1 = load x        ;
                | r2 = tag(x)        ;
forall (1:r1=5 /\ 1:r2=blue \/ 1:r1=0 /\ 1:r2=green)
`,
		"dropped for the one before": ` P0             | P1             ;
 madvise x free | reclaim x      ;
 madvise x free | tag x+16 blue  ;
                | r0 = tag(x)    ;
                | r1 = tag(x+16) ;
forall (1:r1=blue /\ (1:r0=red \/ 1:r0=green))
`,
	} {
		test := parse(t, head+src)
		for _, name := range []string{"v6.5", "v7.2"} {
			if r := check.Run(test, program(t, name), check.Options{}); r.Verdict != check.Holds || !r.Complete {
				t.Errorf("%s, %s: %s, complete %v, violations %v, outcomes %v", what, name, r.Verdict, r.Complete, r.Violations, r.Outcomes)
			}
		}
	}
}
