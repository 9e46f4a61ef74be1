package mm

// Costs are counted, never judged: of one execution, and then the most that any
// execution of a search cost.
type Costs struct {
	Copies      int64 // pages copied
	Faults      int64 // calls of the fault handler
	MajorFaults int64 // faults that read a page in
	SwapIns     int64 // pages read from a swap device: by faults, ahead and by swapoff
	SwapOuts    int64 // pages written to one
	Reuses      int64 // passes through do_wp_page that keep the page
	Retries     int64 // rounds that came to nothing and waited
	// Acquisitions of a lock that another task had last, so that with the worst
	// timing they wait: of all locks, and of swap devices' locks.
	LockWaits, DeviceWaits int64
	SlotsKept              int64 // slots in use at the end
}

// lastHeld is who held a lock last, task+1.
type lastHeld int8

// took counts an acquisition by t of a lock whose last holder is in last.
func (k *Kernel) took(t *Task, last *lastHeld, device bool) {
	if k.X == nil {
		return
	}
	me := lastHeld(t.ID + 1)
	if *last != 0 && *last != me {
		k.Costs.LockWaits++
		if device {
			k.Costs.DeviceWaits++
		}
	}
	*last = me
}
