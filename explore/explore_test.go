package explore

import "testing"

func mutexProg(n, k int) func(*X) {
	var mu Mutex
	var c Atomic
	names := []string{"0", "1", "2", "3"}
	return func(x *X) {
		mu.Init(x, "mu", -1)
		c.Init(x, "c", -1, 0)
		for i := 0; i < n; i++ {
			x.Go(names[i], func() {
				for j := 0; j < k; j++ {
					mu.Lock()
					c.Store(c.Load() + 1)
					mu.Unlock()
				}
			})
		}
		x.Wait()
		if c.Load() != uint64(n*k) {
			x.Violation("condition", "lost")
		}
	}
}

func TestMutexTraces(t *testing.T) {
	r := Run(mutexProg(3, 3), Options{NoMerge: true})
	if !r.Complete || len(r.Violations) > 0 {
		t.Errorf("%+v", r)
	}
}
