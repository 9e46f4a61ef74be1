package explore

import "runtime"

// Loop marks the start of a round of a loop that waits for another task. Until
// Retry, what the task reads is remembered.
func (x *X) Loop() {
	if x == nil {
		return
	}
	t := x.cur
	t.watch = true
	t.reads = t.reads[:0]
}

// Retry waits until something that the round read has changed: a round that
// would only read the same again is a wait, not a step. What the round itself
// changed and put back does not count as a change. If nobody is left who
// could change it, the execution ends as a livelock.
func (x *X) Retry() {
	if x == nil {
		runtime.Gosched()
		return
	}
	t := x.cur
	t.watch = false
	t.wait = append(t.wait[:0], t.reads...)
	x.op()
	x.block(pending{kind: pendRetry, obj: -1, what: "retry"})
}

// changed says whether anything that the last round of t read has changed.
func (x *X) changed(t *task) bool {
	for _, w := range t.wait {
		if x.objs[w.obj].val != w.val {
			return true
		}
	}
	return false
}
