package check_test

import (
	"slices"
	"strings"
	"testing"

	"tagswap/check"
	"tagswap/explore"
	"tagswap/litmus"
)

// A page that is freed must not be mapped, cached, locked or under writeback
// (mm/page_alloc.c:free_pages_prepare (v6.1)). Each design has one line wrong.
func TestBadPages(t *testing.T) {
	for want, m := range map[string]struct{ fn, old, new, test string }{
		"is freed while mapped":            {"zap_pte", "        page_remove_rmap\n", "", "store-small-swap"},
		"is freed while in the swap cache": {"add_to_swap_cache", "    folio_get_cache\n", "", "exit-while-swapped"},
		"is freed while locked":            {"madvise_free", "        folio_clear_dirty\n        folio_unlock\n", "", "free-in-swap-cache"},
		"is freed under writeback":         {"zap_pte", "        folio_put\n", "        folio_start_writeback\n        folio_put\n", "store-small-swap"},
	} {
		l, err := litmus.Lookup(m.test)
		if err != nil {
			t.Fatal(err)
		}
		r := check.Run(l, mutant(t, "v6.12", m.fn, m.old, m.new), check.Options{})
		if !slices.ContainsFunc(r.Violations, func(v explore.Violation) bool { return strings.Contains(v.Detail, want) }) {
			t.Errorf("%s, %s with %q for %q: %s %v", m.test, m.fn, m.new, m.old, r.Verdict, r.Violations)
		}
	}
}

// A pin that comes to nothing and is tried again at once keeps the processor, as a
// fault does (litmus skip-swapcache-livelock).
func TestAPinThatIsTriedAgainDoesNotSleep(t *testing.T) {
	l := parse(t, `LinuxMM pin
Swap=sync,slots:8
SlotCache=off
CPUs=1
FIFO=P1
{ anon x = 1; 0:swapped(x); }
 P0          | P1    ;
 r0 = load x | pin x ;
forall (0:r0=1)
`)
	if r := check.Run(l, program(t, "v6.12"), check.Options{}); r.Verdict != check.Holds {
		t.Errorf("v6.12: %s %v", r.Verdict, r.Violations)
	}
	r := check.Run(l, mutant(t, "v6.12", "do_swap_page", "                schedule_timeout\n", ""), check.Options{})
	if !slices.Contains(r.Properties(), "livelock") {
		t.Errorf("without schedule_timeout: %s %v", r.Verdict, r.Violations)
	}
}

// All who map a read-only variable map it read-only, whoever filled it, and so does
// one that nobody has touched.
func TestReadOnly(t *testing.T) {
	for _, src := range []string{
		"{ shared readonly x = 1:red; 0:untouched(x); }\n P0 | P1:process ;\n store x 2 | store x 3 ;\n" +
			"forall (fault(P0,x,Translation) /\\ fault(P1,x,Translation) /\\ x=1 /\\ tag(x)=red)\n",
		"{ anon readonly x; 0:untouched(x); }\n P0 ;\n store x 2 ;\nforall (fault(P0,x,Translation))\n",
	} {
		r := check.Run(parse(t, "LinuxMM readonly\n"+src), program(t, "v7.2"), check.Options{})
		if r.Verdict != check.Holds || r.Positive == 0 {
			t.Errorf("%s%s %v, outcomes %v", src, r.Verdict, r.Violations, r.Outcomes)
		}
	}
}

// A pin whose page reclaim takes away as often as it comes is not a wait: each round
// has brought the page, and whoever took it has moved.
func TestAPinWhosePageIsTakenAway(t *testing.T) {
	l := parse(t, `LinuxMM pin
{ anon x = 1:red; 0:cached(x); }
 P0        | P1             ;
 reclaim x | pin x write    ;
           | store pin(x) 3 ;
           | unpin x        ;
`)
	if r := check.Run(l, program(t, "v6.12"), check.Options{}); r.Verdict != check.Holds || !r.Complete {
		t.Errorf("%s, complete %v, %v", r.Verdict, r.Complete, r.Violations)
	}
}

// A page that swapoff has brought in and that reclaim takes out again, to the same
// entry, before the round is over: the next round finds it, and is no wait.
func TestSwapoffOfAPageThatGoesAgain(t *testing.T) {
	l := parse(t, `LinuxMM swapoff
Swap=async,slots:8
{ anon x = 1:red; 0:swapped(x); }
 P0      | P1:child  ;
 swapoff | reclaim x ;
         | load x    ;
`)
	for _, name := range []string{"v6.12", "v7.2"} {
		if r := check.Run(l, program(t, name), check.Options{}); r.Verdict != check.Holds || !r.Complete {
			t.Errorf("%s: %s, complete %v, %v", name, r.Verdict, r.Complete, r.Violations)
		}
	}
}

// Shared memory is one page to all who map it, at the start or later. When its last
// mapping goes, who holds the page keeps what was in it, and who maps it again finds
// zeros.
func TestSharedIsOnePage(t *testing.T) {
	for _, src := range []string{
		"{ shared unmapped mte x; }\n P0        | P1:process  ;\n mmap x    | mmap x      ;\n store x 1 | r0 = load x ;\n",
		"{ shared x = 1:red; }\n P0         | P1:process ;\n munmap x   | munmap x    ;\n mmap x mte | mmap x mte  ;\n store x 1  | r0 = load x ;\n",
		"{ shared x = 1; }\n P0       | P1               ;\n munmap x | pin x            ;\n          | r0 = load pin(x) ;\nforall (fault(P1) \\/ 1:r0=1)\n",
	} {
		r := check.Run(parse(t, "LinuxMM shared\n"+src), program(t, "v7.2"), check.Options{})
		if r.Verdict != check.Holds || !r.Complete {
			t.Errorf("%s%s %v", src, r.Verdict, r.Violations)
		}
	}
}

// A step list that goes round for ever has no costs: the search for them, which does
// not merge states, would not come to an end.
func TestNoCostsOfALivelock(t *testing.T) {
	l := parse(t, "LinuxMM fork\n{ anon x = 1; }\n P0                | P1 ;\n madvise x pageout |    ;\n fork P1           |    ;\n")
	r := check.Run(l, mutant(t, "v6.12", "try_to_unmap_one", "            swap_duplicate else restore\n", "            swap_count 1\n"), check.Options{Costs: true})
	if !slices.Contains(r.Properties(), "livelock") || r.CostsExact {
		t.Errorf("%s %v, exact %v", r.Verdict, r.Violations, r.CostsExact)
	}
}

// The folio that a fault has found in the swap cache can be back there for another
// entry by the time it is locked: 31c4a3d3a0f8 (v2.6.36). Since v5.19 the exclusive bit
// of the entry says so as well.
func TestSwapinForeignEntry(t *testing.T) {
	l := parse(t, `LinuxMM swapin-foreign-entry
Swap=async,slots:4,used:2
{ anon x = 1; 0:cached(x); }
 P0     | P1                | P2:child  ;
 load x | store x 2         |           ;
        | barrier b         | barrier b ;
        |                   | load x    ;
        | barrier c         | barrier c ;
        | madvise x pageout |           ;
        | pageout P2 x      |           ;
`)
	r := check.Run(l, mutant(t, "v5.17", "do_swap_page", "        folio_matches_entry else out_page\n", ""), check.Options{})
	if !slices.Contains(r.Properties(), "content") {
		t.Errorf("%s %v", r.Verdict, r.Violations)
	}
}
