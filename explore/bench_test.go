package explore

import (
	"fmt"
	"testing"
)

func mutexProg(n, k int) func(*X) {
	var mu Mutex
	var c Atomic
	return func(x *X) {
		mu.Init(x, "mu", -1)
		c.Init(x, "c", -1, 0)
		for i := 0; i < n; i++ {
			x.Go(fmt.Sprint(i), func() {
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

func benchRun(b *testing.B, prog func(*X), o Options) {
	b.ReportAllocs()
	var ex, ev int64
	for range b.N {
		r := Run(prog, o)
		ex += r.Executions
		ev += r.Events
	}
	b.ReportMetric(float64(ex)/b.Elapsed().Seconds(), "exec/s")
	b.ReportMetric(float64(ev)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(ex)/float64(b.N), "exec/op")
}

func BenchmarkMutex33(b *testing.B)      { benchRun(b, mutexProg(3, 3), Options{NoMerge: true}) }
func BenchmarkMutex33Merge(b *testing.B) { benchRun(b, mutexProg(3, 3), Options{}) }
