//go:build linux

package guest

import (
	"tagswap/kernel/engine"
	"tagswap/litmus"
)

// viewer is the task through which a location is looked at: the one it names, P0
// when it names none, or another one of the same address space when that one has
// ended. -1 when the address space is gone.
func (b *build) viewer(l litmus.Loc) int {
	t := max(l.Task, 0)
	if !b.exits(t) {
		return t
	}
	for u := range b.t.Tasks {
		if b.t.Space(u) == b.t.Space(t) && !b.exits(u) {
			return u
		}
	}
	return -1
}

// states records swapped() and cached(), which do not touch the page.
func (b *build) states(p *prog, t, k int) {
	for i, l := range b.p.Visible() {
		if (l.Func != "swapped" && l.Func != "cached") || b.viewer(l) != t {
			continue
		}
		v := b.t.Var(l.Name)
		pm, mc := b.look(p, t, b.addr(v, k))
		b.inst[k].raw[i] = [2]uint64{pm, mc}
	}
}

// look reads a page's entry of the task's pagemap, and mincore.
func (b *build) look(p *prog, t int, addr uint64) (pagemap, mincore uint64) {
	pagemap, mincore = b.data.Words(1), b.data.Words(1)
	p.sys(0, sysPread64, in(b.pagemap[b.t.Space(t)]), pagemap, 8, addr/pageSize*8)
	p.sys(0, sysMincore, addr, pageSize, mincore)
	return pagemap, mincore
}

// contents records tags and words; it brings pages back.
func (b *build) contents(p *prog, t, k int) {
	for i, l := range b.p.Visible() {
		v := b.t.Var(l.Name)
		if v == nil || b.viewer(l) != t {
			continue
		}
		addr := b.addr(v, k) + uint64(l.Offset)
		in := engine.Instr{Dst: b.data.Words(1), FaultTo: b.data.Words(1)}
		switch l.Func {
		case "tag":
			in.Op, in.Arg[0] = engine.GetTag, addr
		case "":
			in.Op, in.Arg[0], in.Arg[1] = engine.Load, addr, b.unchecked()
		default:
			continue
		}
		b.inst[k].finals[i], b.inst[k].finalF[i] = in.Dst, in.FaultTo
		p.add(in)
	}
}

// unchecked is the argument with which loads and stores suppress tag checks.
func (b *build) unchecked() uint64 {
	if b.mte {
		return 1
	}
	return 0
}

const (
	pmSwapped = 1 << 62 // pagemap: the page is in swap
	pmPresent = 1 << 63
)

// state tells what pagemap and mincore say.
func stateBit(fn string, shared bool, pagemap, mincore uint64) int {
	out := pagemap&pmSwapped != 0
	if shared {
		out = pagemap&pmPresent == 0
	}
	cached := mincore&1 != 0
	if fn == "swapped" && out && (!shared || !cached) || fn == "cached" && out && cached {
		return 1
	}
	return 0
}

// valid says whether the initial state of an instance was made.
func (b *build) valid(k int) bool {
	for _, s := range b.inst[k].verify {
		if s.fn == "pinned" {
			if int64(b.data.Get(s.pagemap)) < 0 { // an errno of mmap or the registration
				return false
			}
			continue
		}
		pm, mc := b.data.Get(s.pagemap), b.data.Get(s.mincore)
		switch s.fn {
		case "swapped":
			if stateBit("swapped", s.shared, pm, mc) == 0 || mc&1 != 0 {
				return false
			}
		case "cached":
			if stateBit("cached", s.shared, pm, mc) == 0 {
				return false
			}
		}
	}
	return true
}

// values reads the final state of an instance.
func (b *build) value(k int, l litmus.Loc, i int, freeSwap func(k int) int) int {
	in := b.inst[k]
	switch l.Func {
	case "fault":
		for _, f := range in.faults {
			kind := engine.FaultCode(b.data.Get(f.addr)).Kind()
			if f.task == l.Task && kind != "" && (l.Name == "" || l.Name == f.name) && (l.Fault == "" || l.Fault == kind) {
				return 1
			}
		}
		return 0
	case "slots":
		return freeSwap(k)
	case "swapped", "cached":
		r := in.raw[i]
		if r[0] == 0 {
			return 0
		}
		return stateBit(l.Func, b.t.Var(l.Name).Kind == litmus.Shared, b.data.Get(r[0]), b.data.Get(r[1]))
	case "":
		if b.t.Var(l.Name) == nil {
			if a, ok := in.regs[regKey{l.Task, l.Name}]; ok {
				return int(int64(b.data.Get(a)))
			}
			return 0
		}
	}
	// What cannot be read is -1, as in the model: the address space is gone, or the
	// page is not mapped.
	if a, ok := in.finals[i]; ok && b.data.Get(in.finalF[i]) == 0 {
		return int(int64(b.data.Get(a)))
	}
	return -1
}
