package litmus

import "slices"

// column checks the operations of one task, in their order.
func (c *checker) column(task int) {
	held := map[string]Op{}
	for _, s := range c.t.Init {
		if s.Task == task && s.Func == "pinned" {
			held[s.Var] = Op{Kind: OpPin, Write: true}
		}
		if s.Task == task && s.Func == "got" {
			held[s.Var] = Op{Kind: OpGet, Write: true}
		}
	}
	regs := map[string]bool{}
	ops := c.t.Tasks[task].Ops
	for i, op := range ops {
		at := c.spots[task][i]
		c.operands(task, op, at)
		c.holds(held, op, at)
		isTag := op.Kind == OpReadTag || op.Kind == OpCopyTags
		if was, again := regs[op.Reg]; again && op.Reg != "" && was != isTag {
			c.errorf(op.Pos, "%s holds contents in one row and a tag in another; use two registers", op.Reg)
		}
		regs[op.Reg] = isTag
		if op.Kind == OpExit && i < len(ops)-1 {
			c.errorf(ops[i+1].Pos, "P%d has ended: nothing can follow exit", task)
		}
	}
}

// operands checks the names and numbers of one operation.
func (c *checker) operands(task int, op Op, at spot) {
	switch op.Kind {
	case OpPageout, OpCopyTags:
		c.otherTask(task, op, at)
		return
	case OpSwapoff, OpSwapon:
		c.area(op, at)
		return
	case OpReclaim:
		if op.Var != "" {
			c.use(op.Var, -1, at.name)
		}
		return
	case OpMerge:
		if c.use(op.Var2, task, at.name2) != nil && op.Var == op.Var2 {
			c.errorf(at.name2, "merge needs two variables; %s is one page already", op.Var)
		}
	}
	if op.Var == "" {
		return
	}
	v := c.use(op.Var, task, at.name)
	if v == nil {
		return
	}
	if op.Kind == OpMmap && !v.Unmapped && !c.does(task, OpMunmap, v.Name) {
		c.errorf(at.name, "%s is mapped already; declare it unmapped, or munmap it before", v.Name)
	}
	if op.HasTag || op.Kind == OpReadTag {
		c.tagged(task, v, at.name)
	}
}

// otherTask checks pageout P0 x and peektags P0 x.
func (c *checker) otherTask(task int, op Op, at spot) {
	if !c.hasTask(op.Task, at.task) {
		return
	}
	if op.Task == task {
		right := "madvise " + op.Var + " pageout"
		if op.Kind == OpCopyTags {
			right = op.Reg + " = tag(" + op.Var + ")"
		}
		c.errorf(at.task, "%s is for the memory of another task; P%d itself writes %q", op.Kind, task, right)
		return
	}
	if v := c.use(op.Var, op.Task, at.name); v != nil && op.Kind == OpCopyTags {
		c.tagged(op.Task, v, at.name)
	}
}

// tagged checks that a task can see tags of a variable at some time.
func (c *checker) tagged(task int, v *Var, pos Pos) {
	if !v.MTE && !c.gainsMTE(v.Name, func(int) bool { return true }) {
		c.errorf(pos, "%s has no tags; declare it with mte or with a tag (%s = %d:red)", v.Name, v.Name, v.Value)
		return
	}
	space := c.t.Space(task)
	mine := func(i int) bool { return c.t.Space(i) == space }
	if slices.ContainsFunc(v.Plain, mine) && !c.gainsMTE(v.Name, mine) {
		c.errorf(pos, "P%d maps %s without PROT_MTE (plain), where tags cannot be reached", task, v.Name)
	}
}

// gainsMTE says whether one of the tasks maps a variable with PROT_MTE itself.
func (c *checker) gainsMTE(name string, who func(task int) bool) bool {
	for i, task := range c.t.Tasks {
		for _, op := range task.Ops {
			if op.Var == name && op.MTE && who(i) {
				return true
			}
		}
	}
	return false
}

// does says whether a task, or one that it shares or inherits memory from, has
// an operation on a variable.
func (c *checker) does(task int, kind OpKind, name string) bool {
	for {
		space := c.t.Space(task)
		for i, other := range c.t.Tasks {
			if c.t.Space(i) == space && slices.ContainsFunc(other.Ops, func(op Op) bool {
				return op.Kind == kind && op.Var == name
			}) {
				return true
			}
		}
		root := c.t.Tasks[space]
		if root.Of == root.ID {
			return false
		}
		task = root.Of
	}
}

// area checks swapoff and swapon.
func (c *checker) area(op Op, at spot) {
	areas := c.t.Machine.Areas
	if op.Area >= len(areas) {
		c.errorf(at.area, "there is no swap area %d; Swap= has %d, counted from 0", op.Area, len(areas))
		return
	}
	other := map[OpKind]OpKind{OpSwapoff: OpSwapon, OpSwapon: OpSwapoff}[op.Kind]
	if areas[op.Area].Off != (op.Kind == OpSwapoff) {
		return
	}
	for _, task := range c.t.Tasks {
		if slices.ContainsFunc(task.Ops, func(o Op) bool { return o.Kind == other && o.Area == op.Area }) {
			return
		}
	}
	c.errorf(op.Pos, "%s: area %d is %s from the start and no task changes that", op.Kind, op.Area,
		map[bool]string{true: "off", false: "on"}[areas[op.Area].Off])
}

// holds follows the pages that a column pins or gets.
func (c *checker) holds(held map[string]Op, op Op, at spot) {
	by, has := held[op.Var]
	release := map[OpKind]OpKind{OpUnpin: OpPin, OpPut: OpGet}
	switch op.Kind {
	case OpPin, OpGet:
		if has {
			c.errorf(at.name, "this task holds %s already; pin(%s) would not say which page is meant", op.Var, op.Var)
		}
		held[op.Var] = op
	case OpUnpin, OpPut:
		if want := release[op.Kind]; !has || by.Kind != want {
			c.errorf(op.Pos, "%s %s without a %s before it in this column", op.Kind, op.Var, want)
		}
		delete(held, op.Var)
	case OpStore, OpLoad:
		if op.Pin && !has {
			c.errorf(at.name, "pin(%s) without a pin or get of %s before it in this column", op.Var, op.Var)
		} else if op.Pin && op.Kind == OpStore && !by.Write {
			c.errorf(at.name, "%s is held for reading only; write \"%s %s write\"", op.Var, by.Kind, op.Var)
		}
	}
}
