package mm

import "fmt"

// FlipByte changes a byte of the page that m has of v, behind everybody's back.
func (k *Kernel) FlipByte(m *MM, v, at int) {
	k.nat.memory.data[PTE(m.at[v].pte.Peek()).pfn()][at] ^= 1
}

// FlipTag changes the tag of a granule.
func (k *Kernel) FlipTag(m *MM, v, g int) {
	t := &k.nat.memory.tags[PTE(m.at[v].pte.Peek()).pfn()]
	t.Set(g, t.Get(g)^1)
}

// Trace calls note before each step of a task that a machine cannot know the result
// of, with the list that the step is in and what is in the registers that it reads.
// The lists run in frames of their own when frames says so, and flat otherwise.
func (k *Kernel) Trace(frames bool, note func(what string)) {
	at := func(f *Frame, fn *Func, pc int) {
		s := fn.Code[pc].Step
		if s.fixed != nil {
			if _, known := s.fixed(k); known {
				return
			}
		}
		read := Frame{fn: fn, pc: pc}
		read.take(f, effectOf(s).reads)
		note(fmt.Sprintf("%s: %s %x", fn.Name, s.Name, read.hash(0)))
	}
	act := func(fn *Func, pc int, do func(*Kernel, *Frame)) func(*Kernel, *Frame) {
		return func(k *Kernel, f *Frame) { at(f, fn, pc); do(k, f) }
	}
	test := func(fn *Func, pc int, do func(*Kernel, *Frame) bool) func(*Kernel, *Frame) bool {
		return func(k *Kernel, f *Frame) bool { at(f, fn, pc); return do(k, f) }
	}
	for i, fl := range k.nat.flat {
		for pc := range fl.code {
			o, p := &fl.code[pc], fl.places[pc]
			switch {
			case p.fn == nil || p.fn.Code[p.pc].Step == nil:
			case o.act != nil:
				o.act = act(p.fn, p.pc, o.act)
			default:
				o.test = test(p.fn, p.pc, o.test)
			}
		}
		if frames {
			k.nat.flat[i] = nil
		}
	}
	for _, fn := range k.P.Funcs {
		for pc := range fn.Code {
			switch in := &fn.Code[pc]; {
			case in.act != nil:
				in.act = act(fn, pc, in.act)
			case in.test != nil:
				in.test = test(fn, pc, in.test)
			case in.arg != nil:
				in.test = test(fn, pc, func(k *Kernel, f *Frame) bool { return in.Step.Run(k, f, in.Arg) })
			}
		}
	}
}

// Mappers are the address spaces that walks look at for v.
func (k *Kernel) Mappers(v int) (ids []int) {
	for id := k.nextMM(0, v); id < k.nmm; id = k.nextMM(id+1, v) {
		ids = append(ids, id)
	}
	return ids
}
