package litmus

import "slices"

// Var returns the variable of that name, nil when there is none.
func (t *Test) Var(name string) *Var {
	for i := range t.Vars {
		if t.Vars[i].Name == name {
			return &t.Vars[i]
		}
	}
	return nil
}

// Space returns the task that stands for the address space of a task: the task
// itself, or for a thread the one whose address space it shares.
func (t *Test) Space(task int) int {
	for range t.Tasks {
		if t.Tasks[task].Relation != Thread || t.Tasks[task].Of == task {
			break
		}
		task = t.Tasks[task].Of
	}
	return task
}

// Maps says whether the address space of a task has a place for v: its own, or
// one inherited by fork. An unmapped variable has its place reserved.
func (t *Test) Maps(task int, v *Var) bool {
	if v.Kind == Shared && v.Tasks == nil {
		return true
	}
	owners := v.Tasks
	if owners == nil {
		owners = []int{0}
	}
	for range t.Tasks {
		space := t.Space(task)
		if slices.ContainsFunc(owners, func(o int) bool { return t.Space(o) == space }) {
			return true
		}
		root := t.Tasks[space]
		if root.Relation != Child && root.Relation != Forked {
			return false
		}
		task = root.Of
	}
	return false
}

// Filler is the space whose task writes v's first contents, or -1 if nobody
// does: of those that map v at the start and for which it is not untouched the
// first, or for tags the first that maps it with PROT_MTE.
func (t *Test) Filler(v *Var) int {
	filler := -1
	for i := range t.Tasks {
		r := t.Tasks[i].Relation
		if v.Unmapped || t.Space(i) != i || r == Child || r == Forked || !t.Maps(i, v) || t.untouched(i, v) {
			continue
		}
		if !slices.ContainsFunc(v.Plain, func(p int) bool { return t.Space(p) == i }) {
			return i
		}
		if filler < 0 {
			filler = i
		}
	}
	return filler
}

func (t *Test) untouched(space int, v *Var) bool {
	return slices.ContainsFunc(t.Init, func(s InitState) bool {
		return s.Func == "untouched" && s.Var == v.Name && t.Space(s.Task) == space
	})
}

// Clone returns a deep copy.
func (t *Test) Clone() *Test {
	c := *t
	c.Meta = slices.Clone(t.Meta)
	c.Machine.Areas = slices.Clone(t.Machine.Areas)
	c.Machine.FIFO = slices.Clone(t.Machine.FIFO)
	c.Machine.Fail = slices.Clone(t.Machine.Fail)
	c.Vars = slices.Clone(t.Vars)
	for i := range c.Vars {
		c.Vars[i].Tasks = slices.Clone(c.Vars[i].Tasks)
		c.Vars[i].Plain = slices.Clone(c.Vars[i].Plain)
	}
	c.Init = slices.Clone(t.Init)
	c.Tasks = slices.Clone(t.Tasks)
	for i := range c.Tasks {
		c.Tasks[i].Ops = slices.Clone(c.Tasks[i].Ops)
	}
	c.Observe = slices.Clone(t.Observe)
	c.Filter = t.Filter.Clone()
	c.Cond = t.Cond.Clone()
	return &c
}

// Observed returns the locations an outcome consists of: those of the locations
// section and then those of the filter and the condition, each once.
func (t *Test) Observed() []Loc {
	var all []Loc
	for _, l := range slices.Concat(t.Observe, t.Filter.Locs(), t.Cond.Locs()) {
		if !slices.ContainsFunc(all, l.Same) {
			all = append(all, l)
		}
	}
	return all
}

// regKey names a register of a task.
type regKey struct {
	task int
	name string
}

// resolve fills in what follows from the rest of the file: the relation of
// forked columns, and which locations hold tags.
func resolve(t *Test) {
	tags := map[regKey]bool{}
	for i := range t.Tasks {
		for _, op := range t.Tasks[i].Ops {
			if op.Kind == OpFork && op.Task < len(t.Tasks) && op.Task != i && t.Tasks[op.Task].isPlain() {
				t.Tasks[op.Task].Relation, t.Tasks[op.Task].Of = Forked, i
			}
			if op.Kind == OpReadTag || op.Kind == OpCopyTags {
				tags[regKey{i, op.Reg}] = true
			}
		}
	}
	mark := func(l *Loc) {
		l.IsTag = l.Func == "tag" || l.Func == "" && tags[regKey{l.Task, l.Name}]
	}
	for i := range t.Observe {
		mark(&t.Observe[i])
	}
	for _, p := range []*Prop{t.Filter, t.Cond} {
		p.walk(func(atom *Prop) {
			mark(&atom.Loc)
			if atom.Right != nil {
				mark(atom.Right)
			} else if atom.Loc.IsTag && atom.Value.N <= MaxTag {
				atom.Value.IsTag = true
			}
		})
	}
}

// isPlain says whether a column was written without a relation.
func (t Task) isPlain() bool { return t.ID > 0 && t.Relation == Thread && t.Of == 0 }
