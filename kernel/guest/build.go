//go:build linux

package guest

import (
	"tagswap/kernel/engine"
	"tagswap/litmus"
)

// Addresses of the tasks' pages: below 2^38, so that kernels with 39-bit
// addresses have them, and far from where the Go runtime puts its heap.
const (
	pageSize  = litmus.PageSize
	varBase   = 0x2000000000
	varStride = 0x1000000
)

// Fixed descriptors that every task inherits.
const (
	fdMem   = 100 // + variable: the memfd of a shared variable
	fdPipe  = 200 // + 4 * hold: read and write end of the pipe that holds a page, and of the one to look into it
	maxHold = 100
)

// build turns a plan into programs. Code and constants stay for the whole test;
// data is zeroed before every round.
type build struct {
	p      *Plan
	t      *litmus.Test
	code   *engine.Region
	data   *engine.Region
	mte    bool     // the machine has MTE
	paths  []string // devices of the areas
	roots  []root   // P0 and the unrelated processes
	delays []uint64 // address of the argument of every delay, with its bound

	pid, gone, leaving []uint64 // one a task
	ctid               []uint64 // one a task: cleared by the kernel when a thread ended
	pagemap            []uint64 // one a space: descriptor
	ready, mapped      uint64
	released           uint64    // set by the Go side once it holds no shared object any more
	filled             uint64    // set by the Go side once the areas are as full as asked
	fillMe             uint64    // set by the tasks when their initial state is made
	done               uint64    // the tasks meet when all are through
	met                [2]uint64 // and before and after they touch the pages again
	mergeWant          uint64    // number of merges asked for
	merged             uint64    // number of them that ksmd had its chance at
	merges             uint64    // merges in all programs
	inst               []*instance
	holds              int
	rings              []*ring
	readPins           []*readPin
	layout             ringLayout
	action             uint64
	barriers           map[barrierKey]*barrier
	mask               uint64
	writeback          uint64   // struct timespec: the wait for writeback
	vec                uint64   // struct iovec of iovMax pages, for the filler
	unfilled           error    // why the areas are not as full as asked
	left               []uint64 // text of the counters of failures to come, after each instance
}

// root is a process that the Go side starts.
type root struct{ prog, stack uint64 }

type barrierKey struct {
	name string
	inst int
}

type barrier struct {
	addr uint64
	of   map[int]uint64 // meetings so far of each task
}

// instance is where one copy of the variables leaves its results.
type instance struct {
	regs   map[regKey]uint64
	faults []faultSlot
	finals map[int]uint64 // by index of Visible(): raw value
	finalF map[int]uint64 // fault of reading it
	raw    map[int][2]uint64
	verify []verifySlot
	dead   map[int]uint64 // by task: not 0 once it got a signal
	start  uint64         // the tasks meet before their operations on this instance
	probe  [2]uint64      // struct sysinfo before and after two pages went out, 0 for none
	sys    uint64         // struct sysinfo, 0 when nobody is left to ask
}

type regKey struct {
	task int
	name string
}

type faultSlot struct {
	task int
	name string
	addr uint64
}

// verifySlot holds what an initial state left behind.
type verifySlot struct {
	fn      string
	pagemap uint64 // pinned: the result of a system call
	mincore uint64
	shared  bool
}

// newBuild builds all programs of a plan.
func newBuild(p *Plan, code, data *engine.Region, mte bool, paths []string) *build {
	b := &build{p: p, t: p.Test, code: code, data: data, mte: mte, paths: paths, barriers: map[barrierKey]*barrier{}}
	n := len(b.t.Tasks)
	for range n {
		b.pid = append(b.pid, data.Word())
		b.gone = append(b.gone, data.Word())
		b.leaving = append(b.leaving, data.Word())
		b.ctid = append(b.ctid, data.Word())
		b.pagemap = append(b.pagemap, data.Word())
	}
	b.ready, b.mapped, b.filled, b.fillMe = data.Word(), data.Word(), data.Word(), data.Word()
	b.released = data.Word()
	b.done, b.met = data.Word(), [2]uint64{data.Word(), data.Word()}
	b.mergeWant, b.merged = data.Word(), data.Word()
	b.action = code.SigAction()
	b.writeback = code.Words(2)
	code.Set(b.writeback+8, firstPause)
	b.mask = code.Words(1)
	code.Set(b.mask, ^uint64(1<<(11-1)|1<<(7-1))) // all blocked but SIGSEGV and SIGBUS
	for range p.Instances {
		b.inst = append(b.inst, &instance{
			regs: map[regKey]uint64{}, finals: map[int]uint64{}, finalF: map[int]uint64{}, raw: map[int][2]uint64{}, dead: map[int]uint64{},
			start: data.Word(),
		})
	}
	b.layout, _ = canPin()
	for t := range b.t.Tasks {
		if b.isRoot(t) {
			b.roots = append(b.roots, root{b.rootProgram(t), code.Stack()})
		}
	}
	return b
}

func (b *build) isRoot(t int) bool { return t == 0 || b.t.Tasks[t].Relation == litmus.Process }

// count counts the tasks for which f holds.
func (b *build) count(f func(t int) bool) uint64 {
	n := uint64(0)
	for t := range b.t.Tasks {
		if f(t) {
			n++
		}
	}
	return n
}

func (b *build) forked(t int) bool { return b.t.Tasks[t].Relation == litmus.Forked }

// exits says whether a task ends by itself.
func (b *build) exits(t int) bool {
	ops := b.t.Tasks[t].Ops
	return len(ops) > 0 && ops[len(ops)-1].Kind == litmus.OpExit
}

// alone says whether a task has its address space for itself.
func (b *build) alone(t int) bool {
	return b.count(func(u int) bool { return b.t.Space(u) == b.t.Space(t) }) == 1
}

func (b *build) addr(v *litmus.Var, inst int) uint64 {
	for i := range b.t.Vars {
		if &b.t.Vars[i] == v {
			return varBase + uint64(i)*varStride + uint64(inst)*2*pageSize
		}
	}
	panic("tagswap internal: variable of another test")
}

func (b *build) varIndex(v *litmus.Var) int { return int((b.addr(v, 0) - varBase) / varStride) }

// rootProgram is the program of a process that the Go side forks: it makes its
// address space, brings it into the initial state, and starts its tasks.
func (b *build) rootProgram(t int) uint64 {
	p := &prog{b: b}
	p.sys(0, sysPrctl, prSetPdeathsig, sigkill)
	p.sys(0, sysRtSigaction, sigsegv, b.action, 0, 8)
	p.sys(0, sysRtSigaction, sigbus, b.action, 0, 8)
	p.sys(0, sysRtSigprocmask, sigSetmask, b.mask, 0, 8)
	p.sys(0, sysPrctl, prSetTHPDisable, 1, 0, 0, 0)
	if b.mte {
		p.sys(0, sysPrctl, prSetTaggedAddrCtrl, prTaggedAddrEnable|prMTETCFSync|0xffff<<prMTETagShift, 0, 0, 0)
	}
	b.mayFail(p)
	b.newSpace(p, t)
	for i := range b.t.Vars {
		v := &b.t.Vars[i]
		if !b.t.Maps(t, v) {
			continue
		}
		for k := range b.inst {
			b.mapVar(p, t, v, k)
		}
	}
	nroots := b.count(b.isRoot)
	p.gather(b.mapped, nroots)
	b.closeShared(p)
	p.waitGE(b.released, 1)
	b.initSpace(p, t)
	p.gather(b.mapped, 2*nroots)
	if b.p.FillLate {
		p.bump(b.fillMe, 1)
		p.waitGE(b.filled, 1)
	}
	b.startOthers(p, t)
	b.body(p, t)
	b.finish(p, t)
	return p.store()
}

// newSpace is what every new address space does first.
func (b *build) newSpace(p *prog, t int) {
	b.stay(p, t)
	p.sys(b.pid[t], sysGetpid)
	p.sys(b.pagemap[t], sysOpenat, atFDCWD, b.code.CString("/proc/self/pagemap"), oRdonly|oCloexec, 0)
	p.add(engine.Instr{Op: engine.Store, Arg: [6]uint64{b.ctid[t], 1, 0}})
	p.sys(0, sysSetTidAddress, b.ctid[t])
}

// startOthers starts the children and threads of a space.
func (b *build) startOthers(p *prog, root int) {
	for u, task := range b.t.Tasks {
		if task.Relation == litmus.Child && b.t.Space(task.Of) == root {
			c := &prog{b: b}
			b.newSpace(c, u)
			b.plainMaps(c, u)
			b.initSpace(c, u)
			b.startOthers(c, u)
			b.body(c, u)
			b.finish(c, u)
			p.add(engine.Instr{Op: engine.Clone, Arg: [6]uint64{sigchld, b.code.Stack(), 0, 0, 0}, Child: c.store()})
		}
	}
	for u, task := range b.t.Tasks {
		if u != root && task.Relation == litmus.Thread && b.t.Space(u) == root {
			c := &prog{b: b}
			b.stay(c, u)
			b.body(c, u)
			c.add(engine.Instr{Op: engine.Exit})
			b.thread(p, u, c.store())
		}
	}
}

// thread starts a thread; its ctid slot is 1 until the kernel clears it.
func (b *build) thread(p *prog, u int, child uint64) {
	p.add(engine.Instr{Op: engine.Store, Arg: [6]uint64{b.ctid[u], 1, 0}})
	p.add(engine.Instr{Op: engine.Clone, Dst: b.pid[u], Child: child,
		Arg: [6]uint64{cloneThread, b.code.Stack(), 0, 0, b.ctid[u]}})
}

// finish ends a process once its tasks have met for the last time.
func (b *build) finish(p *prog, t int) {
	for u, task := range b.t.Tasks {
		if task.Relation == litmus.Child && b.t.Space(task.Of) == t {
			p.sys(0, sysWait4, in(b.pid[u]), 0, 0, 0)
		}
	}
	p.sys(0, sysExitGroup, 0)
}
