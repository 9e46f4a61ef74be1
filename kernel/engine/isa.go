package engine

import "encoding/binary"

// OpCode is what an instruction does.
type OpCode uint64

// The instructions. a0… are the arguments; an argument is an immediate, or, when
// marked so in Instr.Indirect, the address of the word to take it from.
const (
	Exit    OpCode = iota // exit(a0): ends the thread
	Syscall               // result of system call NR(a0…a5)
	Load                  // the 64-bit word at a0; a1: 1 suppresses tag checks
	Store                 // a1 to the word at a0; a2: 1 suppresses tag checks
	SetTag                // STG: the tag of pointer a0 to its granule
	GetTag                // LDG: the tag of the granule at a0
	Barrier               // adds 1 to the word at a0 and waits until it is at least a1; a2: 1 naps meanwhile, instead of spinning
	Delay                 // a0 turns of an empty loop
	Clone                 // clone(a0…a4); the child goes on at Child
	Move                  // a0
	SkipEq                // if a0 == a1, skips a2 instructions
	Add                   // adds a1 to the word at a0, atomically
	WaitGE                // waits until the word at a0 is at least a1; a2 as in Barrier
	TagPage               // STG on all 256 granules of the page at a0
	GetTags               // LDG on all granules: tag of the first in bits 0-3, number of those that differ in bits 8 and up
)

// InstrSize is the size of an instruction in memory, in bytes.
const InstrSize = 128

// Instr is one instruction. Dst and FaultTo are addresses of words, 0 for none.
type Instr struct {
	Op       OpCode
	Dst      uint64
	Arg      [6]uint64
	Indirect uint64 // bit i: Arg[i] is an address
	NR       uint64 // Syscall
	FaultTo  uint64 // memory accesses: FaultCode of a fault
	Child    uint64 // Clone: address of the child's program
}

// put encodes the instruction; the assembly knows this layout.
func (in *Instr) put(b []byte) {
	w := [InstrSize / 8]uint64{
		uint64(in.Op), in.Dst,
		in.Arg[0], in.Arg[1], in.Arg[2], in.Arg[3], in.Arg[4], in.Arg[5],
		in.Indirect, in.NR, in.FaultTo, in.Child,
	}
	for i, v := range w {
		binary.LittleEndian.PutUint64(b[8*i:], v)
	}
}

// FaultCode is what a faulting access leaves in its fault slot: the signal in
// the upper half, si_code in the lower.
type FaultCode uint64

// Kind names a fault in the words of the litmus language: TagCheck,
// Translation or Bus; "" for no fault.
func (f FaultCode) Kind() string {
	sig, code := f>>32, uint32(f)
	switch {
	case f == 0:
		return ""
	case sig == 7:
		return "Bus"
	case sig == 11 && (code == 8 || code == 9): // SEGV_MTEAERR, SEGV_MTESERR
		return "TagCheck"
	}
	return "Translation"
}
