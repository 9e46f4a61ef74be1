package mm_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tagswap/design"
	"tagswap/mm"
	"tagswap/swapdev"
)

// faulty is a device whose calls fail while somebody says so.
type faulty struct {
	mm.Device
	read, write bool
}

var errFaulty = errors.New("input/output error")

func (d *faulty) ReadPage(slot int, page []byte) error {
	if d.read {
		return errFaulty
	}
	return d.Device.ReadPage(slot, page)
}

func (d *faulty) WritePage(slot int, page []byte) error {
	if d.write {
		return errFaulty
	}
	return d.Device.WritePage(slot, page)
}

// machine is one native machine with an address space and a task in it.
type machine struct {
	mm.Kernel
	space *mm.MM
	t     *mm.Task
	bad   []string // violations
}

func program(tb testing.TB, name string) *mm.Program {
	tb.Helper()
	d, err := design.Lookup(name)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := design.Compile(d)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func newMachine(tb testing.TB, name string, cfg mm.Config) *machine {
	tb.Helper()
	p := program(tb, name)
	m := &machine{}
	m.OnViolation = func(property, detail string) { m.bad = append(m.bad, property+": "+detail) }
	m.Reset(nil, p, cfg)
	m.space = m.NewMM(nil)
	for v := range cfg.Vars {
		m.Map(m.space, v, mm.VMWrite|mm.VMMTE)
	}
	m.t = m.Task(1, m.space)
	return m
}

// end lets everything go and says what was wrong.
func (m *machine) end(tb testing.TB) {
	tb.Helper()
	m.CheckCounts()
	m.Exit(m.t)
	m.ReclaimAll(m.t)
	m.DrainSlotCaches(m.t)
	m.CheckLeaks()
	if len(m.bad) > 0 {
		tb.Errorf("%q", m.bad)
	}
}

// everyDesign is what real kernels do; all treat errors of a device alike here.
var everyDesign = []string{"v5.10", "v6.5", "v6.12", "v7.2"}

// onFaulty runs f for each design on a device of either kind that can fail.
func onFaulty(t *testing.T, f func(t *testing.T, m *machine, d *faulty)) {
	for _, name := range everyDesign {
		for _, sync := range []bool{false, true} {
			t.Run(name+map[bool]string{false: "/async", true: "/sync"}[sync], func(t *testing.T) {
				d := &faulty{Device: swapdev.NewZram(8, 0)}
				m := newMachine(t, name, mm.Config{
					Areas: []mm.AreaConfig{{Slots: 8, Sync: sync, Device: d}}, LRU: true,
					Vars: []mm.VarConfig{{Name: "x"}, {Name: "s", Shared: true}},
				})
				f(t, m, d)
				m.end(t)
			})
		}
	}
}

// A write that fails: the page stays, dirty, and is written when the device can
// again (mm/page_io.c:end_swap_bio_write, v6.1).
func TestWriteError(t *testing.T) {
	onFaulty(t, func(t *testing.T, m *machine, d *faulty) {
		for v := range 2 {
			m.Do(m.t, mm.Access{Var: v, Write: true, Value: 42})
			d.write = true
			before := m.Resident()
			m.MadvisePageout(m.t, m.space, v)
			if m.Resident() != before {
				t.Error("the page has left memory")
			}
			if got, sig := m.Do(m.t, mm.Access{Var: v}); got != 42 || sig != mm.NoSignal {
				t.Errorf("after the write failed: %d, %v", got, sig)
			}
			d.write = false
			m.MadvisePageout(m.t, m.space, v)
			if m.Resident() != before-1 {
				t.Error("the page does not go when the device works again")
			}
			if got, sig := m.Do(m.t, mm.Access{Var: v}); got != 42 || sig != mm.NoSignal {
				t.Errorf("after it was written: %d, %v", got, sig)
			}
		}
		if _, w := m.IOErrors(); w != 2 {
			t.Errorf("%d writes have failed, want 2", w)
		}
		if c := m.CostsOf(m.t); c.SwapOuts != 2 {
			t.Errorf("%d pages are said to be written, want 2", c.SwapOuts)
		}
	})
}

// A read that fails: SIGBUS, again and again, and never other contents
// (mm/memory.c:do_swap_page, mm/shmem.c:shmem_swapin_folio (v6.1)).
func TestReadError(t *testing.T) {
	onFaulty(t, func(t *testing.T, m *machine, d *faulty) {
		for v := range 2 {
			m.Do(m.t, mm.Access{Var: v, Write: true, Value: 42})
			m.MadvisePageout(m.t, m.space, v)
			d.read = true
			for range 3 {
				if got, sig := m.Do(m.t, mm.Access{Var: v}); sig != mm.BusError {
					t.Errorf("a load gives %d, %v, want %v", got, sig, mm.BusError)
				}
			}
			if _, sig := m.Do(m.t, mm.Access{Var: v, Write: true, Value: 43}); sig != mm.BusError {
				t.Errorf("a store ends with %v, want %v", sig, mm.BusError)
			}
			d.read = false
			m.Reclaim(m.t, v) // what came in without contents goes
			if got, sig := m.Do(m.t, mm.Access{Var: v}); got != 42 || sig != mm.NoSignal {
				t.Errorf("when the device works again: %d, %v", got, sig)
			}
		}
	})
}

// swapoff of a device that cannot be read fails, and the device goes on.
func TestSwapoffReadError(t *testing.T) {
	onFaulty(t, func(t *testing.T, m *machine, d *faulty) {
		for v := range 2 {
			m.Do(m.t, mm.Access{Var: v, Write: true, Value: 42})
			m.MadvisePageout(m.t, m.space, v)
		}
		d.read = true
		if m.Swapoff(m.t, 0) {
			t.Error("swapoff has brought in pages that cannot be read")
		}
		if _, sig := m.Do(m.t, mm.Access{Var: 0}); sig != mm.BusError {
			t.Errorf("a load ends with %v, want %v", sig, mm.BusError)
		}
		d.read = false
		m.Reclaim(m.t, 0)
		m.Reclaim(m.t, 1)
		if !m.Swapoff(m.t, 0) {
			t.Error("swapoff fails though the device works again")
		}
		for v := range 2 {
			if got, sig := m.Do(m.t, mm.Access{Var: v}); got != 42 || sig != mm.NoSignal {
				t.Errorf("after swapoff: %d, %v", got, sig)
			}
		}
		m.Swapon(m.t, 0)
	})
}

// A swap file that is cut off underneath: SIGBUS for what was in it, and nothing
// wrong with the pages that come after.
func TestSwapFileCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swap")
	file, err := swapdev.OpenFile(path, 8)
	if err != nil {
		t.Fatal(err)
	}
	m := newMachine(t, "v7.2", mm.Config{Areas: []mm.AreaConfig{{Slots: 8, Device: file}}, Vars: []mm.VarConfig{{}, {}}, LRU: true})
	for v := range 2 {
		m.Do(m.t, mm.Access{Var: v, Write: true, Value: uint64(v) + 1})
		m.Do(m.t, mm.Access{Var: v, Write: true, Tag: true, Whole: true, NewTag: 5})
	}
	m.MadvisePageout(m.t, m.space, 0)
	if err := os.Truncate(path, mm.PageSize); err != nil {
		t.Fatal(err)
	}
	if got, sig := m.Do(m.t, mm.Access{}); sig != mm.BusError {
		t.Errorf("a load gives %d, %v, want %v", got, sig, mm.BusError)
	}
	m.MadvisePageout(m.t, m.space, 1)
	value, sig := m.Do(m.t, mm.Access{Var: 1})
	if tag, _ := m.Do(m.t, mm.Access{Var: 1, Tag: true}); value != 2 || sig != mm.NoSignal || tag != 5 {
		t.Errorf("another page comes back as %d, %v, tag %d", value, sig, tag)
	}
	m.end(t)
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}

// Once warm, a fault, a page out and a page in allocate nothing, on any device.
func TestFaultPathAllocates(t *testing.T) {
	file, err := swapdev.OpenFile(filepath.Join(t.TempDir(), "swap"), 16)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for what, d := range map[string]mm.Device{"memory": nil, "zram-like": swapdev.NewZram(16, 0), "file": file} {
		for _, name := range everyDesign {
			for _, tags := range []int{0, 1, 20} {
				m := newMachine(t, name, mm.Config{
					Areas: []mm.AreaConfig{{Slots: 16, Sync: what == "zram-like", Device: d}}, LRU: true, CheckPages: true,
					Vars: []mm.VarConfig{{Name: "x"}, {Name: "s", Shared: true}},
				})
				page := make([]byte, mm.PageSize)
				fill(page, 1)
				op := func() {
					for v := range 2 {
						m.Do(m.t, mm.Access{Var: v, Write: true, Data: page})
						for g := range tags {
							m.Do(m.t, mm.Access{Var: v, Write: true, Tag: true, Granule: g, NewTag: uint8(g * 7)})
						}
						m.MadvisePageout(m.t, m.space, v)
					}
				}
				for range 30 {
					op()
				}
				if n := testing.AllocsPerRun(20, op); n != 0 {
					t.Errorf("%s, %s, %d tags: %v allocations", what, name, tags, n)
				}
				if m.MajorFaults(m.t) == 0 {
					t.Errorf("%s, %s: nothing is paged in", what, name)
				}
			}
		}
	}
}
