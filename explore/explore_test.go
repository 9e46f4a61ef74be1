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

func lostUpdate(n int) func(*X) {
	var c Atomic
	return func(x *X) {
		c.Init(x, "c", -1, 0)
		for i := 0; i < n; i++ {
			x.Go(fmt.Sprint(i), func() { c.Store(c.Load() + 1) })
		}
		x.Wait()
		if c.Load() != uint64(n) {
			x.Violation("condition", "lost")
		}
	}
}

func TestSmoke(t *testing.T) {
	for _, o := range []Options{{}, {NoMerge: true}, {NoMerge: true, AllVisible: true}} {
		fmt.Println(o.NoMerge, o.AllVisible)
		fmt.Printf("%+v\n", Run(mutexProg(2, 4), o))
		fmt.Printf("%+v\n", Run(mutexProg(3, 3), o))
		fmt.Printf("%+v\n", Run(lostUpdate(3), o))
	}
}
