package mm

// What bounds a machine: constants under the explorer, where the objects of a
// Kernel must keep their identity, and its Config natively.

// nativePages is how many pages a native machine has unless its Config says.
const nativePages = 1024

// size makes the tables of k, unless they are there.
func (k *Kernel) size() {
	tasks, mms, vars, pages := MaxTasks, MaxMMs, MaxVars, MaxTasks*perTask
	if k.X == nil {
		c := &k.Cfg
		tasks, mms = orElse(c.Tasks, tasks), orElse(c.MMs, mms)
		vars, pages = max(len(c.Vars), 1), orElse(c.Pages, nativePages)
	}
	if len(k.folios) != pages+1 {
		k.folios = make([]Folio, pages+1)
		for i := range k.folios {
			k.folios[i].pfn = i
		}
	}
	if len(k.tasks) != tasks || len(k.vars) != vars || len(k.mms) != mms {
		k.tasks, k.caches = make([]Task, tasks), make([]slotCache, tasks)
		k.vars, k.mms = make([]variable, vars), make([]MM, mms)
		for i := range k.tasks {
			k.tasks[i].held = make([]hold, vars)
		}
	}
}

func orElse(n, other int) int {
	if n > 0 {
		return n
	}
	return other
}

// entries is how many swap entries there may be, over all devices.
func (k *Kernel) entries() int {
	slots := MaxSlots
	for _, a := range k.Cfg.Areas {
		slots = max(slots, (a.Slots+MaxSlots-1)/MaxSlots*MaxSlots)
	}
	return slots * MaxAreas
}

// oldest is the page at the end of the native LRU, 0: none.
func (v *variable) oldest() int {
	if len(v.old) == 0 {
		return 0
	}
	return v.old[0]
}

// forget takes pfn off the native LRU.
func (v *variable) forget(pfn int) {
	for i, p := range v.old {
		if p == pfn {
			v.old = append(v.old[:i], v.old[i+1:]...)
			return
		}
	}
}
