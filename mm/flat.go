package mm

// Natively an entry function runs as one list: the lists that it calls are put in
// where they are called, and all share one frame. What a callee does to registers
// that are its own is undone behind the call, where the caller still looks at them;
// effects says which steps do. What is shared is accessed by the same steps in the
// same order as under the explorer.

// flat is an entry function in that form. It is immutable.
type flat struct {
	code   []flatOp
	places []flatPlace // where each op stands in the step lists
	saves  int         // frames that it saves registers in
}

// flatOp is one op: act and go on with the next, or test and go on with the next
// when the result is want, else with to.
type flatOp struct {
	act  func(k *Kernel, f *Frame)
	test func(k *Kernel, f *Frame) bool
	to   int32
	want bool
}

// flatPlace is an instruction of a step list, and the place of the call that led
// to the list.
type flatPlace struct {
	fn     *Func
	pc     int
	caller *flatPlace // nil: the list is the entry function
}

// runFlat runs an entry function in f.
func (k *Kernel) runFlat(fl *flat, f *Frame) bool {
	code, pc := fl.code, 0
	for {
		o := &code[pc]
		f.pc = pc
		if o.act != nil {
			o.act(k, f)
			pc++
			continue
		}
		if o.test(k, f) == o.want {
			pc++
			continue
		}
		if pc = int(o.to); pc < 0 {
			return pc == Return
		}
	}
}

// callFlat runs fl, with frames to save registers in.
func (k *Kernel) callFlat(fl *flat, f *Frame) bool {
	t := f.t
	saved := t.nsaved
	if t.nsaved += fl.saves; t.nsaved > len(t.saved) {
		panic("tagswap internal: step lists call each other too deeply")
	}
	f.flat, f.saved = fl, t.saved[saved:t.nsaved]
	ok := k.runFlat(fl, f)
	t.nsaved = saved
	return ok
}

// node is an op on its way into a flat list.
type node struct {
	flatPlace
	step    *Step // nil: it saves or restores registers, or is one of the two ends
	act     func(k *Kernel, f *Frame)
	test    func(k *Kernel, f *Frame) bool
	yes, no *node // the same for what is not tested
	effect  effect
	save    *isolation
	restore *isolation
	live    regSet // registers that are looked at from here on
	at      int    // in the flat list, plus one
}

// isolation is what keeps a call's caller and callee apart: a frame in which
// registers are saved meanwhile.
type isolation struct {
	outer *isolation // of the call around this one; nil: none
	regs  regSet     // that the callee may write and does not give back
	live  regSet     // those of them that the caller looks at afterwards
}

// frame is which of a task's frames is used: each call that saves anything has its
// own. 0: no call does.
func (i *isolation) frame() int {
	switch {
	case i == nil:
		return 0
	case i.live == 0:
		return i.outer.frame()
	}
	return i.outer.frame() + 1
}

// flattener makes the flat form of one entry function.
type flattener struct {
	k     *Kernel
	nodes []*node
}

// flatten makes the flat form of fn on the machine of k.
func (k *Kernel) flatten(fn *Func) *flat {
	b := &flattener{k: k}
	end, endFalse := &node{}, &node{}
	first := b.list(fn, nil, nil, end, endFalse)
	b.liveness()
	w := &flatWriter{fl: &flat{}, end: end, endFalse: endFalse}
	w.write(first)
	return w.fl
}

// list puts in a list, which caller calls, and returns where it starts. yes and no
// come after it.
func (b *flattener) list(fn *Func, caller *flatPlace, outer *isolation, yes, no *node) *node {
	made := make([]*node, len(fn.Code))
	var at func(pc int) *node
	at = func(pc int) *node {
		switch {
		case pc == Return:
			return yes
		case pc == ReturnFalse:
			return no
		case made[pc] != nil:
			return made[pc]
		}
		in := &fn.Code[pc]
		if in.Step == nil && in.Call == nil {
			return at(in.True)
		}
		if in.Step != nil && in.Step.fixed != nil {
			if result, known := in.Step.fixed(b.k); known {
				if result {
					return at(in.True)
				}
				return at(in.False)
			}
		}
		n := b.node(flatPlace{fn, pc, caller})
		made[pc] = n
		if in.Step != nil {
			n.step, n.effect = in.Step, effectOf(in.Step)
			n.act, n.test = in.native()
			n.yes, n.no = at(in.True), at(in.False)
			return n
		}
		b.call(n, in.Call, outer, at(in.True), at(in.False))
		return n
	}
	return at(0)
}

func (b *flattener) node(p flatPlace) *node {
	n := &node{flatPlace: p}
	b.nodes = append(b.nodes, n)
	return n
}

// call makes n the call of fn.
func (b *flattener) call(n *node, fn *Func, outer *isolation, yes, no *node) {
	iso := &isolation{outer: outer, regs: writes(fn) &^ fn.back}
	behind := func(next *node) *node {
		r := b.node(n.flatPlace)
		r.restore, r.yes, r.no = iso, next, next
		return r
	}
	rest := behind(yes)
	restFalse := rest
	if no != yes {
		restFalse = behind(no)
	}
	n.save = iso
	n.yes = b.list(fn, &n.flatPlace, iso, rest, restFalse)
	n.no = n.yes
}

// writes are the registers that fn or what it calls may write.
func writes(fn *Func) (w regSet) {
	for i := range fn.Code {
		switch in := &fn.Code[i]; {
		case in.Step != nil:
			w |= effectOf(in.Step).writes
		case in.Call != nil:
			w |= writes(in.Call)
		}
	}
	return w
}

// liveness finds which registers are looked at from each node on.
func (b *flattener) liveness() {
	for changed := true; changed; {
		changed = false
		for i := len(b.nodes) - 1; i >= 0; i-- {
			n := b.nodes[i]
			live := n.yes.live | n.no.live
			switch {
			case n.save != nil:
				live |= n.save.live
			case n.restore != nil:
				n.restore.live |= live & n.restore.regs
				live &^= n.restore.regs
			default:
				live = live&^n.effect.sure | n.effect.reads
			}
			if live != n.live {
				n.live, changed = live, true
			}
		}
	}
}

// flatWriter puts nodes into a row.
type flatWriter struct {
	fl            *flat
	end, endFalse *node
}

// write puts n, and what comes after it, at the end of the row, unless it is there.
func (w *flatWriter) write(n *node) {
	for {
		n = w.real(n)
		if n == w.end || n == w.endFalse || n.at > 0 {
			w.jump(n)
			return
		}
		w.fl.code = append(w.fl.code, flatOp{})
		w.fl.places = append(w.fl.places, n.flatPlace)
		at := len(w.fl.code)
		n.at = at
		yes, no := w.real(n.yes), w.real(n.no)
		if yes == no {
			w.fl.code[at-1] = flatOp{act: w.act(n)}
			n = yes
			continue
		}
		// What is there already is jumped to, and so are ends.
		next, to, want := yes, no, true
		if w.there(yes) && !w.there(no) {
			next, to, want = no, yes, false
		}
		w.write(next)
		if !w.there(to) {
			w.write(to)
		}
		w.fl.code[at-1] = flatOp{test: n.test, want: want, to: w.target(to)}
		return
	}
}

func (w *flatWriter) there(n *node) bool { return n == w.end || n == w.endFalse || n.at > 0 }

// real skips what does nothing.
func (w *flatWriter) real(n *node) *node {
	for n.save != nil && n.save.live == 0 || n.restore != nil && n.restore.live == 0 {
		n = n.yes
	}
	return n
}

func (w *flatWriter) target(n *node) int32 {
	switch n {
	case w.end:
		return Return
	case w.endFalse:
		return ReturnFalse
	}
	return int32(n.at - 1)
}

// jump ends a row that goes on elsewhere.
func (w *flatWriter) jump(n *node) {
	w.fl.code = append(w.fl.code, flatOp{test: no, want: true, to: w.target(n)})
	w.fl.places = append(w.fl.places, flatPlace{})
}

func no(*Kernel, *Frame) bool { return false }

// act is what n does when it has no result.
func (w *flatWriter) act(n *node) func(k *Kernel, f *Frame) {
	switch {
	case n.save != nil:
		regs, d := n.save.live, n.save.frame()
		w.fl.saves = max(w.fl.saves, d)
		return func(_ *Kernel, f *Frame) { f.saved[d-1].take(f, regs) }
	case n.restore != nil:
		regs, d := n.restore.live, n.restore.frame()
		return func(_ *Kernel, f *Frame) { f.take(&f.saved[d-1], regs) }
	case n.act != nil:
		return n.act
	}
	test := n.test
	return func(k *Kernel, f *Frame) { test(k, f) }
}
