//go:build linux

package guest

import (
	"runtime"
	"slices"

	"tagswap/kernel/engine"
	"tagswap/litmus"
)

// body is a task's part of all instances. Tasks meet before each instance (in
// bulk: once), and again when all are through, and then look at the results: the
// instances have nothing in common but the swap areas.
func (b *build) body(p *prog, t int) {
	starters := b.count(func(u int) bool { return !b.forked(u) })
	p.gather(b.ready, starters)
	if b.ops(p, t, 0, len(b.inst)) {
		return // it has exited
	}
	b.observe(p, t, 0, len(b.inst))
	for u := range b.t.Tasks {
		if b.forked(u) && b.t.Tasks[u].Of == t {
			for k := range b.inst {
				p.sys(0, sysWait4, in(b.forkSlot(u, k)), 0, 0, 0)
			}
		}
	}
}

// begin is what comes before a task's operations on an instance: P0 sets what the
// instance before has changed on the machine, all meet, each waits a moment.
func (b *build) begin(p *prog, t, k int) {
	start, starters := b.inst[k].start, b.count(func(u int) bool { return !b.forked(u) })
	p.barrier(start, starters)
	if len(b.t.Machine.Fail) > 0 || b.p.Filler > 0 {
		if t == 0 {
			b.arm(p, k)
			b.slotCache(p, onOff(b.t.Machine.SlotCache.On))
			b.probe(p, k)
		}
		p.barrier(start, 2*starters)
	}
	p.delay(2000)
}

// stay keeps a task on a CPU, where the test asks for one CPU or observes slots: a
// folio that is in another CPU's LRU batch has a reference more, so that its slot
// is kept (mm/memory.c:do_swap_page drains its own CPU's (v6.1)), and the model has
// no batches.
func (b *build) stay(p *prog, t int) {
	cpu := 0
	if b.t.Machine.CPUs != 1 {
		if !b.p.Stay {
			return
		}
		cpu = t % runtime.NumCPU()
	}
	set := b.code.Words(16)
	b.code.Set(set+8*uint64(cpu/64), 1<<(cpu%64))
	p.sys(0, sysSchedSetaffinity, 0, 128, set)
}

// realtime gives a task of FIFO= its priority for its operations, and takes it
// away before it meets others: who spins on a CPU of its own must not keep the
// others from coming.
func (b *build) realtime(p *prog, t int, on bool) {
	if !slices.Contains(b.t.Machine.FIFO, t) {
		return
	}
	policy, prio := schedOther, 0
	if on {
		policy, prio = schedFIFO, 1
	}
	param := b.code.Words(1)
	b.code.Set(param, uint64(prio))
	p.sys(0, sysSchedSetscheduler, 0, policy, param)
}

// ops appends a task's operations on instances [lo,hi); it reports whether the
// task has ended with them.
func (b *build) ops(p *prog, t, lo, hi int) (ended bool) {
	for k := lo; k < hi; k++ {
		if !b.forked(t) && (k == lo || !b.p.Bulk) {
			b.begin(p, t, k)
		}
		b.realtime(p, t, true)
		for i := range b.t.Tasks[t].Ops {
			op := &b.t.Tasks[t].Ops[i]
			if i > 0 {
				p.delay(300)
			}
			if op.Kind == litmus.OpExit {
				p.bump(b.done, 1)
				p.add(engine.Instr{Op: engine.Store, Arg: [6]uint64{b.leaving[t], 1, 0}})
				if b.alone(t) {
					p.sys(0, sysExitGroup, 0)
				} else {
					p.add(engine.Instr{Op: engine.Exit})
				}
				return true
			}
			b.guarded(p, t, k, op)
		}
		b.realtime(p, t, false)
	}
	return false
}

// guarded appends an operation that is left out once an access of the task has
// faulted: a signal ends a task. Meetings and forks are kept, or others would
// wait for ever.
func (b *build) guarded(p *prog, t, k int, op *litmus.Op) {
	in := b.inst[k]
	dead, faults := in.dead[t], len(in.faults)
	guard := dead != 0 && op.Kind != litmus.OpBarrier && op.Kind != litmus.OpFork
	at := len(p.ins)
	if guard {
		p.add(engine.Instr{Op: engine.SkipEq, Arg: [6]uint64{dead, 0, 1}, Indirect: 1})
		p.add(engine.Instr{}) // becomes the jump over the operation
	}
	b.op(p, t, k, k == 0, op)
	if len(in.faults) > faults {
		if dead == 0 {
			dead = b.data.Words(1)
			in.dead[t] = dead
		}
		p.add(engine.Instr{Op: engine.Add, Arg: [6]uint64{dead, in.faults[faults].addr}, Indirect: 2})
	}
	if guard {
		p.ins[at+1] = engine.Instr{Op: engine.SkipEq, Arg: [6]uint64{0, 0, uint64(len(p.ins) - at - 2)}}
	}
}

// observe lets the tasks meet and records what t sees of instances [lo,hi). What
// does not disturb the pages comes first.
func (b *build) observe(p *prog, t, lo, hi int) {
	n := uint64(len(b.inst))
	all := b.count(func(u int) bool { return !b.forked(u) }) + n*b.count(b.forked)
	live := b.count(func(u int) bool { return !b.forked(u) && !b.exits(u) }) +
		n*b.count(func(u int) bool { return b.forked(u) && !b.exits(u) })
	p.gather(b.done, all)
	b.disarm(p, t)
	for u := range b.t.Tasks {
		if b.exits(u) {
			p.waitGE(b.gone[u], 1)
		}
	}
	if t == b.firstLive() {
		for k := lo; k < hi; k++ {
			b.inst[k].sys = b.data.Words(16)
			p.sys(0, sysSysinfo, b.inst[k].sys)
		}
	}
	for k := lo; k < hi; k++ {
		b.states(p, t, k)
	}
	p.gather(b.met[0], live)
	for k := lo; k < hi; k++ {
		b.contents(p, t, k)
	}
	p.gather(b.met[1], live)
}

// firstLive is the first task that is still there at the end, or -1.
func (b *build) firstLive() int {
	for u := range b.t.Tasks {
		if !b.exits(u) && !b.forked(u) {
			return u
		}
	}
	return -1
}
