package guest

import (
	"fmt"

	"tagswap/litmus"
)

// uses is what the operations of a test need of a machine.
type uses struct {
	swapoff  bool // swapoff or swapon
	exits    bool // some task ends by itself
	forks    bool
	holds    bool // a page is held by FOLL_GET
	pins     bool // or by FOLL_PIN for writing
	readPins bool // or by FOLL_PIN for reading
	again    bool // and read through such a pin more than once
	outlives bool // or a thread of the space with such a pin exits before others
	stores   bool // through a page that is held
	merges   bool
	drain    bool // slotcache drain
	switches bool // slotcache on or off
	reclaims bool
}

// uses looks at all operations and initial states of a plan's test.
func (p *Plan) uses() (u uses) {
	t := p.Test
	loads := map[string]int{} // through pins for reading, by variable and space
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
				reading := pinsForReading(t, i, op.Var)
				u.pins, u.readPins = u.pins || !reading, u.readPins || reading
			case litmus.OpLoad:
				if op.Pin && pinsForReading(t, i, op.Var) {
					key := fmt.Sprint(op.Var, t.Space(i))
					loads[key]++
					u.again = u.again || loads[key] > 1
				}
			case litmus.OpStore:
				u.stores = u.stores || op.Pin
			}
		}
	}
	u.outlives = outlives(t)
	for _, s := range t.Init {
		u.holds = u.holds || s.Func == "got" || s.Func == "cached"
		u.pins = u.pins || s.Func == "pinned"
	}
	return u
}

// outlives says whether the helper of a pin for reading may keep an address space that
// all its tasks have left: only the last task of a process ends it for the helper too.
func outlives(t *litmus.Test) bool {
	pinned, exits, tasks := map[int]bool{}, map[int]bool{}, map[int]int{} // by space
	for i, task := range t.Tasks {
		s := t.Space(i)
		tasks[s]++
		for _, op := range task.Ops {
			pinned[s] = pinned[s] || op.Kind == litmus.OpPin && pinsForReading(t, i, op.Var)
			exits[s] = exits[s] || op.Kind == litmus.OpExit
		}
	}
	for s := range pinned {
		if pinned[s] && exits[s] && tasks[s] > 1 {
			return true
		}
	}
	return false
}

// reason says what the machine lacks for the operations, "" for nothing.
func (u uses) reason(m Machine) string {
	switch {
	case u.merges && !m.KSM:
		return "this kernel was built without KSM"
	case u.pins && !m.Pin:
		return "pin for writing: this kernel has no io_uring, which holds the FOLL_PIN references"
	case u.readPins && !m.ReadPin:
		return "pin for reading: this kernel has no userfaultfd, which makes process_vm_readv keep its FOLL_PIN references"
	case u.readPins && u.again:
		return "load pin(): a page that is pinned for reading can be read once (process_vm_readv)"
	case u.outlives:
		return "pin for reading: the thread that holds it would outlive the threads of its process that exit"
	case u.stores && !u.pins:
		return "store pin(): user space can only read through a page that get holds (vmsplice)"
	}
	return ""
}
