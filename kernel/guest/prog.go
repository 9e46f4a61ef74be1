//go:build linux

package guest

import "tagswap/kernel/engine"

// prog is a program under construction.
type prog struct {
	b   *build
	ins []engine.Instr
	fix []delayFix
}

type delayFix struct {
	at    int
	bound uint64
}

func (p *prog) add(in engine.Instr) { p.ins = append(p.ins, in) }

// in marks an argument as the address of a slot.
type in uint64

// sys appends a system call; args are numbers or in slots.
func (p *prog) sys(dst uint64, nr uint64, args ...any) {
	p.add(call(dst, nr, args...))
}

func call(dst, nr uint64, args ...any) engine.Instr {
	ins := engine.Instr{Op: engine.Syscall, Dst: dst, NR: nr}
	for i, a := range args {
		switch a := a.(type) {
		case in:
			ins.Arg[i] = uint64(a)
			ins.Indirect |= 1 << i
		case uint64:
			ins.Arg[i] = a
		case int:
			ins.Arg[i] = uint64(int64(a))
		}
	}
	return ins
}

// barrier is a meeting from which all go on at the same moment: who waits spins.
func (p *prog) barrier(addr, n uint64) {
	p.add(engine.Instr{Op: engine.Barrier, Arg: [6]uint64{addr, n}})
}

// gather is a meeting at which nothing is raced for: who waits leaves the CPU to
// those who have still to come.
func (p *prog) gather(addr, n uint64) {
	p.add(engine.Instr{Op: engine.Barrier, Arg: [6]uint64{addr, n, 1}})
}

func (p *prog) waitGE(addr, n uint64) {
	p.add(engine.Instr{Op: engine.WaitGE, Arg: [6]uint64{addr, n, 1}})
}

func (p *prog) bump(addr, n uint64) {
	p.add(engine.Instr{Op: engine.Add, Arg: [6]uint64{addr, n}})
}

// delay appends a delay whose length each round draws anew below bound.
func (p *prog) delay(bound uint64) {
	p.fix = append(p.fix, delayFix{len(p.ins), bound})
	p.add(engine.Instr{Op: engine.Delay})
}

// store places the program in memory and registers its delays.
func (p *prog) store() uint64 {
	a := p.b.code.Program(p.ins)
	for _, f := range p.fix {
		p.b.delays = append(p.b.delays, a+uint64(f.at)*engine.InstrSize+16, f.bound)
	}
	return a
}
