//go:build linux

package guest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"tagswap/kernel/engine"
	"tagswap/litmus"
)

// A FOLL_PIN reference for writing is held as devices hold one: by registering the page as a
// buffer of an io_uring. Reads and writes through the pin are WRITE_FIXED and
// READ_FIXED to and from a small file. The Go side makes the rings and files under
// fixed descriptors; tasks map them where the kernel likes (6.1 refuses any other
// place) and fill in one submission after the other.
const (
	sysIoUringEnter    = 426
	sysIoUringRegister = 427

	fdRing            = 2000       // + ring
	fdRingFile        = 2500       // + ring
	offSQEs           = 0x10000000 // IORING_OFF_SQES
	opReadFixed       = 4
	opWriteFixed      = 5
	registerBuffers   = 0
	unregisterBuffers = 1
	enterGetEvents    = 1
	mapPopulate       = 0x8000

	// Offsets in struct io_uring_params: of the ring's indices.
	paramsSQTail = 44
	paramsCQHead = 80
)

// ringLayout is where a kernel keeps the indices that user space moves on. Up to
// 6.x each has a cache line of its own; 7.2 packs head and tail into 8 bytes.
type ringLayout struct{ sqTail, cqHead uint64 }

func (l ringLayout) packed() bool { return l == ringLayout{4, 8} }

func (l ringLayout) known() bool { return l.packed() || l == ringLayout{64, 128} }

// ring is one page that a space holds pinned.
type ring struct {
	submitted uint64
	sqe       [6]uint64 // slots with the addresses of the submission's words
	sq, cq    uint64    // slots with the addresses of the words to move on
	stores    []uint64  // values that store pin() writes, at 8, 16, … in the file
}

// ringOf gives the number of the ring for a variable in a task's space.
func (b *build) ringOf(t int, v *litmus.Var, k int) int {
	n := (b.t.Space(t)*len(b.t.Vars)+b.varIndex(v))*len(b.inst) + k
	for len(b.rings) <= n {
		b.rings = append(b.rings, nil)
	}
	if b.rings[n] == nil {
		b.rings[n] = &ring{}
	}
	return n
}

// pin maps a ring and registers the page with it. The instance is discarded when
// one of them fails.
func (b *build) pin(p *prog, t int, v *litmus.Var, k int) {
	n := b.ringOf(t, v, k)
	r := b.rings[n]
	ringAt, sqesAt, registered := b.data.Words(1), b.data.Words(1), b.data.Words(1)
	flags := mapShared | mapPopulate
	p.sys(ringAt, sysMmap, 0, pageSize, protOf(true, false), flags, fdRing+n, 0)
	p.sys(sqesAt, sysMmap, 0, pageSize, protOf(true, false), flags, fdRing+n, offSQEs)
	behind := func(base, off uint64) uint64 {
		slot := b.data.Words(1)
		p.add(engine.Instr{Op: engine.Move, Dst: slot, Arg: [6]uint64{base}, Indirect: 1})
		p.add(engine.Instr{Op: engine.Add, Arg: [6]uint64{slot, off}})
		return slot
	}
	for i := range r.sqe {
		r.sqe[i] = behind(sqesAt, 8*uint64(i))
	}
	l := b.layout
	if l.packed() {
		l.sqTail -= 4 // head and tail are stored as one word
	}
	r.sq, r.cq = behind(ringAt, l.sqTail), behind(ringAt, l.cqHead)
	p.sys(registered, sysIoUringRegister, fdRing+n, registerBuffers, b.iovec(b.addr(v, k), pageSize), 1)
	for _, slot := range []uint64{ringAt, sqesAt, registered} {
		b.mustWork(k, slot)
	}
}

func (b *build) unpin(p *prog, t int, v *litmus.Var, k int) {
	p.sys(0, sysIoUringRegister, fdRing+b.ringOf(t, v, k), unregisterBuffers, 0, 0)
}

// transfer moves one word between the pinned page and the ring's file.
func (b *build) transfer(p *prog, n int, op, fileOff, addr uint64) {
	r := b.rings[n]
	store := func(slot, value uint64) {
		p.add(engine.Instr{Op: engine.Store, Arg: [6]uint64{slot, value, 0}, Indirect: 1})
	}
	for i, w := range []uint64{op | uint64(fdRingFile+n)<<32, fileOff, addr, 8, 0, 0} {
		store(r.sqe[i], w)
	}
	// Where head and tail share a word, the kernel's half of it is known: nothing
	// is under way.
	was := r.submitted
	r.submitted++
	sq, cq := r.submitted, r.submitted
	if b.layout.packed() {
		sq, cq = was|r.submitted<<32, r.submitted|r.submitted<<32
	}
	store(r.sq, sq)
	p.sys(0, sysIoUringEnter, fdRing+n, 1, 1, enterGetEvents, 0, 0)
	store(r.cq, cq)
}

func (b *build) loadPinned(p *prog, t int, v *litmus.Var, k int, off, dst uint64) {
	n := b.ringOf(t, v, k)
	b.transfer(p, n, opWriteFixed, 0, b.addr(v, k)+off)
	p.sys(0, sysPread64, fdRingFile+n, dst, 8, 0)
}

func (b *build) storePinned(p *prog, t int, v *litmus.Var, k int, off uint64, value int) {
	n := b.ringOf(t, v, k)
	b.rings[n].stores = append(b.rings[n].stores, uint64(value))
	b.transfer(p, n, opReadFixed, 8*uint64(len(b.rings[n].stores)), b.addr(v, k)+off)
}

// pins says whether a space holds a variable by pin, rather than by get.
func (b *build) pins(t int, v *litmus.Var) bool {
	if b.has("pinned", t, v.Name) {
		return true
	}
	for u := range b.t.Tasks {
		for _, op := range b.t.Tasks[u].Ops {
			if op.Kind == litmus.OpPin && op.Var == v.Name && b.t.Space(u) == b.t.Space(t) {
				return true
			}
		}
	}
	return false
}

// makeRing makes an io_uring of one entry.
func makeRing() (fd int, l ringLayout, err error) {
	var params [120]byte
	r, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params[0])), 0)
	if e != 0 {
		return -1, l, e
	}
	l = ringLayout{uint64(binary.LittleEndian.Uint32(params[paramsSQTail:])), uint64(binary.LittleEndian.Uint32(params[paramsCQHead:]))}
	if !l.known() {
		unix.Close(int(r))
		return -1, l, fmt.Errorf("io_uring of another layout: tail at %d, head at %d", l.sqTail, l.cqHead)
	}
	return int(r), l, nil
}

// canPin says whether this kernel lets us make rings, and of what layout.
func canPin() (ringLayout, bool) {
	fd, l, err := makeRing()
	if err != nil {
		return l, false
	}
	unix.Close(fd)
	return l, true
}

// openRings makes the rings and files of a round; place puts a descriptor under
// its fixed number.
func (b *build) openRings(place func(fd, at int) error) error {
	for n, r := range b.rings {
		if r == nil {
			continue
		}
		fd, _, err := makeRing()
		if err != nil {
			return fmt.Errorf("io_uring: %w", err)
		}
		file, err := unix.MemfdCreate("tagswap-pin", 0)
		if err != nil {
			return errors.Join(err, unix.Close(fd))
		}
		words := make([]byte, 8*(len(r.stores)+1))
		for i, v := range r.stores {
			binary.LittleEndian.PutUint64(words[8*(i+1):], v)
		}
		if _, err := unix.Pwrite(file, words, 0); err != nil {
			return err
		}
		if err := errors.Join(place(fd, fdRing+n), place(file, fdRingFile+n)); err != nil {
			return err
		}
	}
	return nil
}
