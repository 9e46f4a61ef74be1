package explore

import "runtime"

// Seen is a value that a round of a waiting loop has read.
type Seen struct {
	Of    *Atomic
	Value uint64
}

// RetryOn is Retry for a round that knows what it waits for: the next one may
// start when one of the values is another than was seen. busy is RetryBusy's.
func (x *X) RetryOn(busy bool, seen []Seen) {
	if x == nil {
		runtime.Gosched()
		return
	}
	t := x.cur
	t.reads = t.reads[:0]
	for _, s := range seen {
		t.reads = append(t.reads, watch{s.Of.p, s.Value})
	}
	if busy {
		x.RetryBusy()
		return
	}
	x.Retry()
}

// Replaying says whether the execution repeats one that was run before, so that
// what is only for telling states apart need not be done.
func (x *X) Replaying() bool { return x == nil || x.fast }
