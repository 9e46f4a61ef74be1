package explore

import "testing"

func TestMutexTraces(t *testing.T) {
	r := Run(mutexProg(3, 3), Options{NoMerge: true})
	if !r.Complete || len(r.Violations) > 0 {
		t.Errorf("%+v", r)
	}
}
