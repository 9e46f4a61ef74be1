package mm

// Place is where a task is in its step lists.
type Place struct {
	Func string // the list
	Step string // the step that runs or comes next, or the list that is called
	Var  int    // the page that it is about
	MM   int    // and the address space, -1: none
	// What the registers have, 0: nothing.
	Entry Entry
	PFN   int // of folio
}

// Where appends to p where t is, innermost list first; nothing while t is between
// its step lists, as a user access is. Natively only t itself may ask: from
// OnViolation, or from Jitter, which comes before each step.
func (k *Kernel) Where(t *Task, p []Place) []Place {
	for i := t.depth - 1; i >= 0; i-- {
		f := &t.frames[i]
		if f.flat == nil {
			p = append(p, f.place(f.fn, f.pc))
			continue
		}
		for at := &f.flat.places[f.pc]; at != nil; at = at.caller {
			p = append(p, f.place(at.fn, at.pc))
		}
	}
	return p
}

// Here is the innermost of Where; ok is false when there is none.
func (k *Kernel) Here(t *Task) (p Place, ok bool) {
	if t.depth == 0 {
		return Place{}, false
	}
	f := &t.frames[t.depth-1]
	if f.flat != nil {
		at := &f.flat.places[f.pc]
		return f.place(at.fn, at.pc), true
	}
	return f.place(f.fn, f.pc), true
}

// place is an instruction of fn, with the registers that f has.
func (f *Frame) place(fn *Func, pc int) Place {
	in := &fn.Code[pc]
	p := Place{Func: fn.Name, Var: f.v, MM: -1, Entry: f.entry}
	switch {
	case in.Step != nil:
		p.Step = in.Step.Name
	case in.Call != nil:
		p.Step = in.Call.Name
	}
	if f.mm != nil {
		p.MM = f.mm.ID
	}
	if f.folio != nil {
		p.PFN = f.folio.pfn
	}
	return p
}
