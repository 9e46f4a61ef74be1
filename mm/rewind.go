package mm

// mark is what of a machine under the explorer is in none of the explorer's
// objects and changes while tasks run.
type mark struct {
	tasks []taskState
	held  []hold // of all tasks, if tasks hold pages
	costs Costs
	last  [MaxAreas][2]lastHeld
}

// Mark notes the state of a machine that is set up, for Rewind. No task is in a
// step list. Natively it must not be called.
func (k *Kernel) Mark() {
	m := &k.mark
	m.tasks, m.held = m.tasks[:0], m.held[:0]
	for i := range k.tasks {
		t := &k.tasks[i]
		if t.depth != 0 {
			panic("tagswap internal: a machine is marked in the middle of a step list")
		}
		m.tasks = append(m.tasks, t.taskState)
		if k.Cfg.Holds {
			m.held = append(m.held, t.held...)
		}
	}
	m.costs = k.Costs
	for i := range k.areas {
		m.last[i] = [2]lastHeld{k.areas[i].lockLast, k.areas[i].clusterLast}
	}
	k.Tags.Mark()
}

// Rewind puts back what Mark noted; the explorer does the same for its objects
// (explore.X.Prepare).
func (k *Kernel) Rewind() {
	m := &k.mark
	held := m.held
	for i := range k.tasks {
		t := &k.tasks[i]
		t.taskState = m.tasks[i]
		if k.Cfg.Holds {
			held = held[copy(t.held, held):]
		}
	}
	k.Costs = m.costs
	for i := range k.areas {
		k.areas[i].lockLast, k.areas[i].clusterLast = m.last[i][0], m.last[i][1]
	}
	k.Tags.Rewind()
}
