//go:build linux

package guest

import (
	"tagswap/kernel/engine"
	"tagswap/litmus"
)

// System calls of arm64 (asm-generic/unistd.h) and the constants they take.
const (
	sysOpenat           = 56
	sysClose            = 57
	sysRead             = 63
	sysPread64          = 67
	sysVmsplice         = 75
	sysTee              = 77
	sysExitGroup        = 94
	sysSetTidAddress    = 96
	sysNanosleep        = 101
	sysPtrace           = 117
	sysSchedSetaffinity = 122
	sysRtSigaction      = 134
	sysRtSigprocmask    = 135
	sysPrctl            = 167
	sysGetpid           = 172
	sysSysinfo          = 179
	sysMunmap           = 215
	sysMmap             = 222
	sysSwapon           = 224
	sysSwapoff          = 225
	sysMprotect         = 226
	sysMincore          = 232
	sysMadvise          = 233
	sysWait4            = 260
	sysMlock2           = 284
	sysPidfdOpen        = 434
	sysProcessMadvise   = 440

	sigbus, sigkill, sigsegv, sigchld = 7, 9, 11, 17

	sigSetmask = 2
	atFDCWD    = -100
	oRdonly    = 0
	oCloexec   = 0o2000000

	prSetPdeathsig      = 1
	prSetTHPDisable     = 41
	prSetTaggedAddrCtrl = 55
	prTaggedAddrEnable  = 1
	prMTETCFSync        = 2
	prMTETagShift       = 3

	protRead, protWrite, protMTE  = 1, 2, 0x20
	mapShared, mapPrivate         = 1, 2
	mapFixed, mapAnon             = 0x10, 0x20
	mlockOnfault                  = 1
	wAll                          = 0x40000000 // __WALL
	ptDetach, ptSeize, ptIntr     = 17, 0x4206, 0x4207
	ptPeekMTETags                 = 33
	cloneVM, cloneFS, cloneFiles  = 0x100, 0x200, 0x400
	cloneSighand, cloneThreadFlag = 0x800, 0x10000
	cloneSysvsem, cloneClearTid   = 0x40000, 0x200000
	cloneThread                   = cloneVM | cloneFS | cloneFiles | cloneSighand | cloneThreadFlag | cloneSysvsem | cloneClearTid
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

// writes says whether the root task t writes a variable's first contents: each
// space its own anonymous ones, and the first space that maps it a shared one.
func (b *build) writes(t int, v *litmus.Var) bool {
	if v.Unmapped || !b.t.Maps(t, v) || b.has("untouched", t, v.Name) {
		return false
	}
	if v.Kind == litmus.Anon {
		return true
	}
	for u := range b.t.Tasks {
		if b.isRoot(u) && b.t.Maps(u, v) && !(varMTE(v) && b.plain(u, v)) {
			return u == t
		}
	}
	return false
}

func (b *build) has(fn string, t int, name string) bool {
	for _, s := range b.t.Init {
		if s.Func == fn && s.Var == name && b.t.Space(s.Task) == b.t.Space(t) {
			return true
		}
	}
	return false
}

// initSpace writes the first contents and makes the initial states of a space.
func (b *build) initSpace(p *prog, t int) {
	root := b.isRoot(t)
	for i := range b.t.Vars {
		v := &b.t.Vars[i]
		if !root || !b.writes(t, v) {
			continue
		}
		for k := range b.inst {
			a := b.addr(v, k)
			p.add(engine.Instr{Op: engine.Store, Arg: [6]uint64{a, uint64(v.Value), b.unchecked()}})
			if varMTE(v) && v.Tag != 0 {
				p.add(engine.Instr{Op: engine.TagPage, Arg: [6]uint64{a | uint64(v.Tag)<<56}})
			}
		}
	}
	b.heldAndOut(p, t)
	for i := range b.t.Vars {
		v := &b.t.Vars[i]
		for k := range b.inst {
			if v.Locked && root && b.t.Maps(t, v) {
				p.sys(0, sysMlock2, b.addr(v, k), pageSize, mlockOnfault)
			}
			if v.ReadOnly && root && b.t.Maps(t, v) {
				p.sys(0, sysMprotect, b.addr(v, k), pageSize, protOf(false, varMTE(v) && !b.plain(t, v)))
			}
		}
	}
}

// heldAndOut makes got, swapped and cached. MADV_PAGEOUT on a disk leaves the
// clean folio in the swap cache until somebody reclaims again; mapping it by a
// read and paging out once more frees it. A folio that somebody holds stays in
// the swap cache, so that cached() on a synchronous device holds it for a while.
func (b *build) heldAndOut(p *prog, t int) {
	async := !b.t.Machine.Areas[0].Sync
	type target struct {
		s litmus.InitState
		v *litmus.Var
	}
	var out []target
	for _, s := range b.t.Init {
		if b.t.Space(s.Task) != t {
			continue
		}
		v := b.t.Var(s.Var)
		switch s.Func {
		case "pinned":
			for k := range b.inst {
				b.pin(p, t, v, k)
			}
		case "got":
			for k := range b.inst {
				b.hold(p, t, v, k)
			}
		case "swapped", "cached":
			out = append(out, target{s, v})
		}
	}
	for _, o := range out {
		drop := o.s.Func == "cached" && !async && !b.has("got", t, o.v.Name)
		for k := range b.inst {
			if drop {
				b.hold(p, t, o.v, k)
			}
			p.sys(0, sysMadvise, b.addr(o.v, k), pageSize, madvPageout)
			if drop {
				b.release(p, t, o.v, k)
			}
		}
	}
	for range 2 {
		if !async || len(out) == 0 {
			break
		}
		p.sys(0, sysNanosleep, b.pause(2_000_000), 0) // writeback
		for _, o := range out {
			for k := range b.inst {
				if o.s.Func == "swapped" {
					p.add(engine.Instr{Op: engine.Load, Arg: [6]uint64{b.addr(o.v, k), b.unchecked()}})
					p.sys(0, sysMadvise, b.addr(o.v, k), pageSize, madvPageout)
				}
			}
		}
	}
	for _, o := range out {
		for k := range b.inst {
			pm, mc := b.look(p, t, b.addr(o.v, k))
			b.inst[k].verify = append(b.inst[k].verify, verifySlot{o.s.Func, pm, mc, o.v.Kind == litmus.Shared})
		}
	}
}

// pause stores a struct timespec.
func (b *build) pause(ns uint64) uint64 {
	a := b.code.Words(2)
	b.code.Set(a+8, ns)
	return a
}

// iovec stores a struct iovec.
func (b *build) iovec(base, n uint64) uint64 {
	a := b.code.Words(2)
	b.code.Set(a, base)
	b.code.Set(a+8, n)
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
		b.pin(p, t, v, k)
	case litmus.OpUnpin:
		b.unpin(p, t, v, k)
	case litmus.OpPut:
		b.release(p, t, v, k)
	case litmus.OpSwapoff, litmus.OpSwapon:
		b.swap(p, op, first)
	case litmus.OpSlotCache: // drain: swapfile.c:swapoff (v6.1) empties every CPU's cache
		spare := b.code.CString(b.paths[len(b.t.Machine.Areas)])
		p.sys(0, sysSwapon, spare, 0)
		p.sys(0, sysSwapoff, spare)
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

// reclaim pages a variable, or all, out of the first space that maps it.
func (b *build) reclaim(p *prog, t, k int, v *litmus.Var) {
	for i := range b.t.Vars {
		w := &b.t.Vars[i]
		if v != nil && v != w {
			continue
		}
		for u := range b.t.Tasks {
			if b.t.Maps(u, w) && b.t.Space(u) == u && !b.forked(u) {
				b.pageout(p, t, u, b.addr(w, k))
				break
			}
		}
	}
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
