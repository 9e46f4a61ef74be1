package explore

import (
	"sync/atomic"
	"time"
)

// Pause is one round of a wait outside the explorer: the first rounds let others
// run, later ones sleep, longer and longer up to a tenth of a millisecond.
func Pause(round int) { pause(round) }

// Waits counts how often native locks were waited for, and how long.
type Waits struct{ n, ns atomic.Int64 }

// Sum returns the number of waits and their time.
func (w *Waits) Sum() (n int64, d time.Duration) { return w.n.Load(), time.Duration(w.ns.Load()) }

// Watch makes w count the waits for m, natively. Several locks may have one w.
func (m *Mutex) Watch(w *Waits) { m.waits = w }

func (m *Mutex) lockNative() {
	if m.waits == nil {
		m.native.Lock()
		return
	}
	if m.native.TryLock() {
		return
	}
	start := time.Now()
	m.native.Lock()
	m.waits.n.Add(1)
	m.waits.ns.Add(int64(time.Since(start)))
}
