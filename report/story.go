package report

import (
	"slices"
	"strconv"
	"strings"

	"tagswap/check"
	"tagswap/explore"
	"tagswap/mm"
)

// story is a trace as rows: what one task did in one step without anybody else
// coming between.
type story struct {
	c      *check.Counterexample
	rows   []*row
	calls  map[string][]string // which functions a function calls
	starts map[string]bool     // those that the model itself calls
	spaces []int               // the column that stands for each address space
	record map[int]int         // names of tag records, by number
	shared map[string]int      // object -> bit i: task i changes it
	first  int                 // the first event of a column
}

// row is a part of one step.
type row struct {
	task   int      // of the explorer: column + 1, 0 the test's own end
	stack  []string // the functions that are open, outermost first
	text   string   // the operation of the test, or the step
	isOp   bool     // it is an operation of the test
	events []int    // in the trace
	marks  []int    // numbers of notes
	said   []int    // events whose effect is printed
	show   bool
}

// open is where a task stands.
type open struct {
	op    string
	stack []string
	step  string
}

func newStory(c *check.Counterexample) *story {
	s := &story{c: c, calls: map[string][]string{}, record: map[int]int{}, shared: map[string]int{}}
	for name, f := range c.Design.Funcs {
		for _, in := range f.Code {
			if in.Call != nil && !slices.Contains(s.calls[name], in.Call.Name) {
				s.calls[name] = append(s.calls[name], in.Call.Name)
			}
		}
		slices.Sort(s.calls[name])
	}
	s.starts = map[string]bool{}
	for _, e := range mm.Entries() {
		s.starts[e] = true
	}
	for i := range c.Test.Tasks {
		if c.Test.Space(i) == i {
			s.spaces = append(s.spaces, i)
		}
	}
	s.read()
	return s
}

// read cuts the trace into rows.
func (s *story) read() {
	where := map[int]*open{}
	s.first = slices.IndexFunc(s.c.Trace.Events, func(e explore.Event) bool { return e.Task > 0 })
	if s.first < 0 {
		s.first = len(s.c.Trace.Events)
	}
	var cur *row
	for i, e := range s.c.Trace.Events {
		if isSetup := i < s.first; isSetup || e.Op == "init" {
			continue
		}
		o := where[e.Task]
		if o == nil {
			o = &open{}
			where[e.Task] = o
		}
		fresh := cur == nil || cur.task != e.Task
		if e.Object == "" {
			fresh = s.note(o, e.Op) || fresh
		} else if class, _ := object(e.Object); class == "mmap_lock" && o.step != "" {
			// The model's own locking, around the lists.
			o.stack, o.step, fresh = nil, "", true
		}
		if fresh {
			cur = &row{task: e.Task, stack: slices.Clone(o.stack), text: o.step, isOp: o.step == ""}
			if cur.isOp {
				cur.text = o.op
			}
			s.rows = append(s.rows, cur)
		}
		cur.events = append(cur.events, i)
		if e.Task > 0 && changes(e) {
			s.shared[e.Object] |= 1 << e.Task
		}
	}
}

// note moves a task to the step or operation that a note names.
func (s *story) note(o *open, text string) bool {
	if op, ok := strings.CutPrefix(text, "> "); ok {
		o.op, o.stack, o.step = op, nil, ""
		return true
	}
	fn, step, ok := strings.Cut(text, ": ")
	if !ok {
		return false // retry or spin: it belongs to where the task is
	}
	o.stack = s.enter(o.stack, fn)
	o.step = step
	return true
}

// enter finds the call stack that ends in fn, from the one before: fn is open
// already, or was called by the innermost function that can.
func (s *story) enter(stack []string, fn string) []string {
	if i := slices.Index(stack, fn); i >= 0 {
		return stack[:i+1]
	}
	if len(stack) == 0 && s.starts[fn] {
		return []string{fn}
	}
	for i := len(stack) - 1; i >= 0; i-- {
		if slices.Contains(s.calls[stack[i]], fn) {
			return append(slices.Clone(stack[:i+1]), fn)
		}
	}
	// Through functions that have no step of their own.
	for i := len(stack) - 1; i >= 0; i-- {
		if path := s.path(stack[i], fn); path != nil {
			return append(slices.Clone(stack[:i+1]), path...)
		}
	}
	var entries []string
	for e := range s.starts {
		entries = append(entries, e)
	}
	slices.Sort(entries)
	for _, e := range entries {
		if path := s.path(e, fn); path != nil && e != fn {
			return append([]string{e}, path...)
		}
	}
	return []string{fn}
}

// path is the shortest way from one function to another, without the first.
func (s *story) path(from, to string) []string {
	type node struct {
		fn   string
		path []string
	}
	seen := map[string]bool{from: true}
	for queue := []node{{from, nil}}; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		for _, c := range s.calls[n.fn] {
			if seen[c] {
				continue
			}
			seen[c] = true
			path := append(slices.Clone(n.path), c)
			if c == to {
				return path
			}
			queue = append(queue, node{c, path})
		}
	}
	return nil
}

// object splits the name of an object into its class and number; -1 for none.
func object(name string) (class string, num int) {
	i := strings.LastIndexByte(name, ' ')
	if i < 0 {
		return name, -1
	}
	n, err := strconv.Atoi(name[i+1:])
	if err != nil {
		return name, -1
	}
	return name[:i], n
}

// changes says whether an event changed its object.
func changes(e explore.Event) bool { return e.Object != "" && e.Before != e.Value }

// telling are the objects whose changes a reader wants to see, whoever else uses
// them.
var telling = map[string]bool{
	"tag record": true, "mte_pages": true, "swap_map": true, "folio": true, "pte": true, "swap cache": true,
	"device": true, "tags": true, "contents": true, "PG_mte_tagged": true, "PG_anon_exclusive": true,
	"swap_map array": true, "SWP_WRITEOK": true, "page cache": true, "slot cache slots_ret": true,
}

// looking are the objects that are worth showing when they are looked at and
// somebody else changes them.
var looking = map[string]bool{
	"mte_pages": true, "swap_map": true, "pte": true, "swap cache": true, "device": true, "PG_mte_tagged": true,
	"PG_mte_lock": true, "PG_anon_exclusive": true, "PG_swapcache": true, "page cache": true, "tags": true,
	"contents": true, "SWP_USED": true, "swap device reference alive": true, "PG_writeback": true,
}

// choose marks the rows that are shown, and what is said of them: those that
// matter, or all.
func (s *story) choose(full bool) {
	wanted := classesOf(s.c)
	for _, r := range s.rows {
		r.show = full || len(r.marks) > 0 || r.task > 0 && s.begins(r)
		for _, i := range r.events {
			e := s.c.Trace.Events[i]
			if !changes(e) && e.Object != "" && (r.isOp || s.changed(r, e.Object)) {
				continue
			}
			if r.task > 0 && (i < s.c.Broke || s.c.AtEnd) && s.matters(e, wanted) {
				r.said = append(r.said, i)
				r.show = true
			}
		}
	}
}

// changed says whether the row changes an object, so that looking at it goes
// without saying.
func (s *story) changed(r *row, object string) bool {
	return slices.ContainsFunc(r.events, func(i int) bool {
		e := s.c.Trace.Events[i]
		return e.Object == object && changes(e)
	})
}

// begins says whether the row is where an operation of the test begins.
func (s *story) begins(r *row) bool {
	return r.isOp && slices.ContainsFunc(r.events, func(i int) bool {
		return strings.HasPrefix(s.c.Trace.Events[i].Op, "> ")
	})
}

// matters says whether a reader wants to see an event: a change of something that
// is lost or found here, or a look at what another task changes.
func (s *story) matters(e explore.Event, wanted map[string]bool) bool {
	class, _ := object(e.Object)
	others := s.shared[e.Object] &^ (1 << e.Task)
	switch {
	case e.Object == "":
		return e.Op == "retry" || e.Op == "spin"
	case register(e.Object) != "":
		return true
	case class == "mte_pages" && (e.Value != 0 || s.c.Property == "tags"):
		return true
	case changes(e) && (telling[class] || wanted[class]):
		return true
	}
	return others != 0 && (looking[class] || wanted[class])
}

// register is the name of a register of the test, "" for other objects.
func register(object string) string {
	if task, reg, ok := strings.Cut(object, ":"); ok && len(task) == 2 && task[0] == 'P' {
		return reg
	}
	return ""
}

// classesOf are the objects that a property is about, beside those of telling.
func classesOf(c *check.Counterexample) map[string]bool {
	switch c.Property {
	case "refcount", "leak":
		return map[string]bool{"refcount": true, "mapcount": true}
	case "counters":
		return map[string]bool{"MM_ANONPAGES": true, "MM_SWAPENTS": true}
	case "deadlock", "livelock":
		return map[string]bool{"PG_locked": true, "ptl": true, "mmap_lock": true, "cluster lock": true, "si->lock": true,
			"mte_pages lock": true, "swap cache lock": true, "anon_vma": true, "refcount": true}
	}
	return nil
}
