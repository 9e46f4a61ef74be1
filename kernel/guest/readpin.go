//go:build linux

package guest

import (
	"golang.org/x/sys/unix"

	"tagswap/kernel/engine"
	"tagswap/litmus"
)

// A FOLL_PIN reference for reading is held by process_vm_readv, which pins pages
// for reading and then copies them (mm/process_vm_access.c:process_vm_rw_single_vec
// (v6.1)). A helper thread calls it on the task's own memory, and the copy goes by
// three words, of which the first and the last fall into pages that are missing and
// belong to a userfaultfd. So the helper waits in the copy, with the page pinned:
//
//	at the gate  until the test reads through the pin: then the word in between is
//	             copied, and no earlier, for a word is in a register before it faults
//	at the end   until unpin
//
// Pages are pinned before any of them is copied, so for a word at the start of a page
// the one before it comes from a page of its own, mapped for that.
const (
	sysIoctl          = 29
	sysPpoll          = 73
	sysProcessVMReadv = 270
	sysUserfaultfd    = 282

	uffdAPI        = 0xaa
	uffdioAPI      = 0xc018aa3f
	uffdioRegister = 0xc020aa00
	uffdioZeropage = 0xc020aa04
	uffdMissing    = 1
	uffdMsgSize    = 32
	uffdNonblock   = 0o4000

	readPinBase = varBase + 0x800000000
	// pinPatience is how long a task waits for its helper; one that does not come gives
	// an instance that is discarded.
	pinPatience = 500_000_000 // ns
)

// readPin is one page that a space holds pinned for reading.
type readPin struct {
	gate, end uint64   // pages that the helper waits for
	fd        uint64   // slot: the userfaultfd
	event     uint64   // its messages
	wait      uint64   // struct timespec and struct pollfd
	word      uint64   // slot: what was read through the pin
	done      uint64   // counts the helpers that have ended
	pins      uint64   // helpers so far
	give      []uint64 // struct uffdio_zeropage of gate and end
}

// pinsForReading says whether a space pins a variable, and always for reading. What
// is pinned for writing at some time an io_uring holds all the time.
func pinsForReading(t *litmus.Test, task int, name string) bool {
	for _, s := range t.Init {
		if s.Func == "pinned" && s.Var == name && t.Space(s.Task) == t.Space(task) {
			return false
		}
	}
	pins := false
	for u := range t.Tasks {
		for _, op := range t.Tasks[u].Ops {
			if op.Kind != litmus.OpPin || op.Var != name || t.Space(u) != t.Space(task) {
				continue
			}
			if op.Write {
				return false
			}
			pins = true
		}
	}
	return pins
}

func (b *build) readPinOf(t int, v *litmus.Var, k int) *readPin {
	n := (b.t.Space(t)*len(b.t.Vars)+b.varIndex(v))*len(b.inst) + k
	for len(b.readPins) <= n {
		b.readPins = append(b.readPins, nil)
	}
	if b.readPins[n] == nil {
		gate := uint64(readPinBase + 2*n*pageSize)
		r := &readPin{gate: gate, end: gate + pageSize, fd: b.data.Words(1), event: b.data.Alloc(uffdMsgSize),
			wait: b.data.Words(3), word: b.data.Words(1), done: b.data.Word()}
		for _, page := range []uint64{r.gate, r.end} {
			give := b.code.Words(4)
			b.code.Set(give, page)
			b.code.Set(give+8, pageSize)
			r.give = append(r.give, give)
		}
		b.readPins[n] = r
	}
	return b.readPins[n]
}

// pinForReading starts a helper and waits until it stands at the gate.
func (b *build) pinForReading(p *prog, t int, v *litmus.Var, k int) {
	r, addr := b.readPinOf(t, v, k), b.addr(v, k)
	r.pins++
	b.enterGroup(p, v, k) // a page that is made now is this instance's
	p.sys(0, sysMmap, addr-pageSize, pageSize, protRead, mapFixed|mapPrivate|mapAnon, -1, 0)
	p.sys(0, sysMmap, r.gate, 2*pageSize, protOf(true, false), mapFixed|mapPrivate|mapAnon, -1, 0)
	p.sys(r.fd, sysUserfaultfd, uffdNonblock|oCloexec)
	api := b.data.Words(3) // the kernel writes to it, so it begins anew each round
	p.add(engine.Instr{Op: engine.Store, Arg: [6]uint64{api, uffdAPI, 0}})
	p.sys(0, sysIoctl, in(r.fd), uffdioAPI, api)
	reg := b.code.Words(4)
	b.code.Set(reg, r.gate)
	b.code.Set(reg+8, 2*pageSize)
	b.code.Set(reg+16, uffdMissing)
	registered := b.data.Words(1)
	p.sys(registered, sysIoctl, in(r.fd), uffdioRegister, reg)
	b.mustWork(k, registered)

	h := &prog{b: b}
	self, copied := b.data.Words(1), b.data.Words(1)
	h.sys(self, sysGetpid)
	to := b.iovec(r.gate, 8, r.word, 8, r.end, 8)
	h.sys(copied, sysProcessVMReadv, in(self), to, 3, b.iovec(addr-8, 24), 1, 0)
	h.bump(r.done, 1)
	h.add(engine.Instr{Op: engine.Exit})
	b.mustWork(k, copied)
	p.add(engine.Instr{Op: engine.Clone, Child: h.store(),
		Arg: [6]uint64{cloneThread, b.code.Stack(), 0, 0, b.data.Words(1)}})
	b.awaitHelper(p, r, k)
}

// awaitHelper waits until the helper stands before a page, and checks that it does.
func (b *build) awaitHelper(p *prog, r *readPin, k int) {
	store := func(addr, value uint64) {
		p.add(engine.Instr{Op: engine.Store, Arg: [6]uint64{addr, value, 0}})
	}
	store(r.wait, 0)
	store(r.wait+8, pinPatience) // ppoll writes back what is left
	p.add(engine.Instr{Op: engine.Move, Dst: r.wait + 16, Arg: [6]uint64{r.fd}, Indirect: 1})
	p.bump(r.wait+16, unix.POLLIN<<32)
	p.sys(0, sysPpoll, r.wait+16, 1, r.wait, 0, 0)
	came := b.data.Words(1)
	p.sys(came, sysRead, in(r.fd), r.event, uffdMsgSize)
	b.mustWork(k, came)
}

// loadPinnedForReading lets the helper through the gate, and it reads.
func (b *build) loadPinnedForReading(p *prog, t int, v *litmus.Var, k int, dst uint64) {
	r := b.readPinOf(t, v, k)
	p.sys(0, sysIoctl, in(r.fd), uffdioZeropage, r.give[0])
	b.awaitHelper(p, r, k)
	p.add(engine.Instr{Op: engine.Move, Dst: dst, Arg: [6]uint64{r.word}, Indirect: 1})
}

func (b *build) unpinForReading(p *prog, t int, v *litmus.Var, k int) {
	r := b.readPinOf(t, v, k)
	for _, give := range r.give { // the gate may be open
		p.sys(0, sysIoctl, in(r.fd), uffdioZeropage, give)
	}
	p.waitGE(r.done, r.pins)
	p.sys(0, sysClose, in(r.fd))
	p.sys(0, sysMunmap, r.gate, 2*pageSize)
}

// mustWork discards an instance for which a system call has failed.
func (b *build) mustWork(k int, result uint64) {
	b.inst[k].verify = append(b.inst[k].verify, verifySlot{fn: "pinned", pagemap: result})
}

// canPinForReading says whether this kernel has what holds pins for reading.
func canPinForReading() bool {
	fd, _, err := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC|unix.O_NONBLOCK, 0, 0)
	if err != 0 {
		return false
	}
	unix.Close(int(fd))
	_, errReadv := unix.ProcessVMReadv(unix.Getpid(), nil, nil, 0)
	return errReadv == nil
}
