//go:build linux

package guest

import (
	"tagswap/kernel/engine"
	"tagswap/litmus"
)

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
		if b.t.Filler(v) != t {
			continue
		}
		for k := range b.inst {
			a := b.addr(v, k)
			b.enterGroup(p, v, k)
			p.add(engine.Instr{Op: engine.Store, Arg: [6]uint64{a, uint64(v.Value), b.unchecked()}})
			if varMTE(v) && v.Tag != 0 {
				p.add(engine.Instr{Op: engine.TagPage, Arg: [6]uint64{a | uint64(v.Tag)<<56}})
			}
		}
	}
	b.lru(p)
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
		p.sys(0, sysNanosleep, b.writeback, 0)
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

// firstPause is how long a round first waits for writeback to a disk to end.
const firstPause = 2_000_000 // ns

// waitLonger doubles the wait for writeback, for a machine that is busy.
func (b *build) waitLonger() { b.code.Set(b.writeback+8, 2*b.code.Get(b.writeback+8)) }
