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
		p = append(p, t.frames[i].place())
	}
	return p
}

// Here is the innermost of Where; ok is false when there is none.
func (k *Kernel) Here(t *Task) (p Place, ok bool) {
	if t.depth == 0 {
		return Place{}, false
	}
	return t.frames[t.depth-1].place(), true
}

func (f *Frame) place() Place {
	in := &f.fn.Code[f.pc]
	p := Place{Func: f.fn.Name, Var: f.v, MM: -1, Entry: f.entry}
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
