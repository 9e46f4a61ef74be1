package explore

import "runtime"

// Await waits until the value is v.
func (a *Atomic) Await(v uint64) {
	if a.x == nil {
		for a.Load() != v {
			runtime.Gosched()
		}
		return
	}
	a.acquire(kindRead, "await", func() bool { return a.v == v })
}
