package check

import (
	"testing"

	"tagswap/design"
	"tagswap/litmus"
)

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
		test, err := litmus.Parse("free.litmus", []byte(head+src))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"v6.5", "v7.2"} {
			d, err := design.Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			p, err := design.Compile(d)
			if err != nil {
				t.Fatal(err)
			}
			if r := Run(test, p, Options{}); r.Verdict != Holds || !r.Complete {
				t.Errorf("%s, %s: %s, complete %v, violations %v, outcomes %v", what, name, r.Verdict, r.Complete, r.Violations, r.Outcomes)
			}
		}
	}
}
