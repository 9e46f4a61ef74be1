package explore

import (
	"fmt"
	"iter"
	"math/bits"
)

// coro is a stack that tasks run on: a coroutine, or the stack that drive was
// called on, which has no yield. A task keeps the one that it started on.
type coro struct {
	first   *task // to run
	entered bool  // it runs, or waits for one it resumed
	resume  func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
}

// coro finds a coroutine that nobody uses.
func (x *X) coro() *coro {
	if n := len(x.idle); n > 0 {
		c := x.idle[n-1]
		x.idle = x.idle[:n-1]
		return c
	}
	c := &coro{}
	c.resume, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		for {
			x.runFrom(c.first, c)
			x.idle = append(x.idle, c)
			if !yield(struct{}{}) {
				return
			}
		}
	})
	x.coros = append(x.coros, c)
	return c
}

// runFrom runs t, and behind it on the same stack, for as long as the next is one
// that has not started, the next.
func (x *X) runFrom(t *task, c *coro) {
	for {
		t.co = c
		t.run()
		if t = x.next; t == nil || t.co != nil || x.abort {
			return
		}
	}
}

func (t *task) run() {
	defer t.recovered()
	t.x.begin(t)
	t.x.step()
	t.body()
	t.finish()
	t.x.schedule(t)
}

// step counts an operation that is no access: its place in the program is part
// of what a task knows.
func (x *X) step() {
	x.ops++
	if !x.fast {
		x.cur.know.n++
	}
}

func (t *task) finish() {
	x := t.x
	t.done = true
	t.pend = pending{}
	x.live &^= 1 << t.id
	x.done |= 1 << t.id
	if !x.fast && !x.nohash {
		t.settleKnowledge()
	}
}

// recovered turns a panic of the program into a finding; the token of a cut
// execution is no panic.
func (t *task) recovered() {
	if t.done {
		return
	}
	r := recover()
	t.done = true
	if _, ok := r.(abortToken); ok || t.x.abort {
		return
	}
	if s, ok := r.(string); ok && len(s) > 16 && s[:16] == "tagswap internal" {
		panic(r)
	}
	x := t.x
	x.report("panic", fmt.Sprint(r))
	x.failed = true
	x.atomic = 0
	t.pend = pending{kind: pendDead, what: "panicked"}
	if !x.fast && !x.nohash {
		t.know.n++
		t.settleKnowledge()
	}
	x.schedule(t)
}

// park stops the current task for good, after a fatal violation. The others go
// on: what they do could have come before the violation.
func (x *X) park() {
	x.failed = true
	x.atomic = 0
	x.block(pending{kind: pendDead, what: "failed"})
	panic("tagswap internal: a dead task goes on")
}

// begin starts a block of t, which the strategy has chosen.
func (x *X) begin(t *task) {
	x.cur = t
	t.first = true
	if !x.fast {
		t.foot.reset()
		t.know.open = 0
	}
}

// block is a scheduling point: the current task declares what it will do next
// and continues when the strategy has chosen it.
func (x *X) block(p pending) {
	if x.abort {
		panic(abortToken{})
	}
	t := x.cur
	if x.fast && x.pos < len(x.plan) && int(x.plan[x.pos]) == t.id && x.live != 1<<t.id {
		// It is known to go on: nobody looks at what it is about to do.
		x.pos++
		x.lone = x.events
		x.path = append(x.path, mark{int16(t.id), false, int32(x.ops)})
		t.first = true
		return
	}
	t.pend.set(&p)
	if x.alone(t) && x.enabled(t) {
		// No choice, and nothing to remember: blocks run into one another.
		t.first = true
		if x.ntasks == 1 {
			t.foot.reset()
		}
		return
	}
	if p.obj != nil && p.obj.plain {
		x.dataRaces(t)
	}
	if !x.fast && !x.nohash {
		x.watches(t)
		t.settleKnowledge()
	}
	x.schedule(t)
	// Others run until t is the next. One that has a stack is resumed from here, unless
	// it is below this one; then this one is left. So two tasks that take turns cost one
	// coroutine switch a turn. A task that waits until all others have returned lends
	// its stack. (No function of its own: a return on another stack than the call's is
	// what costs most here.)
	for x.next != t {
		switch n := x.next; {
		case n == nil || n.co != nil && n.co.entered:
			if t.co.yield != nil {
				t.co.yield(struct{}{})
			} else {
				x.end()
			}
			if x.abort {
				panic(abortToken{})
			}
		case n.co == nil && p.kind == pendJoin:
			x.runFrom(n, t.co)
		default:
			c := x.stack(n)
			c.entered = true
			c.resume()
			c.entered = false
		}
	}
	x.begin(t)
}

// alone says whether t is the only task that is left. Not for long, for it may go
// round; what it does before it starts others is not looked at so closely.
func (x *X) alone(t *task) bool {
	if x.live != 1<<t.id {
		return false
	}
	return x.ntasks == 1 && x.events < 20000 || x.events-x.lone < 256 && !x.nosolo
}

// stack is where n runs, or will.
func (x *X) stack(n *task) *coro {
	if n.co != nil {
		return n.co
	}
	c := x.coro()
	c.first = n
	return c
}

// end ends the execution: drive's stack is left.
func (x *X) end() {
	x.part()
	x.abort = true
}

// cut ends the execution without a finding.
func (x *X) cut() {
	if x.abort {
		panic(abortToken{})
	}
	x.next = nil
	if c := x.cur.co; c.yield != nil {
		c.yield(struct{}{})
	} else {
		x.end()
	}
	if x.abort {
		panic(abortToken{})
	}
	panic("tagswap internal: an execution goes on that was cut")
}

// schedule ends the block of t and chooses who goes on. It runs on the stack of
// the task that came to its next visible operation.
func (x *X) schedule(t *task) {
	if x.abort {
		return
	}
	x.next = nil
	if x.over {
		return
	}
	if x.live == 0 {
		x.ended = true
		return
	}
	x.lone = x.events
	if x.pos < len(x.plan) {
		c := x.plan[x.pos]
		x.pos++
		x.resumeAt(x.tasks[c])
		return
	}
	s := &x.state
	s.Live, s.Enabled = x.live, x.ready()
	if s.Enabled == 0 {
		x.stuck()
		return
	}
	c := x.strat.Choose(x, s)
	if c < 0 {
		return
	}
	x.pos++
	x.resumeAt(x.tasks[c])
}

func (x *X) resumeAt(t *task) {
	x.next = t
	c := x.cur
	pre := c != t && c != nil && !c.done && x.enabled(c)
	x.path = append(x.path, mark{int16(t.id), pre, int32(x.ops)})
}

// ready returns the tasks that can go on.
func (x *X) ready() uint32 {
	var e uint32
	for r := x.live; r != 0; r &= r - 1 {
		i := bits.TrailingZeros32(r)
		if x.enabled(x.tasks[i]) {
			e |= 1 << i
		}
	}
	if x.ordered {
		e = x.preempt(e)
	}
	return e
}

// preempt takes out the tasks that a runnable task of higher priority keeps from
// their cpu.
func (x *X) preempt(e uint32) uint32 {
	out := e
	for r := e; r != 0; r &= r - 1 {
		t := x.tasks[bits.TrailingZeros32(r)]
		if t.cpu < 0 {
			continue
		}
		for l := x.live; l != 0; l &= l - 1 {
			u := x.tasks[bits.TrailingZeros32(l)]
			runs := e>>u.id&1 != 0 || u.pend.kind == pendBusy
			if u.cpu == t.cpu && u.prio > t.prio && runs {
				out &^= 1 << t.id
			}
		}
	}
	return out
}

func (x *X) enabled(t *task) bool {
	p := &t.pend
	switch p.kind {
	case pendJoin:
		return x.live == 1<<t.id
	case pendRetry, pendBusy:
		return t.changed()
	case pendDead:
		return false
	}
	return p.obj == nil || p.obj.val&p.mask == p.want
}

// drive runs one execution of prog under the strategy.
func (x *X) drive(prog func(*X)) {
	x.reset()
	x.prog = prog
	x.Go("root", x.runProg)
	x.cur = x.tasks[0]
	x.table.init(x, "tasks", -1)
	x.resumeAt(x.tasks[0])
	x.base.entered = true
	x.runFrom(x.tasks[0], &x.base)
	for x.next != nil && !x.abort {
		c := x.stack(x.next)
		c.entered = true
		c.resume()
		c.entered = false
	}
	x.unwind()
}

// part is called when an execution is over and nothing has been unwound.
func (x *X) part() {
	if x.parting != nil && !x.abort {
		x.parting()
	}
}

func (x *X) reset() {
	x.ntasks, x.events, x.hash, x.live, x.done = 0, 0, hash128{}, 0, 0
	x.over, x.failed, x.abort, x.atomic, x.ended = false, false, false, 0, false
	x.ordered, x.joined = false, 0
	x.ops, x.pos, x.lone = 0, 0, 0
	x.path = x.path[:0]
	x.refine = x.refine[:0]
	x.objects.reset()
	if x.trace != nil {
		x.trace.Events = x.trace.Events[:0]
	}
}

// unwind ends the tasks of an execution that did not run to its end.
func (x *X) unwind() {
	x.part()
	if x.ended {
		return
	}
	x.abort = true
	for _, t := range x.tasks[:x.ntasks] {
		for t.co != nil && !t.done {
			x.cur = t
			t.co.resume()
		}
		t.done = true
	}
	x.abort = false
}

// Close ends the coroutines of x. Nobody may use it any more.
func (x *X) Close() {
	x.abort = true // whoever is in the middle of something unwinds
	for _, c := range x.coros {
		c.stop()
	}
	for i, t := range x.tasks {
		if t != nil {
			t.keep()
			x.tasks[i] = nil
		}
	}
}
