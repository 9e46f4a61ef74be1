package engine

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrArch says that the engine has no assembly for this machine.
var ErrArch = errors.New("tasks run on arm64 only")

// Region is memory that the Go side shares with all tasks, at the same address
// in each. It is carved up once per round and reused after Reset.
type Region struct {
	mem  []byte
	base uint64
	used int
}

// NewRegion maps a region of size bytes. It fails only for want of memory.
func NewRegion(size int) (*Region, error) {
	mem, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("shared memory of %d bytes: %w", size, err)
	}
	return &Region{mem: mem, base: uint64(uintptr(unsafe.Pointer(&mem[0])))}, nil
}

// Close unmaps the region; no task may be running.
func (r *Region) Close() error { return unix.Munmap(r.mem) }

// Reset frees and zeroes everything that was carved out.
func (r *Region) Reset() {
	clear(r.mem[:r.used])
	r.used = 0
}

// Zero zeroes everything that was carved out, and keeps it carved out.
func (r *Region) Zero() { clear(r.mem[:r.used]) }

// Alloc returns the address of n zeroed bytes, aligned to 16.
func (r *Region) Alloc(n int) uint64 {
	n = (n + 15) &^ 15
	if r.used+n > len(r.mem) {
		panic(fmt.Sprintf("tagswap internal: engine region of %d bytes is full", len(r.mem)))
	}
	a := r.base + uint64(r.used)
	r.used += n
	return a
}

// Word allocates one slot, alone in its cache line.
func (r *Region) Word() uint64 { return r.Alloc(64) }

// Words allocates n slots one behind the other.
func (r *Region) Words(n int) uint64 { return r.Alloc(8 * n) }

// Bytes is the memory at an address that Alloc gave.
func (r *Region) Bytes(addr uint64, n int) []byte {
	off := int(addr - r.base)
	return r.mem[off : off+n]
}

// CString stores a string with a terminating zero and returns its address.
func (r *Region) CString(s string) uint64 {
	a := r.Alloc(len(s) + 1)
	copy(r.Bytes(a, len(s)), s)
	return a
}

func (r *Region) word(addr uint64) *uint64 {
	return (*uint64)(unsafe.Pointer(&r.mem[addr-r.base]))
}

// Get reads a slot atomically.
func (r *Region) Get(addr uint64) uint64 { return atomic.LoadUint64(r.word(addr)) }

// Set writes a slot atomically.
func (r *Region) Set(addr, v uint64) { atomic.StoreUint64(r.word(addr), v) }

// Program stores instructions and returns their address.
func (r *Region) Program(ins []Instr) uint64 {
	a := r.Alloc(len(ins) * InstrSize)
	r.put(a, ins)
	return a
}

func (r *Region) put(a uint64, ins []Instr) {
	b := r.Bytes(a, len(ins)*InstrSize)
	for i := range ins {
		ins[i].put(b[i*InstrSize:])
	}
}

// Reserve makes room for n instructions, to be written by Fill: clone needs the
// child's address before the child's program is known.
func (r *Region) Reserve(n int) uint64 { return r.Alloc(n * InstrSize) }

// Fill writes a program into room that Reserve made.
func (r *Region) Fill(addr uint64, ins []Instr) { r.put(addr, ins) }

// StackSize is what a task gets: it calls nothing, but a signal frame with all
// vector state must fit.
const StackSize = 64 << 10

// Stack allocates a stack and returns its top.
func (r *Region) Stack() uint64 { return (r.Alloc(StackSize) + StackSize) &^ 15 }

// SigAction stores a struct sigaction of the kernel for the engine's handler.
func (r *Region) SigAction() uint64 {
	const siginfo, nodefer = 4, 0x40000000
	a := r.Words(4)
	r.Set(a, uint64(handlerPC()))
	r.Set(a+8, siginfo|nodefer)
	return a
}

// Spawn starts a process that runs prog on a stack that Stack gave; its memory
// is a copy of this one's. It returns the process id.
func Spawn(prog, stack uint64) (int, error) {
	if !Supported {
		return 0, ErrArch
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// A signal for the Go runtime that reached the child would run the runtime's
	// handler there; the child inherits this mask.
	var all, old unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &old); err != nil {
		return 0, err
	}
	pid := int(spawn(uintptr(unix.SIGCHLD), uintptr(stack), uintptr(prog)))
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil); err != nil {
		return 0, err
	}
	if pid < 0 {
		return 0, fmt.Errorf("fork: %w", unix.Errno(-pid))
	}
	return pid, nil
}
