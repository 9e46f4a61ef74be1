package explore

import (
	"fmt"
	"math/bits"
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
	next   *task  // who runs after the current task yields; nil: the execution is over
	live   uint32 // bit i: task i has not returned
	done   uint32 // bit i: task i has returned
	joined uint32 // bit i: and Wait has seen it
	abort  bool   // unwinding the tasks of an execution that was cut
	base   coro   // the stack that drive was called on
	coros  []*coro
	idle   []*coro // those of them that no task is on

	objects               // what the program shares
	hash    hash128       // of all shared state
	all     bool          // every operation is a scheduling point
	atomic  int           // depth of Atomically
	group   *object       // of the Atomically that runs
	classes []atomicClass // kinds of Atomically seen so far
	table   obj           // the task table: Go from several tasks is ordered through it
	ordered bool          // SetPriority was used
	nohash  bool          // nobody compares states
	forgets bool          // a task has called Forget
	nosolo  bool          // a choice is asked for even if only one task is left

	prepared *prepared
	together bool // all that the others did comes before: they have not started, or been waited for
	open     bool // an access has to be compared with others; see protect

	strat     strategy
	plan      []int8 // choices to repeat at the start of an execution
	pos       int    // choices made
	fast      bool   // repeating the plan: no footprints, no hashes
	state     state
	events    int64
	limit     int64  // events after which an execution is cut; see Options.MaxEvents
	over      bool   // limit was reached
	failed    bool   // a fatal violation ended this execution
	ended     bool   // every task returned
	ops       int    // operations performed, counted alike whatever is visible
	lone      int64  // events at the last choice
	leaving   func() // when a given plan is done
	prog      func(*X)
	runProg   func()
	order     lockOrder
	sink      *sink
	atEnd     func()                // for tests: after every execution
	parting   func()                // an execution is about to be unwound
	handover  func() bool           // the search goes on elsewhere
	onReport  func(property string) // for tests: at every violation
	trace     *Trace                // nil: off
	path      []mark                // blocks of this execution
	poll      poll                  // when to look at the clock
	refine    []*object
	restarted bool   // the strategy began again
	refused   string // what the program uses that the strategy cannot reverse
	drops     bool   // Drop was used
}

// mark is where a block began: its task and how many operations came before.
type mark struct {
	task     int16
	preempts bool // the task before could have gone on
	ops      int32
}

type hash128 struct{ a, b uint64 }

// task is a task's place in its life: it has a pending operation (which may be
// disabled) until it has returned.
type task struct {
	x        *X
	id       int
	name     string
	body     func()
	done     bool
	first    bool // no access came since the block's scheduling point
	watch    bool // between Loop and Retry: reads are collected
	stepwise bool // another may take its cpu at any operation: all are scheduling points
	cpu      int8 // SetPriority
	prio     int8
	pend     pending
	know     knowledge
	key      func() uint64 // ForgetAs
	foot     footprint     // of the block that is running
	win      *footprint    // of the last block: what it did behind its scheduling point is still open
	wait     []watch       // Retry: what the last round read, and which value
	reads    []watch
	held     []*object // locks, in the order it took them
	co       *coro     // where it runs; nil: it has not started
}

// knowledge identifies what a task has learnt: its private state is a function
// of it.
type knowledge struct {
	hist  hash128 // of the values observed
	n     uint64  // operations since
	watch uint64  // of what it has read since Loop
	open  uint64  // of what its last block did behind the scheduling point
}

type watch struct {
	obj *object
	val uint64
}

// pending is the visible operation a task is about to do. It is enabled while the
// object's value, masked, is want.
type pending struct {
	kind   pendKind
	obj    *object // nil: none
	mask   uint64
	want   uint64
	access kind
	what   string
}

// set copies q field by field; see footprint.add.
func (p *pending) set(q *pending) {
	p.kind, p.obj, p.mask, p.want, p.access, p.what = q.kind, q.obj, q.mask, q.want, q.access, q.what
}

type pendKind uint8

const (
	pendStart pendKind = iota
	pendOp
	pendJoin
	pendRetry
	pendBusy
	pendDead // it failed, and stays where it is
)

// abortToken unwinds a task whose execution was cut.
type abortToken struct{}

// Go starts a task that runs f. The name appears in traces and schedules.
// Natively (x == nil) it is the caller's business to start goroutines.
func (x *X) Go(name string, f func()) {
	if x.ntasks == 1 {
		// Nobody else was there: all that the root did comes before.
		x.tasks[0].foot.reset()
	}
	if x.ntasks > 0 {
		// Who started which task, and what he knew, is state: it says what the tasks are.
		x.table.access(kindUpdate, "go")
		if x.ntasks == MaxTasks { // only now, for others may have started some meanwhile
			x.Fatal("panic", fmt.Sprintf("more than %d tasks", MaxTasks))
		}
		x.table.set(mix(x.table.p.val, uint64(x.cur.id)+1+x.cur.knows()))
		if x.trace != nil {
			x.trace.last = nil
			x.trace.Events[len(x.trace.Events)-1] = Event{Task: x.cur.id, Op: "go " + name}
		}
		x.tasks[x.cur.id].foot.spawn(x, x.ntasks)
	}
	t := x.tasks[x.ntasks]
	if t == nil {
		t = newTask(x, x.ntasks)
		x.tasks[x.ntasks] = t
	}
	t.name, t.body, t.done, t.co = name, f, false, nil
	t.key = nil
	t.know = knowledge{hist: hash128{uint64(t.id)*0x9e3779b97f4a7c15 + 1, uint64(t.id)*0xd6e8feb86659fd93 + 2}}
	t.pend = pending{kind: pendStart, what: "start"}
	t.foot.reset()
	t.win = nil
	t.wait, t.reads, t.watch = t.wait[:0], t.reads[:0], false
	t.cpu, t.prio, t.stepwise = -1, 0, false
	t.held = t.held[:0]
	x.live |= 1 << t.id
	x.ntasks++
	x.together = x.ntasks == 1
}

// Wait blocks the calling task until every other task has returned.
func (x *X) Wait() {
	x.block(pending{kind: pendJoin, what: "join"})
	x.step()
	// Whatever the others did comes before what follows.
	x.together = true
	t := x.cur
	if !x.fast {
		x.races(t)
		t.foot.reset()
	}
	x.joined = x.done
	x.join()
}

// join forgets what does not matter any more of tasks that somebody has waited for.
func (x *X) join() {
	for r := x.joined; r != 0; r &= r - 1 {
		t := x.tasks[bits.TrailingZeros32(r)]
		t.win, t.know.open = nil, 0
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
	x.mayForget()
	if !x.Forgetting() {
		return
	}
	t := x.cur
	t.know.hist = hash128{mix(key, uint64(t.id)+11), mix(key, uint64(t.id)+1011)}
	t.know.n = 0
}

// Forgetting says whether Forget has an effect now. While the beginning of an
// execution repeats an earlier one it has none, and a key that is dear to work
// out need not be.
func (x *X) Forgetting() bool { return x != nil && !x.fast && !x.nohash }

type atomicClass struct {
	what string
	o    *object
}

// class finds the object that stands for all Atomically of one kind: it says
// whether they are scheduling points.
func (x *X) class(what string) *object {
	for i := range x.classes {
		if x.classes[i].what == what {
			return x.classes[i].o
		}
	}
	o := x.newObject("kind "+what, -1, 0)
	o.class, o.pinned = what, true
	x.classes = append(x.classes, atomicClass{what, o})
	return o
}

// Atomically runs f as one event: no task switch happens between the accesses
// in it. f must not block. what names the kind of event in traces.
func (x *X) Atomically(what string, f func()) {
	if x == nil {
		f()
		return
	}
	if x.atomic > 0 {
		f()
		return
	}
	c := x.class(what)
	if c.mode&visibleOps != 0 || x.cur.stepwise {
		x.block(pending{kind: pendOp, what: what})
	}
	x.step()
	x.group = c
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

// Fatal reports a violation and stops the task for good. The other tasks go on:
// what they do could have come before the violation.
func (x *X) Fatal(property, detail string) {
	if x == nil {
		panic(property + ": " + detail)
	}
	x.report(property, detail)
	x.park()
}

// SetPriority puts a task on a cpu. A task is not enabled while one of higher
// priority on the same cpu could run; one in RetryBusy could, one in Retry or
// waiting for a lock could not. Start such tasks and set their priorities in one
// Atomically, or they may run before.
func (x *X) SetPriority(task, cpu, prio int) {
	if x == nil {
		return
	}
	t := x.tasks[task]
	t.cpu, t.prio = int8(cpu), int8(prio)
	x.ordered = true
	for _, u := range x.tasks[:x.ntasks] {
		u.stepwise = x.preemptible(u)
	}
}
