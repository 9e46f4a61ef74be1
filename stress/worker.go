package stress

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"tagswap/mm"
)

// worker is one task: accesses in an address space, which it leaves for another
// now and then.
type worker struct {
	m        *Machine
	t        *mm.Task
	r        *rand.Rand
	accesses atomic.Int64
	major    histogram // how long accesses took that read a page in
	forks    int64
	killed   int64 // accesses that ended in a signal
}

func newWorker(m *Machine, i int) *worker {
	return &worker{m: m, t: m.k.Task(i+1, nil), r: rand.New(rand.NewPCG(m.o.Seed, uint64(i)))}
}

func (w *worker) run() {
	for !w.m.stop.Load() {
		w.step()
	}
}

// step is one random operation.
func (w *worker) step() {
	k, t, o := &w.m.k, w.t, &w.m.o
	if k.Resident() > o.Memory {
		k.Reclaim(t, w.r.IntN(o.Pages))
	}
	v := w.r.IntN(o.Pages)
	switch n := w.r.IntN(1000); {
	case n < 450:
		w.access(mm.Access{Var: v})
	case n < 750:
		w.access(mm.Access{Var: v, Write: true, Value: w.r.Uint64() >> 8})
	case n < 860:
		w.access(mm.Access{Var: v, Tag: true, Granule: w.r.IntN(16)})
	case n < 930:
		w.access(mm.Access{Var: v, Tag: true, Write: true, Granule: w.r.IntN(16), NewTag: uint8(w.r.IntN(16))})
	case n < 980:
		k.MadvisePageout(t, w.m.mms[w.r.IntN(len(w.m.mms))], v)
	case n < 988:
		k.MadviseWillneed(t, v)
	case n < 994:
		if v%8 != 7 {
			k.MadviseDontneed(t, v)
		}
	case n < 996:
		k.DrainSlotCaches(t)
	case n < 998:
		w.move()
	}
}

// access makes one access and keeps the time of those that read a page in.
func (w *worker) access(a mm.Access) {
	before, start := w.m.k.MajorFaults(w.t), time.Now()
	_, sig := w.m.k.Do(w.t, a)
	if w.m.k.MajorFaults(w.t) != before {
		w.major.add(time.Since(start))
	}
	if sig != mm.NoSignal {
		w.killed++
	}
	w.accesses.Add(1)
}

// move goes on in a child, while the parent's use of memory ends here, or becomes
// a thread of somebody.
func (w *worker) move() {
	k, old := &w.m.k, w.t.MM
	if w.r.IntN(4) > 0 {
		if child := k.TakeMM(); child != nil {
			k.Fork(w.t, child)
			k.Exit(w.t)
			w.t.MM = child
			w.forks++
			return
		}
	}
	if k.Join(w.t, w.m.mms[w.r.IntN(len(w.m.mms))]) {
		next := w.t.MM
		w.t.MM = old
		k.Exit(w.t)
		w.t.MM = next
	}
}
