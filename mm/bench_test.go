package mm_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"tagswap/mm"
	"tagswap/mte"
	"tagswap/swapdev"
)

// BenchmarkSwap pages pages out and in, natively, and the floor beside it: the copy
// of 4096 bytes of page, and of 128 bytes of tags, to the same device and back. An
// operation is one page out, and in by a fault that stores to it. x-floor is the
// time of an operation over that of the floor, the two measured in turn, a slice
// of operations at a time; see quick.
//
//	hot    one page for each task, in the processor's cache
//	cold   4096 pages for each task, one after the other, which are not
func BenchmarkSwap(b *testing.B) {
	for _, device := range []string{"memory", "zram-like", "file"} {
		for _, tags := range []string{"plain", "tagged", "random-tags"} {
			for _, name := range []string{"v6.5", "v7.2"} {
				for _, set := range []struct {
					name  string
					pages int
				}{{"hot", 1}, {"warm", 4096}, {"cold", 32768}} {
					for _, tasks := range []int{1, runtime.GOMAXPROCS(0)} {
						b.Run(fmt.Sprintf("%s/%s/%s/%s/tasks=%d", device, tags, name, set.name, tasks), func(b *testing.B) {
							s := newSwapBench(b, name, device, tags, tasks, set.pages)
							s.run(b)
						})
					}
				}
			}
		}
	}
}

// swapBench is a machine with tasks that share nothing but the swap device.
type swapBench struct {
	*machine
	tasks, pages int
	device       mm.Device // nil: memory
	tagged       bool
	all          []*swapTask
}

type swapTask struct {
	s           *swapBench
	t           *mm.Task
	first       int // of its variables
	next        int
	page        [][mm.PageSize]byte // for the floor: pages, and slots of a device that is memory
	slot        [][mm.PageSize]byte
	tag         []mte.Tags
	saved       []mte.Tags
	swap, floor []float64 // ns of one operation, by slice
	_           [64]byte
}

func newSwapBench(b *testing.B, name, device, tags string, tasks, pages int) *swapBench {
	s := &swapBench{tasks: tasks, pages: pages, tagged: tags != "plain"}
	slots := s.slots()
	area := mm.AreaConfig{Slots: slots}
	floorSlots := 2 * slots // the floor's pages come behind the machine's
	switch device {
	case "zram-like":
		s.device = swapdev.NewZram(floorSlots, 0)
		area.Sync, area.Stable = true, true
	case "file":
		f, err := swapdev.OpenFile(filepath.Join(b.TempDir(), "swap"), floorSlots)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = f.Close() })
		s.device = f
	}
	area.Device = s.device
	cfg := mm.Config{Areas: []mm.AreaConfig{area}, LRU: true, Tasks: tasks + 1, MMs: tasks, Pages: tasks*(pages+16) + 64}
	cfg.Vars = make([]mm.VarConfig, tasks*pages)
	s.machine = &machine{}
	s.OnViolation = func(property, detail string) { b.Errorf("%s: %s", property, detail) }
	s.Reset(nil, program(b, name), cfg)
	for i := range tasks {
		s.all = append(s.all, s.newTask(i, tags))
	}
	return s
}

func (s *swapBench) newTask(i int, tags string) *swapTask {
	m := s.NewMM(nil)
	w := &swapTask{s: s, t: s.Task(i+1, m), first: i * s.pages}
	w.page, w.slot = make([][mm.PageSize]byte, s.pages), make([][mm.PageSize]byte, s.pages)
	w.tag, w.saved = make([]mte.Tags, s.pages), make([]mte.Tags, s.pages)
	flags := uint64(mm.VMWrite)
	if s.tagged {
		flags |= mm.VMMTE
	}
	page := make([]byte, mm.PageSize)
	for n := range s.pages {
		v := w.first + n
		s.Map(m, v, flags)
		text(page, v)
		if s.device == nil {
			copy(w.slot[n][:], page)
		} else if err := s.device.WritePage(w.floorSlot(n), page); err != nil {
			panic(err)
		}
		s.Do(w.t, mm.Access{Var: v, Write: true, Data: page})
		if tags == "random-tags" {
			for g := range 256 {
				s.Do(w.t, mm.Access{Var: v, Write: true, Tag: true, Granule: g, NewTag: uint8(g*g + v)})
			}
		} else if s.tagged {
			s.Do(w.t, mm.Access{Var: v, Write: true, Tag: true, Whole: true, NewTag: 5})
		}
		s.MadvisePageout(w.t, m, v)
	}
	return w
}

// text fills a page with something that packs, though not to nothing.
func text(page []byte, seed int) {
	for i := range page {
		page[i] = byte(i*i>>3 ^ i>>7 ^ seed)
	}
}

// benchSlice is how many operations come between two looks at the clock.
const benchSlice = 128

func (s *swapBench) run(b *testing.B) {
	var all sync.WaitGroup
	n := (b.N + s.tasks - 1) / s.tasks
	for _, w := range s.all {
		w.swap, w.floor = make([]float64, 0, n/benchSlice+1), make([]float64, 0, n/benchSlice+1)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, w := range s.all {
		all.Go(func() { w.run(n) })
	}
	all.Wait()
	b.StopTimer()
	var swap, floor []float64
	for _, w := range s.all {
		swap, floor = append(swap, w.swap...), append(floor, w.floor...)
	}
	b.ReportMetric(quick(swap), "ns/op") // of one task
	b.ReportMetric(quick(floor), "floor-ns")
	b.ReportMetric(quick(swap)/quick(floor), "x-floor")
}

// quick is what an operation takes in a slice that others on the machine have not
// disturbed: of the slices' times the one that a quarter of them is not above.
func quick(ns []float64) float64 {
	slices.Sort(ns)
	return ns[len(ns)/4]
}

// measure returns what one of n operations takes.
func measure(n int, op func()) float64 {
	start := time.Now()
	for range n {
		op()
	}
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}

func (w *swapTask) run(n int) {
	for n > 0 {
		slice, first := min(n, benchSlice), w.next
		w.swap = append(w.swap, measure(slice, w.swapOne))
		w.next = first
		w.floor = append(w.floor, measure(slice, w.floorOne))
		n -= slice
	}
}

func (w *swapTask) advance() int {
	n := w.next
	if w.next++; w.next == w.s.pages {
		w.next = 0
	}
	return n
}

// floorSlot is where the floor keeps page n, behind the machine's slots.
func (w *swapTask) floorSlot(n int) int { return w.s.slots() + w.first + n }

// slots is how many the machine has: each task finds its own in clusters of its own.
func (s *swapBench) slots() int { return s.tasks*max(s.pages, 1024) + 64 }

// swapOne stores to a page that is out, and pages it out.
func (w *swapTask) swapOne() {
	v := w.first + w.advance()
	w.s.Do(w.t, mm.Access{Var: v, Write: true, Value: uint64(v)})
	w.s.MadvisePageout(w.t, w.t.MM, v)
}

// floorOne reads a page from the device, and its tags, and writes them back.
func (w *swapTask) floorOne() {
	n := w.advance()
	if d := w.s.device; d != nil {
		_ = d.ReadPage(w.floorSlot(n), w.page[n][:])
		_ = d.WritePage(w.floorSlot(n), w.page[n][:])
	} else {
		w.page[n] = w.slot[n]
		w.slot[n] = w.page[n]
	}
	if w.s.tagged {
		w.tag[n] = w.saved[n]
		w.saved[n] = w.tag[n]
	}
}
