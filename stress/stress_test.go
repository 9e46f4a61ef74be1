package stress

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tagswap/design"
	"tagswap/mm"
	"tagswap/swapdev"
)

func program(t testing.TB, name string) *mm.Program {
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

// mutant is base with new for old in fn.
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
	if err == nil {
		err = design.Loader{}.Link(d)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, err := design.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const testSlice = 100 * time.Millisecond

// runUntil runs a machine in slices until ok, for a minute at most.
func runUntil(m *Machine, ok func() bool) {
	for end := time.Now().Add(time.Minute); !ok() && !m.dead.Load() && time.Now().Before(end); {
		m.Run(testSlice)
	}
}

// until is runUntil, and ends the machine.
func until(m *Machine, ok func() bool) *Report {
	runUntil(m, ok)
	return m.Finish()
}

// TestRight loads right designs: nothing is lost, every operation of the mix was
// done, and the oracle was asked.
func TestRight(t *testing.T) {
	for _, name := range []string{"v6.12", "v7.2"} {
		for _, o := range []Options{{Swapoff: true}, {Sync: true, Swapoff: true}, {SlotCache: true, Pages: 500}} {
			o.Seed = rand.Uint64N(1e6)
			m := New(program(t, name), o)
			r := until(m, func() bool { return len(m.report(&Figures{}).NeverRun) == 0 && m.Figures().Major > 1000 })
			if r.Failed() {
				t.Errorf("%s seed %d: %v, the first: %+v", name, o.Seed, r.Violations, *r.First)
			}
			if len(r.NeverRun) > 0 || r.Empty() || r.Partial || r.Signals > 0 {
				t.Errorf("%s seed %d: %+v", name, o.Seed, r)
			}
			if r.P50 <= 0 || r.P50 > r.P99 || r.P99 > r.P999 {
				t.Errorf("%s seed %d: a major fault takes %v, %v, %v", name, o.Seed, r.P50, r.P99, r.P999)
			}
		}
	}
}

// TestCalls loads a right design with system calls that change mappings under
// other threads, which may get SIGSEGV for it and lose nothing. Pins and MADV_FREE
// are apart: together they lose pages, see litmus free-forked-unshared.
func TestCalls(t *testing.T) {
	for _, o := range []Options{
		{Swapoff: true, Mix: mix(t, "calls,free=0")}, {Swapoff: true, Mix: mix(t, "calls,pin=0")},
		{Sync: true, Swapoff: true, Pages: 8, Shake: 20, Mix: mix(t, "calls,free=0")},
	} {
		o.Seed = rand.Uint64N(1e6)
		m := New(program(t, "v7.2"), o)
		r := until(m, func() bool { return len(m.report(&Figures{}).NeverRun) == 0 && m.Accesses() > 30000 })
		if r.Failed() || len(r.NeverRun) > 0 || r.Partial {
			t.Errorf("%+v: %v, the first: %+v; %v", o, r.Violations, r.First, r.NeverRun)
		}
	}
}

// TestThread finds the race that the thread describes for a hook in swap_readpage():
// two tasks read one page in, and one of them frees the tags that the other reads.
func TestThread(t *testing.T) {
	m := New(program(t, "readpage-hook"), Options{
		Seed: rand.Uint64N(1e6), Sync: true, Tasks: 6, Pages: 16, Mix: mix(t, "threads"), Shake: 20,
	})
	r := until(m, func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.counts["use-after-free"] > 0
	})
	if r.Violations["use-after-free"] == 0 {
		t.Errorf("seed %d: %v", m.o.Seed, r.Violations)
	}
}

// Who is shaken loses nothing either.
func TestShake(t *testing.T) {
	for _, name := range []string{"v6.12", "v7.2"} {
		m := New(program(t, name), Options{Seed: rand.Uint64N(1e6), Sync: true, Swapoff: true, Pages: 16, Mix: mix(t, "swap"), Shake: 10})
		m.patience = time.Minute // what is shaken is slow, and more so on a machine that does other things
		r := until(m, func() bool { return m.Accesses() > 20000 })
		if r.Failed() || r.Empty() {
			t.Errorf("%s seed %d: %v, %+v", name, m.o.Seed, r.Violations, r.First)
		}
	}
}

// planted are designs with one step broken, each with what stress says of it: an
// oracle that is never asked, or a check that is left out, finds none of them.
var planted = []struct {
	base, fn, old, new string // new for old in fn of base
	o                  Options
	property           string
}{
	{"v7.2", "mte_restore_tags", "        mte_restore_page_tags\n", "", Options{}, "tags"},
	{"v7.2", "mte_save_tags", "    mte_save_page_tags\n", "", Options{}, "tags"},
	{"v7.2", "copy_highpage", "        mte_copy_page_tags\n", "", Options{}, "tags"},
	{"v7.2", "unuse_pte", "    arch_swap_restore\n", "", Options{Swapoff: true}, "tags"},
	{"v7.2", "swap_readpage", "    if read_device\n        folio_mark_uptodate\n", "    folio_mark_uptodate\n", Options{}, "content"},
	{"v7.2", "swap_writepage", "        folio_unlock\n        if not write_device\n            folio_mark_dirty\n", "        folio_unlock\n",
		Options{}, "content"},
	{"v7.2", "swap_readpage", "    if read_device\n        folio_mark_uptodate\n", "    read_device\n    folio_mark_uptodate\n",
		Options{Device: &faulty{Device: swapdev.NewZram(4096, 0), every: 41}}, "content"},
	{"v7.2", "swap_writepage", "        if not write_device\n            folio_mark_dirty\n    folio_end", "        write_device\n    folio_end",
		Options{Device: &faulty{Device: swapdev.NewZram(4096, 0), every: 41}}, "content"},
	{"v7.2", "copy_present_pte", "        ClearPageAnonExclusive\n", "", Options{}, "exclusive"},
	{"v7.2", "copy_present_pte", "    folio_get\n", "", Options{}, "use-after-free"},
	{"v7.2", "copy_present_pte", "    page_add_anon_rmap\n", "", Options{}, "refcount"},
	{"v7.2", "copy_nonpresent_pte", "    child_inc_swapents\n", "", Options{}, "counters"},
	{"v7.2", "do_swap_page", "    inc_anon\n", "", Options{}, "counters"},
	{"v7.2", "swap_range_free", "    arch_swap_invalidate_page\n", "", Options{}, "leak"},
	{"v7.2", "try_to_unmap_one", "            if folio_test_dirty or not folio_refs_mapped\n                folio_set_swapbacked\n                goto restore\n", "",
		Options{Mix: weights("default,free=50")}, "content"},
	{"v7.2", "copy_present_pte", "        if mm_has_pinned and folio_maybe_dma_pinned\n            folio_put\n            copy_present_page else return false\n            return\n", "",
		// Without MADV_FREE, whose losses with pins (docs/madv-free.md) would come first.
		Options{Mix: weights("calls,free=0,pin=200,fork=30,share=30"), Pages: 8, Shake: 20}, "pin"},
}

func weights(text string) Mix {
	m, err := ParseMix(text)
	if err != nil {
		panic(err)
	}
	return m
}

// TestPlanted finds each of them.
func TestPlanted(t *testing.T) {
	for _, p := range planted {
		t.Run(p.fn+"/"+strings.TrimSpace(p.old), func(t *testing.T) {
			p.o.Seed = rand.Uint64N(1e6)
			m := New(mutant(t, p.base, p.fn, p.old, p.new), p.o)
			m.patience = 5 * time.Second
			n := 0
			r := until(m, func() bool { n++; return n > 3 && m.Accesses() > 1000 && (m.Failed() || n > 50) })
			if r.Violations[p.property] == 0 {
				t.Errorf("seed %d: %s without %q: %v, want %s", p.o.Seed, p.fn, p.old, r.Violations, p.property)
			}
		})
	}
}
