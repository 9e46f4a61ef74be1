package explore

import (
	"fmt"
	"iter"
)

// MaxTasks is how many tasks an explored program may have, the root included.
const MaxTasks = 16

// X is one program under exploration. A nil *X stands for native execution:
// every primitive made with it is the plain lock, atomic or memory access.
//
// An X belongs to one worker and is reused for every execution; only the task
// that is running may touch it.
type X struct {
	tasks  [MaxTasks]*task
	ntasks int
	cur    *task
	next   *task // who runs after the current task yields; nil: the execution is over
	abort  bool  // unwinding the tasks of an execution that was cut

	objs     []object          // by dense index, kept across executions
	intern   [MaxTasks][]int32 // (creating task, how many it made) -> dense index
	made     [MaxTasks]int32   // objects made so far in this execution
	mode     []visibility      // by dense index: which operations are scheduling points
	hash     hash128           // of all shared state
	all      bool              // every operation is a scheduling point
	atomic   int               // depth of Atomically
	strat    Strategy
	state    State
	events   int64
	limit    int64 // events after which an execution is cut; see Options.MaxEvents
	over     bool  // limit was reached
	failed   bool  // a fatal violation ended this execution
	sink     *sink
	trace    *Trace // nil: off
	path     []Step // blocks of this execution
	complete bool   // every task returned
	refine   []refinement
}

// object is what the engine knows of one shared object besides its value.
type object struct {
	class string
	num   int
	val   uint64 // its value as Retry compares it
}

// visibility says which operations on an object are scheduling points.
type visibility uint8

const (
	visibleOps     visibility = 1 << iota // everything but releases
	visibleRelease                        // releases too
)

type refinement struct {
	obj int32
	v   visibility
}

type hash128 struct{ a, b uint64 }

// taskState is a task's place in its life: ready has a pending operation (which
// may be disabled), done has returned.
type task struct {
	x       *X
	id      int
	name    string
	body    func()
	done    bool
	started bool
	hist    hash128
	pend    pending
	foot    []access // of the block that is running
	first   bool     // the next access is the block's visible operation
	wait    []watch  // Retry: what the last round read, and which value
	reads   []watch
	watch   bool // between Loop and Retry: reads are collected
	resume  func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
}

type watch struct {
	obj int32
	val uint64
}

// pending is the visible operation a task is about to do.
type pending struct {
	kind    pendKind
	obj     int32
	enabled func() bool // nil: always
	what    string
}

type pendKind uint8

const (
	pendStart pendKind = iota
	pendOp
	pendJoin
	pendRetry
)

// abortToken unwinds a task whose execution was cut.
type abortToken struct{}

// Go starts a task that runs f. The name appears in traces and schedules.
// Natively (x == nil) it is the caller's business to start goroutines.
func (x *X) Go(name string, f func()) {
	if x.ntasks == MaxTasks {
		panic(fmt.Sprintf("tagswap internal: more than %d tasks", MaxTasks))
	}
	t := x.tasks[x.ntasks]
	if t == nil {
		t = &task{x: x, id: x.ntasks}
		t.resume, t.stop = iter.Pull(t.loop)
		x.tasks[x.ntasks] = t
	}
	t.name, t.body, t.done, t.started = name, f, false, false
	t.hist = hash128{mix(uint64(t.id), 1), mix(uint64(t.id), 2)}
	t.pend = pending{kind: pendStart, obj: -1, what: "start"}
	t.foot = t.foot[:0]
	t.wait, t.reads, t.watch = t.wait[:0], t.reads[:0], false
	x.ntasks++
}

// Wait blocks the calling task until every other task has returned.
func (x *X) Wait() {
	x.op()
	x.block(pending{kind: pendJoin, obj: -1, what: "join", enabled: x.othersDone})
}

func (x *X) othersDone() bool {
	for _, t := range x.tasks[:x.ntasks] {
		if t != x.tasks[0] && !t.done {
			return false
		}
	}
	return true
}

// loop is the body of a task's coroutine: it runs one program after another, so
// that no coroutine is made in the steady state.
func (t *task) loop(yield func(struct{}) bool) {
	t.yield = yield
	for {
		t.run()
		if !yield(struct{}{}) {
			return
		}
	}
}

func (t *task) run() {
	defer t.recovered()
	t.started = true
	t.first = true
	t.body()
	t.done = true
	t.x.schedule()
}

// recovered turns a panic of the program into a finding; the token of a cut
// execution is no panic.
func (t *task) recovered() {
	r := recover()
	if r == nil {
		return
	}
	t.done = true
	if _, ok := r.(abortToken); ok {
		return
	}
	if s, ok := r.(string); ok && len(s) > 16 && s[:16] == "tagswap internal" {
		panic(r)
	}
	t.x.report("panic", fmt.Sprint(r))
	t.x.failed = true
	t.x.next = nil
}

// op counts a place where a scheduling point could stand, visible or not, so that
// a schedule means the same whatever the search took for visible.
func (x *X) op() {
	if n := len(x.path); n > 0 {
		x.path[n-1].Ops++
	}
}

// block is a scheduling point: the current task declares what it will do next
// and continues when the strategy has chosen it.
func (x *X) block(p pending) {
	t := x.cur
	t.pend = p
	t.hist.a += 0x9e3779b97f4a7c15
	t.hist.b += 0xc2b2ae3d27d4eb4f
	x.schedule()
	if x.next != t {
		t.yield(struct{}{})
		if x.abort {
			panic(abortToken{})
		}
	}
	t.first = true
}

// schedule ends the current block and lets the strategy choose who goes on. It
// runs on the stack of the task that came to its next visible operation.
func (x *X) schedule() {
	s := &x.state
	s.Enabled, s.Live = 0, 0
	for _, t := range x.tasks[:x.ntasks] {
		if t.done {
			continue
		}
		s.Live |= 1 << t.id
		if x.enabled(t) {
			s.Enabled |= 1 << t.id
		}
	}
	if x.over || x.failed {
		x.next = nil
		return
	}
	if s.Live == 0 {
		x.complete = true
		x.next = nil
		return
	}
	if s.Enabled == 0 {
		x.stuck()
		x.next = nil
		return
	}
	c := x.strat.Choose(x, s)
	if c < 0 {
		x.next = nil
		return
	}
	x.next = x.tasks[c]
	x.path = append(x.path, Step{Task: c})
}

// stuck reports an execution in which nobody can go on.
func (x *X) stuck() {
	property := "deadlock"
	detail := ""
	for _, t := range x.tasks[:x.ntasks] {
		if t.done {
			continue
		}
		if t.pend.kind == pendRetry {
			property = "livelock"
		}
		if t.pend.kind != pendJoin {
			detail += fmt.Sprintf("; %s waits: %s", t.name, x.describe(t))
		}
	}
	if len(detail) > 2 {
		detail = detail[2:]
	}
	x.report(property, detail)
	x.failed = true
}

// describe says what a task is about to do.
func (x *X) describe(t *task) string {
	if t.pend.obj < 0 {
		return t.pend.what
	}
	o := obj{x, t.pend.obj}
	return t.pend.what + " " + o.String()
}

func (x *X) enabled(t *task) bool {
	if t.pend.kind == pendRetry {
		return x.changed(t)
	}
	return t.pend.enabled == nil || t.pend.enabled()
}

// drive runs one execution of prog under the strategy.
func (x *X) drive(prog func(*X)) {
	x.reset()
	x.Go("root", func() { prog(x) })
	x.schedule()
	for x.next != nil {
		t := x.next
		x.cur = t
		t.foot = t.foot[:0]
		t.resume()
	}
	x.unwind()
}

func (x *X) reset() {
	x.ntasks, x.events, x.hash = 0, 0, hash128{}
	x.over, x.failed, x.abort, x.atomic, x.complete = false, false, false, 0, false
	x.path = x.path[:0]
	x.refine = x.refine[:0]
	x.made = [MaxTasks]int32{}
	x.state.Depth = 0
	if x.trace != nil {
		x.trace.Events = x.trace.Events[:0]
		x.trace.Choices = x.trace.Choices[:0]
	}
}

// unwind ends the tasks of an execution that did not run to its end.
func (x *X) unwind() {
	x.abort = true
	for _, t := range x.tasks[:x.ntasks] {
		if t.started && !t.done {
			x.cur = t
			t.resume()
		}
		t.done = true
	}
	x.abort = false
}

// Close ends the coroutines of x.
func (x *X) Close() {
	for _, t := range x.tasks {
		if t != nil {
			t.stop()
		}
	}
}

// Task returns the number of the running task; the root is 0.
func (x *X) Task() int {
	if x == nil {
		return 0
	}
	return x.cur.id
}

// Forget says that all the running task still knows of the past is key: its
// private state from here on is a function of key and of what it will observe.
// It lets a merging search see that two executions have come to the same state.
// A key that leaves something out makes the search unsound.
func (x *X) Forget(key uint64) {
	if x == nil {
		return
	}
	t := x.cur
	t.hist = hash128{mix(key, uint64(t.id)+11), mix(key, uint64(t.id)+1011)}
}

// Atomically runs f as one event: no task switch happens between the accesses
// in it. f must not block.
func (x *X) Atomically(what string, f func()) {
	if x == nil {
		f()
		return
	}
	x.op()
	x.block(pending{kind: pendOp, obj: -1, what: what})
	x.atomic++
	f()
	x.atomic--
	x.cur.first = false
}

// Violation reports that a property does not hold in this execution, which goes
// on. detail says what went wrong, in words.
func (x *X) Violation(property, detail string) {
	if x == nil {
		return
	}
	x.report(property, detail)
}

// Fatal reports a violation and ends the execution.
func (x *X) Fatal(property, detail string) {
	if x == nil {
		panic(property + ": " + detail)
	}
	x.report(property, detail)
	x.failed = true
	x.cut()
}
