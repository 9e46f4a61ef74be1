package mm

import "tagswap/mte"

// Frame holds the registers of one call of a function: what the kernel's
// functions keep in local variables and in struct vm_fault. A callee starts with
// a copy of its caller's registers and gives back those that its list names.
type Frame struct {
	t         *Task
	fn        *Func   // the list that runs, and where it stands
	pc        int     // in fn, or in flat
	flat      *flat   // natively: what runs instead of fn
	saved     []Frame // and where it saves registers
	mm        *MM
	v         int  // the variable: which page of mm
	write     bool // FAULT_FLAG_WRITE
	unshare   bool // FAULT_FLAG_UNSHARE
	pin       bool // FOLL_PIN
	orig      PTE  // vmf->orig_pte, or the PTE that a walk found
	old       PTE  // what set_pte_at finds in the table
	pte       PTE  // the PTE that is being built
	entry     Entry
	folio     *Folio
	swapcache *Folio
	fresh     *Folio // the new page of a copy
	exclusive bool
	anonExcl  bool // PageAnonExclusive as read before the PTE was cleared
	needClear bool // has_cache pinned by this fault
	usage     int  // what __swap_entry_free_locked left
	err       int
	rec       mte.Ref
	oldrec    mte.Ref
	child     *MM
	area      int
	it        int  // rmap, mmlist and slot walks
	zap       bool // the mapping goes for good: munmap, exit, MADV_DONTNEED
}

// errors of swapcache_prepare
const (
	errNone = iota
	errExist
	errNoEnt
)

// call runs a step list. It returns the list's result.
func (k *Kernel) call(fn *Func, f *Frame) bool {
	f.fn = fn
	pc := 0
	for {
		in := &fn.Code[pc]
		ok := true
		switch {
		case in.Step != nil:
			f.pc = pc
			k.X.Forgotten()
			if k.X.Tracing() {
				k.X.Note(fn.Name + ": " + in.Step.Name)
			}
			ok = in.Step.Run(k, f, in.Arg)
		case in.Call != nil:
			f.pc = pc
			ok = k.enter(in.Call, f)
		}
		next := in.False
		if ok {
			next = in.True
		}
		if next < 0 {
			return next == Return
		}
		pc = next
	}
}

// enter calls fn with a copy of the caller's registers.
func (k *Kernel) enter(fn *Func, f *Frame) bool {
	t := f.t
	g := t.push(fn)
	*g = *f
	ok := k.call(fn, g)
	t.depth--
	f.take(g, fn.back)
	return ok
}

// run calls an entry function with a fresh frame.
func (k *Kernel) run(what list, t *Task, set func(*Frame)) bool {
	fn := k.P.entries[what]
	if fn == nil {
		panic("tagswap internal: no step list " + entries[what])
	}
	t.runs++
	base := t.depth
	t.depth++
	f := &t.frames[base]
	*f = Frame{t: t, mm: t.MM}
	set(f)
	f.t = t
	if k.nat == nil {
		ok := k.call(fn, f)
		t.depth = base
		return ok
	}
	if base == 0 {
		k.nat.clock.enter(t.ID)
	}
	var ok bool
	if fl := k.nat.flat[what]; fl != nil && k.Jitter == nil {
		ok = k.callFlat(fl, f)
	} else {
		ok = k.callNative(fn, f)
	}
	t.depth = base
	if base == 0 {
		k.nat.clock.leave(t.ID)
	}
	return ok
}

// callNative is call without an explorer.
func (k *Kernel) callNative(fn *Func, f *Frame) bool {
	f.fn = fn
	code, pc, shaken := fn.Code, 0, k.Jitter != nil
	for {
		in := &code[pc]
		f.pc = pc
		if shaken && in.Step != nil {
			k.Jitter(f.t)
		}
		switch {
		case in.act != nil:
			in.act(k, f)
			pc = in.True
		case in.test != nil:
			if pc = in.False; in.test(k, f) {
				pc = in.True
			}
		case in.Call != nil:
			if pc = in.False; k.enterNative(in.Call, f) {
				pc = in.True
			}
		case in.arg != nil:
			if pc = in.False; in.arg(k, f, in.Arg) {
				pc = in.True
			}
		default:
			pc = in.True
		}
		if pc < 0 {
			return pc == Return
		}
	}
}

// enterNative is enter without an explorer.
func (k *Kernel) enterNative(fn *Func, f *Frame) bool {
	g := f.t.push(fn)
	*g = *f
	ok := k.callNative(fn, g)
	f.t.depth--
	f.take(g, fn.back)
	return ok
}

// push is the frame of a call of fn.
func (t *Task) push(fn *Func) *Frame {
	if t.depth == len(t.frames) {
		panic("tagswap internal: step lists call each other too deeply: " + fn.Name)
	}
	g := &t.frames[t.depth]
	t.depth++
	return g
}
