//go:build linux

package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tagswap/litmus"
)

// Every point of Fail= can be made to fail, or the report says why not.
func TestEveryFailPointIsKnown(t *testing.T) {
	for _, point := range litmus.FailPoints {
		_, can := failPoints[point]
		if _, never := neverFails[point]; can == never {
			t.Errorf("%s: can fail %v, never fails %v", point, can, never)
		}
	}
}

// A failure is asked for before every page and looked at after it.
func TestOneFailureAPage(t *testing.T) {
	test := mustParse(t, "LinuxMM a\nFail=alloc_folio\n{ anon x = 1; 0:swapped(x); }\n P0 | P1 ;\n r0 = load x | r1 = load x ;\nforall (x=1)\n")
	s := simulate(t, test)
	n := len(s.b.inst)
	// One write lets the process be hit, and one at the end takes the last failure back.
	if s.calls[sysWrite] != n+2 || len(s.b.left) != n {
		t.Errorf("%d pages: %d settings, %d looks", n, s.calls[sysWrite], len(s.b.left))
	}
	copy(s.b.data.Bytes(s.b.left[0], 2), "1\n")
	for _, a := range s.b.left[1:] {
		copy(s.b.data.Bytes(a, 2), "0\n")
	}
	if got := s.b.failed(); got != n-1 {
		t.Errorf("%d of %d failures counted, one of them did not happen", got, n)
	}
}

func TestSymbolEndsWhereTheNextBegins(t *testing.T) {
	const syms = "ffff800010000000 T _text\nffff800010000100 t mte_alloc_tag_storage\nffff800010000100 T alias\n" +
		"ffff800010000140 d data\nffff800010000180 T mte_free_tag_storage\nffff800000001000 t mte_alloc_tag_storage\t[mod]\n"
	lo, hi, err := symbolIn(strings.NewReader(syms), "mte_alloc_tag_storage")
	if err != nil || lo != 0xffff800010000100 || hi != 0xffff800010000180 {
		t.Errorf("%#x to %#x, %v", lo, hi, err)
	}
	for name, text := range map[string]string{"absent": "ffff800010000000 T _text\n", "hidden": "0000000000000000 T mte_alloc_tag_storage\n0000000000000000 T x\n"} {
		if _, _, err := symbolIn(strings.NewReader(text), "mte_alloc_tag_storage"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// With the filler out the slot cache must be off, and on without it, whatever it
// was before.
func TestSlotCacheSwitchesReachTheThresholds(t *testing.T) {
	for _, cpus := range []int{1, 2, 8} {
		m := everything
		m.CPUs = cpus
		test := mustParse(t, "LinuxMM a\nSwap=sync,slots:8\nSlotCache=on\n{ anon x = 1; 0:swapped(x); }\n P0 | P1:process ;\n r0 = load x | slotcache off ;\nforall (x=1)\n")
		p, reason := NewPlan(test, m)
		if p == nil {
			t.Fatal(reason)
		}
		// The initial states take a slot for each page of a variable at most.
		if free := p.Slots[0] - p.Filler; free >= 128*cpus {
			t.Errorf("%d CPUs: %d slots are free with the filler out", cpus, free)
		}
		if free := p.Slots[0] - p.Instances*len(test.Vars) - 2; free <= 320*cpus {
			t.Errorf("%d CPUs: %d slots are free without the filler", cpus, free)
		}
	}
}

// What the slot cache is at the start of each page is looked at, and a page that
// began with another is no result.
func TestSlotCacheStateIsChecked(t *testing.T) {
	test := mustParse(t, "LinuxMM a\nSlotCache=off\n{ anon x = 1; }\n P0 ;\n slotcache on ;\n r0 = load x ;\nforall (true)\n")
	s := simulate(t, test)
	set := func(addr, free uint64) {
		s.b.data.Set(addr+64, 1000)
		s.b.data.Set(addr+72, free)
		s.b.data.Set(addr+104, pageSize)
	}
	for took, ok := range map[uint64]bool{2: true, 0: false, 64: false} {
		set(s.b.inst[0].probe[0], 500)
		set(s.b.inst[0].probe[1], 500-took)
		if s.b.cacheAsAsked(0) != ok {
			t.Errorf("off, and two pages took %d slots: %v", took, !ok)
		}
		s.b.t.Machine.SlotCache.On = true
		if s.b.cacheAsAsked(0) == ok {
			t.Errorf("on, and two pages took %d slots: %v", took, ok)
		}
		s.b.t.Machine.SlotCache.On = false
	}
}

// A task of FIFO= has its priority while it does its operations, and not while it
// waits for others.
func TestRealTimePriorityIsForTheOperations(t *testing.T) {
	const src = "LinuxMM a\nCPUs=1\nFIFO=P1\n{ anon x = 1; }\n P0 | P1 ;\n r0 = load x | r0 = load x ;\nforall (x=1)\n"
	s := simulate(t, mustParse(t, src))
	if want := 2 * len(s.b.inst); s.calls[sysSchedSetscheduler] != want {
		t.Errorf("the priority is set %d times, want %d", s.calls[sysSchedSetscheduler], want)
	}
	plain := simulate(t, mustParse(t, strings.Replace(src, "FIFO=P1\n", "", 1)))
	if plain.calls[sysSchedSetscheduler] != 0 {
		t.Error("a task without FIFO= gets a priority")
	}
}

// reclaim is the kernel's own where it can be aimed at a page.
func TestReclaimIsTheKernelsOwn(t *testing.T) {
	const src = "LinuxMM a\n{ anon x = 1; }\n P0 | P1:process ;\n store x 2 | reclaim x ;\nforall (x=2)\n"
	s := simulate(t, mustParse(t, src))
	n := len(s.b.inst)
	if s.calls[sysProcessMadvise] != 0 || s.calls[sysWrite] != 2*n || s.b.p.Groups != n {
		t.Errorf("%d pages, %d cgroups: process_madvise %d, writes %d", n, s.b.p.Groups, s.calls[sysProcessMadvise], s.calls[sysWrite])
	}
	old := everything
	old.Reclaim = false
	p, _ := NewPlan(mustParse(t, src), old)
	if p.Groups != 0 || !strings.Contains(p.Setup(), "process_madvise") {
		t.Errorf("%d cgroups on a kernel without memory.reclaim: %s", p.Groups, p.Setup())
	}
}

// A shared object goes with its last mapping: nobody keeps a descriptor of it,
// but to map it later.
func TestSharedObjectsAreNotHeld(t *testing.T) {
	const src = "LinuxMM a\n{ shared x = 1; }\n P0 | P1:process ;\n munmap x | load x ;\n mmap x | ;\nforall (true)\n"
	s := simulate(t, mustParse(t, strings.Replace(src, " mmap x | ;\n", "", 1)))
	if s.calls[sysClose] != 2 {
		t.Errorf("%d of 2 processes close their descriptor", s.calls[sysClose])
	}
	s = simulate(t, mustParse(t, src))
	if s.calls[sysClose] != 0 {
		t.Error("the descriptor is closed before the object is mapped")
	}
}

// A test that observes slots keeps its tasks where they are, and so does one of one CPU.
func TestTasksStayOnTheirCPU(t *testing.T) {
	const src = "LinuxMM a\n%s{ anon x = 1; }\n P0 | P1 ;\n load x | load x ;\nforall (%s)\n"
	for _, tc := range []struct {
		meta, cond string
		want       int
	}{{"", "x=1", 0}, {"", "slots=0", 2}, {"CPUs=1\n", "x=1", 2}} {
		s := simulate(t, mustParse(t, fmt.Sprintf(src, tc.meta, tc.cond)))
		if s.calls[sysSchedSetaffinity] != tc.want {
			t.Errorf("%q, %s: %d calls, want %d", tc.meta, tc.cond, s.calls[sysSchedSetaffinity], tc.want)
		}
	}
}

// Who waits for others spins only where the tasks set off together: sixteen forked
// tasks that spin at the end keep the one they wait for from the CPU.
func TestOnlyStartsSpin(t *testing.T) {
	s := simulate(t, mustParse(t, "LinuxMM a\n{ anon x = 1; }\n P0 | P1 ;\n fork P1 | r0 = load x ;\nforall (1:r0=1)\n"))
	starts := map[uint64]bool{}
	for _, in := range s.b.inst {
		starts[in.start] = true
	}
	for addr, naps := range s.naps {
		if naps == starts[addr] {
			t.Errorf("a wait at %#x, which is a start: %v, naps: %v", addr, starts[addr], naps)
		}
	}
	if len(s.naps) < len(starts)+4 {
		t.Errorf("%d waits for %d starts", len(s.naps), len(starts))
	}
}

func TestStateNamesWhatChanged(t *testing.T) {
	s := fingerprint()
	if d := s.changed(); len(d) > 0 {
		t.Errorf("nothing was done, and changed: %v", d)
	}
	s["/proc/sys/vm/page-cluster"] = "another"
	s["/proc/swaps"] += "/dev/gone "
	if d := s.changed(); len(d) != 2 || !strings.Contains(strings.Join(d, " "), "/dev/gone") {
		t.Errorf("%v", d)
	}
}

func TestSettingPutsBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "knob")
	os.WriteFile(file, []byte("7\n"), 0o644)
	undo := setting(file, "1")
	if b, _ := os.ReadFile(file); string(b) != "1" {
		t.Errorf("set to %q", b)
	}
	undo()
	if b, _ := os.ReadFile(file); string(b) != "7\n" {
		t.Errorf("put back as %q", b)
	}
}
