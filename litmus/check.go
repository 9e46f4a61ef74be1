package litmus

import (
	"fmt"
	"slices"
	"strings"
)

// checker finds what is wrong with a test that is well formed.
type checker struct {
	t     *Test
	spots [][]spot
	errs  *Errors
}

// check adds what is wrong with a parsed test to errs. spots holds the places
// of the operands, task by task.
func check(t *Test, spots [][]spot, errs *Errors) {
	c := &checker{t: t, spots: spots, errs: errs}
	c.tasks()
	if len(*errs) > 0 {
		return // the rest asks who shares whose memory
	}
	c.vars()
	c.init()
	c.slots()
	for i := range t.Tasks {
		c.column(i)
	}
	c.order()
	c.conditions()
}

func (c *checker) errorf(pos Pos, format string, args ...any) { c.errs.add(pos, format, args...) }

// columns names the tasks there are.
func (c *checker) columns() string {
	if n := len(c.t.Tasks); n > 1 {
		return fmt.Sprintf("the columns are P0 to P%d", n-1)
	}
	return "the only column is P0"
}

func (c *checker) hasTask(n int, pos Pos) bool {
	if n < len(c.t.Tasks) {
		return true
	}
	c.errorf(pos, "there is no task P%d; %s", n, c.columns())
	return false
}

// tasks checks the relations of the columns and the forks.
func (c *checker) tasks() {
	tasks := c.t.Tasks
	if len(tasks) > MaxTasks {
		c.errorf(tasks[MaxTasks].Pos, "a test has at most %d tasks", MaxTasks)
		return
	}
	c.forks()
	for _, task := range tasks {
		if !c.hasTask(task.Of, task.Pos) {
			continue
		}
		of := tasks[task.Of]
		if of.ID == task.ID && task.ID > 0 && task.Relation != Process {
			c.errorf(task.Pos, "P%d would be its own parent; name another task, or write P%d:process", task.ID, task.ID)
		}
		if (task.Relation == Child || task.Relation == Thread) && of.Relation == Forked && of.ID != task.ID {
			c.errorf(task.Pos, "P%d exists before the test starts but P%d only from its fork on; fork P%d in a cell too",
				task.ID, of.ID, task.ID)
		}
	}
	if len(*c.errs) > 0 {
		return
	}
	for _, task := range tasks {
		root := task
		for range tasks {
			root = tasks[root.Of]
		}
		if root.Of != root.ID {
			c.errorf(task.Pos, "P%d would be its own parent; the chain of relations must end at P0 or at a process", task.ID)
		}
	}
}

// forks checks that each forked column is forked once, by another.
func (c *checker) forks() {
	by := map[int]int{}
	for i, task := range c.t.Tasks {
		for j, op := range task.Ops {
			at := c.spots[i][j].task
			if op.Kind != OpFork || !c.hasTask(op.Task, at) {
				continue
			}
			first, again := by[op.Task]
			switch {
			case op.Task == i:
				c.errorf(at, "P%d cannot fork itself; name the column that the child runs", i)
			case op.Task == 0:
				c.errorf(at, "P0 runs from the start and cannot be forked")
			case again:
				c.errorf(at, "P%d is forked already, by P%d; a column is one task", op.Task, first)
			case c.t.Tasks[op.Task].Relation != Forked:
				c.errorf(c.t.Tasks[op.Task].Pos, "P%d is forked in a cell of P%d; write its column without a relation", op.Task, i)
			}
			by[op.Task] = i
		}
	}
}

// vars checks the declarations.
func (c *checker) vars() {
	for _, v := range c.t.Vars {
		seen := map[int]bool{}
		for _, n := range v.Tasks {
			if !c.hasTask(n, v.Pos) {
				continue
			}
			space := c.t.Space(n)
			if seen[space] {
				c.errorf(v.Pos, "P%d maps %s already: it is named twice, or is a thread of one that is named", n, v.Name)
			}
			seen[space] = true
			if v.Kind == Anon && c.t.Tasks[space].Relation == Forked {
				c.errorf(v.Pos, "P%d has no memory before its fork; %s belongs to the task that forks it", n, v.Name)
			}
		}
		if v.Plain != nil && !v.MTE {
			c.errorf(v.Pos, "plain says who maps a tagged variable without PROT_MTE, but %s has no tags (mte)", v.Name)
		}
		if v.Unmapped && v.Locked {
			c.errorf(v.Pos, "%s is not mapped, so that it cannot be locked", v.Name)
		}
		if v.Unmapped && v.Kind == Anon && (v.Value != 0 || v.MTE) {
			c.errorf(v.Pos, "%s has no page before its mmap, so that it holds 0 and no tag; give mte to mmap", v.Name)
		}
	}
}

// varNames lists the variables, for hints.
func (c *checker) varNames() []string {
	var names []string
	for _, v := range c.t.Vars {
		names = append(names, v.Name)
	}
	return names
}

// use finds a variable that a task names.
func (c *checker) use(name string, task int, pos Pos) *Var {
	v := c.t.Var(name)
	if v == nil {
		c.errorf(pos, "variable %q is not declared in the init block%s", name, hint(name, c.varNames()))
		return nil
	}
	if task >= 0 && !c.t.Maps(task, v) {
		owner := 0
		if len(v.Tasks) > 0 {
			owner = v.Tasks[0]
		}
		c.errorf(pos, "P%d does not map %s, which belongs to P%d; make it shared, or declare one for P%d",
			task, name, owner, task)
		return nil
	}
	return v
}

// init checks the state functions of the init block.
func (c *checker) init() {
	for i, s := range c.t.Init {
		if !c.hasTask(s.Task, s.Pos) {
			continue
		}
		v := c.use(s.Var, s.Task, s.Pos)
		if v == nil {
			continue
		}
		out := s.Func == "swapped" || s.Func == "cached"
		switch {
		case c.t.Tasks[c.t.Space(s.Task)].Relation == Forked:
			c.errorf(s.Pos, "P%d does not exist before its fork; give the state to the task that forks it", s.Task)
		case v.Unmapped:
			c.errorf(s.Pos, "%s(%s): %s is not mapped at the start", s.Func, s.Var, s.Var)
		case out && v.Locked:
			c.errorf(s.Pos, "%s(%s): %s is locked and never leaves memory", s.Func, s.Var, s.Var)
		case s.Func == "untouched" && v.Kind == Anon && (v.Value != 0 || v.HasTag):
			c.errorf(s.Pos, "untouched(%s): a page that nobody touched holds 0 and no tag", s.Var)
		case s.Func == "untouched" && (v.Value != 0 || v.HasTag) && c.t.Filler(v) < 0 && c.lastUntouched(i):
			c.errorf(s.Pos, "untouched(%s): nobody is left to give %s its contents; a page that nobody touched holds 0 and no tag", s.Var, s.Var)
		case s.Func == "untouched" && v.Kind == Anon && c.t.Tasks[c.t.Space(s.Task)].Relation == Child:
			c.errorf(s.Pos, "untouched(%s): P%d is a child and inherits what its parent has", s.Var, s.Task)
		}
		for _, old := range c.t.Init[:i] {
			if old.Var == s.Var {
				c.initPair(old, s)
			}
		}
	}
}

// lastUntouched says that no state behind state i has the same variable untouched.
func (c *checker) lastUntouched(i int) bool {
	return !slices.ContainsFunc(c.t.Init[i+1:], func(s InitState) bool {
		return s.Func == "untouched" && s.Var == c.t.Init[i].Var
	})
}

// initPair refuses two states of one variable that exclude each other.
func (c *checker) initPair(a, b InitState) {
	same := a.Task == b.Task
	pair := []string{a.Func, b.Func}
	slices.Sort(pair)
	switch strings.Join(pair, " ") {
	case "swapped swapped", "cached cached":
		c.errorf(b.Pos, "%s is %s already; one page has one place", b.Var, a.Func)
	case "pinned pinned", "got got", "untouched untouched":
		if same {
			c.errorf(b.Pos, "P%d has %s(%s) already", b.Task, b.Func, b.Var)
		}
	case "got pinned":
		if same {
			c.errorf(b.Pos, "P%d holds %s twice; pin(%s) would not say which page is meant", b.Task, b.Var, b.Var)
		}
	case "cached swapped":
		c.errorf(b.Pos, "%s is %s already; swapped means that it left the swap cache too", b.Var, a.Func)
	case "pinned swapped", "cached pinned", "got swapped":
		c.errorf(b.Pos, "%s(%s) after %s(%s): a page that is held cannot leave memory; only got and cached go together",
			b.Func, b.Var, a.Func, a.Var)
	case "swapped untouched", "cached untouched", "pinned untouched", "got untouched":
		if same {
			c.errorf(b.Pos, "%s(%s) after %s(%s): untouched means that there is no page yet", b.Func, b.Var, a.Func, a.Var)
		}
	}
}

// slots checks that what starts on swap fits there.
func (c *checker) slots() {
	free, out := 0, 0
	for _, a := range c.t.Machine.Areas {
		if !a.Off {
			free += a.Slots - a.Used
		}
	}
	for _, s := range c.t.Init {
		if s.Func != "swapped" && s.Func != "cached" {
			continue
		}
		if out++; out == free+1 {
			c.errorf(s.Pos, "%s(%s) has no slot: %d are free in the areas that are on; see Swap=", s.Func, s.Var, free)
		}
	}
}
