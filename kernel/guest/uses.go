package guest

import "tagswap/litmus"

// uses is what the operations of a test need of a machine.
type uses struct {
	swapoff  bool // swapoff or swapon
	exits    bool // some task ends by itself
	forks    bool
	holds    bool // a page is held by FOLL_GET
	pins     bool // or by FOLL_PIN
	readPin  bool // pinned without write while another process may share it
	stores   bool // through a page that is held
	merges   bool
	drain    bool // slotcache drain
	switches bool // slotcache on or off
	reclaims bool
}

// uses looks at all operations and initial states of a plan's test.
func (p *Plan) uses() (u uses) {
	t := p.Test
	shared := false
	for _, task := range t.Tasks {
		shared = shared || task.Relation == litmus.Child || task.Relation == litmus.Forked
	}
	for i, task := range t.Tasks {
		for _, op := range task.Ops {
			switch op.Kind {
			case litmus.OpSwapoff, litmus.OpSwapon:
				u.swapoff = true
			case litmus.OpExit:
				u.exits = u.exits || t.Tasks[i].Relation != litmus.Forked
			case litmus.OpFork:
				u.forks = true
			case litmus.OpGet:
				u.holds = true
			case litmus.OpReadTag, litmus.OpTag, litmus.OpCopyTags:
				p.MTE = true
			case litmus.OpMprotect, litmus.OpMmap:
				p.MTE = p.MTE || op.MTE
			case litmus.OpSlotCache:
				u.drain = u.drain || op.Advice == "drain"
				u.switches = u.switches || op.Advice != "drain"
			case litmus.OpMerge:
				u.merges = true
			case litmus.OpReclaim:
				u.reclaims = true
			case litmus.OpPin:
				u.pins = true
				u.readPin = u.readPin || shared && !op.Write
			case litmus.OpStore:
				u.stores = u.stores || op.Pin
			}
		}
	}
	for _, s := range t.Init {
		u.holds = u.holds || s.Func == "got" || s.Func == "cached"
		u.pins = u.pins || s.Func == "pinned"
	}
	return u
}

// reason says what the machine lacks for the operations, "" for nothing.
func (u uses) reason(m Machine) string {
	switch {
	case u.merges && !m.KSM:
		return "this kernel was built without KSM"
	case u.pins && !m.Pin:
		return "pin: this kernel has no io_uring, which holds the FOLL_PIN references"
	case u.readPin && !m.Unshare:
		return "pin for reading: an io_uring pins for writing, which gives a task a page of its own; before 5.19 a read pin did not"
	case u.stores && !u.pins:
		return "store pin(): user space can only read through a page that get holds (vmsplice)"
	}
	return ""
}
