//go:build linux

package guest

import (
	"tagswap/kernel/engine"
	"tagswap/litmus"
)

var adviceNumber = map[string]int{"dontneed": 4, "free": 8, "pageout": 21, "willneed": 3, "mergeable": 12}

const madvPageout = 21

func protOf(write, mte bool) int {
	p := protRead
	if write {
		p |= protWrite
	}
	if mte {
		p |= protMTE
	}
	return p
}

func varMTE(v *litmus.Var) bool { return v.MTE || v.HasTag }

func (b *build) plain(t int, v *litmus.Var) bool {
	for _, u := range v.Plain {
		if b.t.Space(u) == b.t.Space(t) {
			return true
		}
	}
	return false
}

// mapVar maps one instance of a variable, unless it starts unmapped.
func (b *build) mapVar(p *prog, t int, v *litmus.Var, k int) {
	if v.Unmapped {
		return
	}
	b.mmap(p, v, k, varMTE(v) && !b.plain(t, v))
}

func (b *build) mmap(p *prog, v *litmus.Var, k int, mte bool) {
	flags, fd := mapFixed|mapPrivate|mapAnon, -1
	off := 0
	if v.Kind == litmus.Shared {
		flags, fd, off = mapFixed|mapShared, fdMem+b.varIndex(v), k*pageSize
	}
	p.sys(0, sysMmap, b.addr(v, k), pageSize, protOf(true, mte), flags, fd, off)
}

// plainMaps takes PROT_MTE away from a child that maps a variable plainly.
func (b *build) plainMaps(p *prog, t int) {
	for i := range b.t.Vars {
		if v := &b.t.Vars[i]; b.plain(t, v) {
			for k := range b.inst {
				p.sys(0, sysMprotect, b.addr(v, k), pageSize, protOf(true, false))
			}
		}
	}
}

// iovec stores a struct iovec, or several one behind the other: base, length, base, …
func (b *build) iovec(words ...uint64) uint64 {
	a := b.code.Words(len(words))
	for i, w := range words {
		b.code.Set(a+8*uint64(i), w)
	}
	return a
}

// pipe gives the descriptors of the pipe that holds a variable's page for a
// space, by a fixed number that the Go side fills before it forks.
func (b *build) pipe(t int, v *litmus.Var, k int) int {
	n := (b.t.Space(t)*len(b.t.Vars)+b.varIndex(v))*len(b.inst) + k
	b.holds = max(b.holds, n+1)
	return fdPipe + 4*n
}

func (b *build) hold(p *prog, t int, v *litmus.Var, k int) {
	fd := b.pipe(t, v, k)
	p.sys(0, sysVmsplice, fd+1, b.iovec(b.addr(v, k), pageSize), 1, 0)
}

func (b *build) release(p *prog, t int, v *litmus.Var, k int) {
	p.sys(0, sysRead, b.pipe(t, v, k), b.data.Alloc(pageSize), pageSize)
}

// loadHeld reads a word through a held page: tee gives a second pipe a
// reference to the same page, and that one is emptied.
func (b *build) loadHeld(p *prog, t int, v *litmus.Var, k int, dst uint64) {
	fd := b.pipe(t, v, k)
	buf := b.data.Alloc(pageSize)
	p.sys(0, sysTee, fd, fd+3, pageSize, 0)
	p.sys(0, sysRead, fd+2, buf, pageSize)
	p.add(engine.Instr{Op: engine.Move, Dst: dst, Arg: [6]uint64{buf}, Indirect: 1})
}

func (b *build) reg(t, k int, name string) uint64 {
	key := regKey{t, name}
	a, ok := b.inst[k].regs[key]
	if !ok {
		a = b.data.Words(1)
		b.inst[k].regs[key] = a
	}
	return a
}

func (b *build) fault(t, k int, name string) uint64 {
	a := b.data.Words(1)
	b.inst[k].faults = append(b.inst[k].faults, faultSlot{t, name, a})
	return a
}

// op appends one operation on instance k. Operations on the whole machine
// (swapoff) are done for the first instance of a group only.
func (b *build) op(p *prog, t, k int, first bool, op *litmus.Op) {
	var a uint64
	v := b.t.Var(op.Var)
	if v != nil {
		a = b.addr(v, k)
	}
	at := a + uint64(op.Offset)
	flag := b.unchecked()
	if op.HasTag {
		at |= uint64(op.Tag) << 56
		flag = 0
	}
	switch op.Kind {
	case litmus.OpStore:
		if op.Pin {
			b.storePinned(p, t, v, k, uint64(op.Offset), op.Value)
			return
		}
		p.add(engine.Instr{Op: engine.Store, Arg: [6]uint64{at, uint64(op.Value), flag}, FaultTo: b.fault(t, k, op.Var)})
	case litmus.OpLoad:
		if op.Pin && pinsForReading(b.t, t, op.Var) {
			b.loadPinnedForReading(p, t, v, k, b.reg(t, k, op.Reg))
			return
		}
		if op.Pin && b.pins(t, v) {
			b.loadPinned(p, t, v, k, uint64(op.Offset), b.reg(t, k, op.Reg))
			return
		}
		if op.Pin {
			b.loadHeld(p, t, v, k, b.reg(t, k, op.Reg))
			return
		}
		p.add(engine.Instr{Op: engine.Load, Dst: b.reg(t, k, op.Reg), Arg: [6]uint64{at, flag}, FaultTo: b.fault(t, k, op.Var)})
	case litmus.OpTag:
		p.add(engine.Instr{Op: engine.SetTag, Arg: [6]uint64{a + uint64(op.Offset) | uint64(op.Tag)<<56}, FaultTo: b.fault(t, k, op.Var)})
	case litmus.OpReadTag:
		p.add(engine.Instr{Op: engine.GetTag, Dst: b.reg(t, k, op.Reg), Arg: [6]uint64{a + uint64(op.Offset)}, FaultTo: b.fault(t, k, op.Var)})
	case litmus.OpFork:
		b.fork(p, op.Task, k)
	case litmus.OpMmap:
		b.mmap(p, v, k, op.MTE)
	case litmus.OpMunmap:
		p.sys(0, sysMunmap, a, pageSize)
	case litmus.OpMprotect:
		prot := map[string]int{"read": protRead, "write": protRead | protWrite, "none": 0}[op.Advice]
		if op.MTE {
			prot |= protMTE
		}
		p.sys(0, sysMprotect, a, pageSize, prot)
	case litmus.OpMadvise:
		p.sys(0, sysMadvise, a, pageSize, adviceNumber[op.Advice])
	case litmus.OpPageout:
		b.pageout(p, t, op.Task, a)
	case litmus.OpReclaim:
		b.reclaim(p, t, k, v)
	case litmus.OpMerge:
		p.sys(0, sysMadvise, a, pageSize, adviceNumber["mergeable"])
		p.sys(0, sysMadvise, b.addr(b.t.Var(op.Var2), k), pageSize, adviceNumber["mergeable"])
		b.merges++
		p.bump(b.mergeWant, 1)
		p.waitGE(b.merged, b.merges)
	case litmus.OpGet:
		b.hold(p, t, v, k)
	case litmus.OpPin:
		if pinsForReading(b.t, t, op.Var) {
			b.pinForReading(p, t, v, k)
			return
		}
		b.pin(p, t, v, k)
	case litmus.OpUnpin:
		if pinsForReading(b.t, t, op.Var) {
			b.unpinForReading(p, t, v, k)
			return
		}
		b.unpin(p, t, v, k)
	case litmus.OpPut:
		b.release(p, t, v, k)
	case litmus.OpSwapoff, litmus.OpSwapon:
		b.swap(p, op, first)
	case litmus.OpSlotCache:
		b.slotCache(p, op.Advice)
	case litmus.OpBarrier:
		b.meet(p, t, k, op.Name)
	case litmus.OpCopyTags:
		b.peekTags(p, t, k, op, a)
	}
}

// fork starts a task whose program is for this instance only.
func (b *build) fork(p *prog, u, k int) {
	c := &prog{b: b}
	b.newSpace(c, u)
	if !b.ops(c, u, k, k+1) {
		b.observe(c, u, k, k+1)
		c.sys(0, sysExitGroup, 0)
	}
	p.add(engine.Instr{Op: engine.Clone, Dst: b.forkSlot(u, k), Child: c.store(),
		Arg: [6]uint64{sigchld, b.code.Stack(), 0, 0, 0}})
}

// forkSlot holds the pid of the forked task u of an instance.
func (b *build) forkSlot(u, k int) uint64 { return b.reg(u, k, "pid") }

// pageout is process_madvise on a page of another task's space.
func (b *build) pageout(p *prog, t, target int, addr uint64) {
	fd := b.data.Words(1)
	p.sys(fd, sysPidfdOpen, in(b.pid[b.t.Space(target)]), 0)
	p.sys(0, sysProcessMadvise, in(fd), b.iovec(addr, pageSize), 1, madvPageout, 0)
	p.sys(0, sysClose, in(fd))
}

func (b *build) swap(p *prog, op *litmus.Op, first bool) {
	if !first {
		return
	}
	path := b.code.CString(b.paths[op.Area])
	if op.Kind == litmus.OpSwapoff {
		p.sys(0, sysSwapoff, path)
		return
	}
	p.sys(0, sysSwapon, path, 0)
}

// meet is the litmus test's own barrier.
func (b *build) meet(p *prog, t, k int, name string) {
	key := barrierKey{name, k}
	m := b.barriers[key]
	if m == nil {
		m = &barrier{addr: b.data.Word(), of: map[int]uint64{}}
		b.barriers[key] = m
	}
	m.of[t]++
	parties := b.count(func(u int) bool {
		for _, op := range b.t.Tasks[u].Ops {
			if op.Kind == litmus.OpBarrier && op.Name == name {
				return true
			}
		}
		return false
	})
	p.barrier(m.addr, parties*m.of[t])
}

// peekTags reads a tag of another task with PTRACE_PEEKMTETAGS, which needs the
// target to stop; it goes on at once. An error leaves the register 0.
func (b *build) peekTags(p *prog, t, k int, op *litmus.Op, a uint64) {
	pid := in(b.pid[b.t.Space(op.Task)])
	buf := b.data.Words(1)
	iov := b.data.Words(2)
	p.add(engine.Instr{Op: engine.Move, Dst: iov, Arg: [6]uint64{buf}})
	p.add(engine.Instr{Op: engine.Move, Dst: iov + 8, Arg: [6]uint64{1}})
	p.sys(0, sysPtrace, ptSeize, pid, 0, 0)
	p.sys(0, sysPtrace, ptIntr, pid, 0, 0)
	p.sys(0, sysWait4, pid, 0, wAll, 0)
	p.sys(0, sysPtrace, ptPeekMTETags, pid, a+uint64(op.Offset), iov)
	p.sys(0, sysPtrace, ptDetach, pid, 0, 0)
	p.add(engine.Instr{Op: engine.Move, Dst: b.reg(t, k, op.Reg), Arg: [6]uint64{buf}, Indirect: 1})
}
