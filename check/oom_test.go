package check_test

import (
	"testing"

	"tagswap/check"
)

// A fault that finds no memory is tried again: since v5.16
// mm/oom_kill.c:pagefault_out_of_memory kills nobody.
func TestAFaultWithoutMemoryIsTriedAgain(t *testing.T) {
	const src = "LinuxMM oom\nFail=alloc_folio\n{ anon x = 1:red; 0:swapped(x); }\n P0 | P1 ;\n r0 = load x | r0 = load x ;\n" +
		" r1 = tag(x) | ;\nforall (0:r0=1 /\\ 1:r0=1 /\\ 0:r1=red)\n"
	test := parse(t, src)
	for _, name := range []string{"v6.1-debian", "v6.12", "v7.2"} {
		if r := check.Run(test, program(t, name), check.Options{}); r.Verdict != check.Holds || !r.Complete {
			t.Errorf("%s: %s, complete %v, violations %v, outcomes %v", name, r.Verdict, r.Complete, r.Violations, r.Outcomes)
		}
	}
}
