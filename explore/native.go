package explore

import (
	"sync"
	"sync/atomic"
	"time"
)

// The operations of the primitives are cut in two, so that the native half is
// inlined where it is used: Atomic.Load is a load natively, and calls xLoad under
// an explorer.

// Pause is one round of a wait outside the explorer: the first rounds let others
// run, later ones sleep, longer and longer up to a tenth of a millisecond.
func Pause(round int) { pause(round) }

// Waits counts how often native locks were waited for, and how long.
type Waits struct{ n, ns atomic.Int64 }

// Sum returns the number of waits and their time.
func (w *Waits) Sum() (n int64, d time.Duration) { return w.n.Load(), time.Duration(w.ns.Load()) }

// Watch makes w count the waits for m, natively. Several locks may have one w.
func (m *Mutex) Watch(w *Waits) { m.waits = w }

// Watch makes w count the waits for m, shared or not, natively.
func (m *RWMutex) Watch(w *Waits) { m.waits = w }

func (m *RWMutex) rlockNative() {
	if !m.native.TryRLock() {
		m.waits.lock(m.native.RLocker())
	}
}

func (m *RWMutex) lockNative() {
	if !m.native.TryLock() {
		m.waits.lock(&m.native)
	}
}

// lock takes l, which was not free, and counts the wait.
func (w *Waits) lock(l sync.Locker) {
	start := time.Now()
	l.Lock()
	w.since(start)
}

// since counts a wait that began at start. w may be nil.
func (w *Waits) since(start time.Time) {
	if w != nil {
		w.n.Add(1)
		w.ns.Add(int64(time.Since(start)))
	}
}

// Watch makes w count the waits for the bits of f, natively, each its own. Several
// words may have one w.
func (f *Flags) Watch(w []Waits) { f.waits = w }

// waitNative pauses while busy says so, and counts that as one wait for bit i.
func (f *Flags) waitNative(i int, busy func(f *Flags, i int) bool) {
	if !busy(f, i) {
		return
	}
	start := time.Now()
	for n := 0; busy(f, i); n++ {
		pause(n)
	}
	if f.waits != nil {
		f.waits[i].since(start)
	}
}

func unset(f *Flags, i int) bool { return !f.Test(i) }
