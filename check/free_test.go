package check_test

import (
	"testing"

	"tagswap/check"
)

// A page that a pin for reading has unshared is clean, in no swap cache, and the
// process's own. When fork shares it, MADV_FREE of one process looks at nothing that
// says so, and reclaim drops the page for both (mm/memory.c:wp_page_copy,
// mm/madvise.c:madvise_free_pte_range (v6.12)); before FAULT_FLAG_UNSHARE (v5.19) no
// such page was made. The same as litmus free-forked-read-in, without swap.
func TestUnsharedPageIsClean(t *testing.T) {
	const src = `LinuxMM free-forked-unshared
SlotCache=off
{ anon x = 1; }
 P0             | P1 | P2          ;
 fork P1        |    | r0 = load x ;
 pin x          |    |             ;
 unpin x        |    |             ;
 fork P2        |    |             ;
 madvise x free |    |             ;
 reclaim x      |    |             ;
 reclaim x      |    |             ;
forall (2:r0=1)
`
	test := parse(t, src)
	for name, want := range map[string]check.Verdict{"v5.10": check.Holds, "v6.1-debian": check.Fails, "v7.2": check.Fails} {
		if r := check.Run(test, program(t, name), check.Options{}); r.Verdict != want || !r.Complete {
			t.Errorf("%s: %s, complete %v, violations %v", name, r.Verdict, r.Complete, r.Violations)
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
