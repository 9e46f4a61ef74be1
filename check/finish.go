package check

import (
	"fmt"
	"sort"
	"strings"

	"tagswap/explore"
	"tagswap/litmus"
	"tagswap/mm"
)

// sink collects what executions end in. It belongs to one worker.
type sink struct {
	Outcomes map[string]int64
	Positive int64 // executions that satisfy the proposition
	Negative int64
	Costs    mm.Costs
	barriers map[string]int
	order    []string
}

func (s *sink) sortedBarriers() []string {
	if s.order == nil {
		for name := range s.barriers {
			s.order = append(s.order, name)
		}
		sort.Strings(s.order)
	}
	return s.order
}

// finish judges the end of an execution: state functions first, since reading
// memory may bring pages back; then counts against page tables; then memory
// against the oracle; then everything exits and nothing may be left.
func (p *program) finish(x *explore.X) {
	x.Forget(1)
	if x.Tracing() {
		x.Note("> end of the test")
	}
	state := map[string]int{}
	locs := p.test.Observed()
	for _, l := range locs {
		if v, ok := p.peek(l); ok {
			state[l.String()] = v
		}
	}
	slots := p.k.SlotsInUse()
	p.k.CheckCounts()
	p.readAll()
	for _, l := range locs {
		if _, ok := state[l.String()]; !ok {
			state[l.String()] = p.memory(l)
		}
	}
	p.k.Costs.SlotsKept = int64(slots)
	p.sink.Costs.Max(&p.k.Costs)
	p.judge(x, locs, state)
	p.tearDown()
}

// judge records the outcome and holds it against the test's condition.
func (p *program) judge(x *explore.X, locs []litmus.Loc, state map[string]int) {
	lookup := func(l litmus.Loc) (int, bool) {
		v, ok := state[l.String()]
		return v, ok
	}
	if ok, err := p.test.Filter.Eval(lookup); err == nil && !ok {
		return
	}
	var b strings.Builder
	for i, l := range locs {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s=%s;", l, l.Format(state[l.String()]))
	}
	p.sink.Outcomes[b.String()]++
	ok, err := p.test.Cond.Eval(lookup)
	if err != nil {
		panic("tagswap internal: " + err.Error())
	}
	if ok {
		p.sink.Positive++
	} else {
		p.sink.Negative++
	}
	switch {
	case p.test.Quant == litmus.Forall && !ok:
		x.Violation("condition", "the test ends in "+b.String())
	case p.test.Quant == litmus.NotExists && ok:
		x.Violation("condition", "the test ends in "+b.String()+", which must not be")
	}
}

// peek reads what can be seen without touching memory.
func (p *program) peek(l litmus.Loc) (int, bool) {
	task := max(l.Task, 0)
	switch l.Func {
	case "slots":
		return p.k.SlotsInUse(), true
	case "records":
		return p.k.Tags.Kept(), true
	case "fault":
		return p.faulted(l), true
	case "swapped", "cached", "exclusive":
		return p.k.PageState(p.tasks[task].mm, p.vars[l.Name], l.Func), true
	case "":
		if r := index(p.tasks[task].names, l.Name); r >= 0 && l.Task >= 0 {
			return int(p.tasks[task].regs[r].Load()), true
		}
	}
	return 0, false
}

func (p *program) faulted(l litmus.Loc) int {
	w := p.tasks[l.Task].signal.Load()
	if w == 0 {
		return 0
	}
	if l.Name != "" && p.vars[l.Name] != int(w>>8) {
		return 0
	}
	if l.Fault != "" && l.Fault != mm.Signal(w&0xff).String() {
		return 0
	}
	return 1
}

// memory reads a variable or its tag as a task would. A task whose address space
// is gone, or which may not read it, gives -1.
func (p *program) memory(l litmus.Loc) int {
	task := max(l.Task, 0)
	t := p.root(task)
	if !p.k.Readable(t.MM, p.vars[l.Name]) {
		return -1
	}
	val, sig := p.k.Do(t, mm.Access{Var: p.vars[l.Name], Tag: l.Func == "tag", Granule: l.Offset / 16})
	if sig != mm.NoSignal {
		return -1
	}
	return int(val)
}

// readAll reads every page of every address space, contents and tag, so that the
// oracle sees what was lost even if the test does not look.
func (p *program) readAll() {
	for i := range p.tasks {
		if !p.tasks[i].owns {
			continue
		}
		for v := range p.test.Vars {
			t := p.root(i)
			if !p.k.Readable(t.MM, v) {
				continue
			}
			if _, sig := p.k.Do(t, mm.Access{Var: v}); sig == mm.NoSignal {
				p.k.Do(t, mm.Access{Var: v, Tag: true})
			}
		}
	}
}

// tearDown lets everything end and looks for what is left.
func (p *program) tearDown() {
	for i := range p.tasks {
		t := &p.tasks[i]
		for v := range p.test.Vars {
			if t.t.Holds(v) {
				p.k.PutPage(t.t, v)
			}
		}
	}
	for i := range p.tasks {
		if p.tasks[i].owns {
			p.k.ExitAll(p.root(i))
		}
	}
	p.k.ReclaimAll(p.root(0))
	p.k.DrainSlotCaches(p.root(0))
	p.k.CheckLeaks()
}
