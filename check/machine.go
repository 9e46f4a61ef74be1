package check

import (
	"tagswap/explore"
	"tagswap/litmus"
	"tagswap/mm"
)

// program is one test under one design, ready to be run by one worker as often
// as it likes. All that an execution changes lives in objects of explore, so that
// two executions in the same state can be told to be.
type program struct {
	test    *litmus.Test
	design  *mm.Program
	cfg     mm.Config
	vars    map[string]int
	k       mm.Kernel
	tasks   []task
	sink    *sink
	afresh  bool // see Options
	meeting map[string]*barrier
}

// task is one column.
type task struct {
	t       *mm.Task
	mm      *mm.MM
	owns    bool // the first column of its address space
	regs    []explore.Atomic
	names   []string // of regs
	labels  []string // of regs, with the task, for traces
	signal  explore.Atomic
	started explore.Atomic // Forked: 1 once the fork is done
	key     uint64         // hash of the registers so far, for Forget
}

// signalWord packs the signal that ended a task: the variable and the signal.
func signalWord(v int, s mm.Signal) uint64 { return uint64(v)<<8 | uint64(s) }

func newProgram(t *litmus.Test, d *mm.Program, s *sink) *program {
	p := &program{test: t, design: d, sink: s, vars: map[string]int{}}
	for i, v := range t.Vars {
		p.vars[v.Name] = i
		p.cfg.Vars = append(p.cfg.Vars, mm.VarConfig{Name: v.Name, Shared: v.Kind == litmus.Shared, Mapped: uses(t, litmus.OpMmap)})
	}
	for _, a := range t.Machine.Areas {
		p.cfg.Areas = append(p.cfg.Areas, mm.AreaConfig{Sync: a.Sync, Stable: a.Stable, Slots: a.Slots, Used: a.Used, Off: a.Off})
	}
	p.cfg.SlotCache, p.cfg.CacheSize = t.Machine.SlotCache.On, t.Machine.SlotCache.Size
	p.cfg.LRU = uses(t, litmus.OpReclaim)
	p.cfg.Holds = uses(t, litmus.OpPin) || uses(t, litmus.OpGet) || uses(t, litmus.OpCopyTags)
	for _, s := range t.Init {
		p.cfg.Holds = p.cfg.Holds || s.Func == "pinned" || s.Func == "got"
	}
	p.cfg.Fail = map[string]int{}
	for _, f := range t.Machine.Fail {
		p.cfg.Fail[f.Point] = f.Nth
	}
	p.tasks = make([]task, len(t.Tasks))
	for i := range p.tasks {
		p.tasks[i].names = registers(&t.Tasks[i])
		for _, r := range p.tasks[i].names {
			p.tasks[i].labels = append(p.tasks[i].labels, p.taskName(i)+":"+r)
		}
		p.tasks[i].regs = make([]explore.Atomic, len(p.tasks[i].names))
	}
	return p
}

// registers lists the registers that a column writes.
func registers(t *litmus.Task) []string {
	var names []string
	for _, op := range t.Ops {
		if op.Reg != "" && index(names, op.Reg) < 0 {
			names = append(names, op.Reg)
		}
	}
	return names
}

func index(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}

// run is one execution: it sets the machine up, runs the columns, and judges the
// end. It is the body of the root task.
func (p *program) run(x *explore.X) {
	p.sink.Costs.Max(&p.k.Costs) // of an execution that was cut, as far as it went
	if p.afresh {
		p.setUp(x)
	} else {
		x.Prepare(func() { p.setUp(x) }, p.rewind)
	}
	p.k.StartFailing()
	if len(p.test.Machine.FIFO) > 0 {
		// Nobody runs before he has his CPU.
		x.Atomically("start", func() { p.start(x) })
	} else {
		p.start(x)
	}
	x.Wait()
	p.finish(x)
}

func (p *program) start(x *explore.X) {
	for i := range p.tasks {
		x.Go(p.taskName(i), func() {
			p.column(x, i)
			// What it leaves is in its registers, which are state.
			x.ForgetAs(nil)
			x.Forget(1)
		})
		if len(p.test.Machine.FIFO) > 0 {
			x.SetPriority(i+1, p.cpu(i), 0)
		}
	}
}

func (p *program) taskName(i int) string { return "P" + string(rune('0'+i)) }

// setUp builds address spaces, memory and the initial states. Nothing else runs
// yet; what swaps pages out is the code under test.
func (p *program) setUp(x *explore.X) {
	k := &p.k
	k.Reset(x, p.design, p.cfg)
	p.barriers(x)
	for i := range p.tasks {
		p.reset(x, i)
	}
	p.spaces()
	for v := range p.test.Vars {
		p.mapVar(v)
	}
	p.states(false)
	for i := range p.tasks {
		if p.test.Tasks[i].Relation == litmus.Child && p.tasks[i].owns {
			k.Fork(p.root(p.test.Tasks[i].Of), p.tasks[i].mm)
		}
	}
	p.states(true)
	for i := range p.tasks {
		p.tasks[i].t = k.Task(i+1, p.tasks[i].mm)
		p.tasks[i].t.CPU = p.cpu(i)
	}
	p.users()
	k.Mark()
}

// rewind puts back what setUp left, but for the objects of explore.
func (p *program) rewind() {
	p.k.Rewind()
	for i := range p.tasks {
		p.tasks[i].key = 0
	}
}

func (p *program) reset(x *explore.X, i int) {
	t := &p.tasks[i]
	for r := range t.regs {
		t.regs[r].Init(x, t.labels[r], -1, 0)
	}
	t.signal.Init(x, "signal of P", i, 0)
	start := uint64(1)
	if p.test.Tasks[i].Relation == litmus.Forked {
		start = 0
	}
	t.started.Init(x, "start of P", i, start)
	t.key = 0
	p.k.UseCPU(p.cpu(i))
}

// cpu is the processor of a column: its own, unless the test has fewer.
func (p *program) cpu(i int) int {
	if n := p.test.Machine.CPUs; n > 0 {
		return i % n
	}
	return i
}

// spaces makes the address spaces: one for each column that is no thread.
func (p *program) spaces() {
	for i := range p.tasks {
		t := &p.tasks[i]
		d := &p.test.Tasks[i]
		space := p.test.Space(i)
		t.owns = space == i
		switch {
		case !t.owns:
			t.mm = p.tasks[space].mm
		case d.Relation == litmus.Child || d.Relation == litmus.Forked:
			t.mm = p.k.NewMM(p.tasks[p.test.Space(d.Of)].mm)
		default:
			t.mm = p.k.NewMM(nil)
		}
	}
}

// root is the task that sets the machine up, in the place of column i.
func (p *program) root(i int) *mm.Task {
	t := p.k.Task(0, p.tasks[i].mm)
	t.CPU = p.cpu(i)
	return t
}

// mapVar maps one variable everywhere it is mapped and gives it its contents. A
// read-only one is filled before it becomes read-only.
func (p *program) mapVar(v int) {
	d := &p.test.Vars[v]
	filler := p.test.Filler(d)
	first := -1 // who knows it first, which for shared memory is whose it is
	for i := range p.tasks {
		t := &p.tasks[i]
		if !t.owns {
			continue
		}
		shared := first >= 0 && d.Kind == litmus.Shared
		switch flags := p.flags(i, d); {
		case !p.mapsAtStart(i, d) && shared:
			p.k.ReserveShared(t.mm, p.tasks[first].mm, v)
		case !p.mapsAtStart(i, d):
			p.k.Reserve(t.mm, v)
		case shared:
			p.k.MapShared(t.mm, p.tasks[first].mm, v, flags)
		default:
			p.k.Map(t.mm, v, flags)
		}
		if first < 0 {
			first = i
		}
		if !p.mapsAtStart(i, d) {
			continue
		}
		if i == filler {
			p.fill(i, v)
		}
	}
	if !d.ReadOnly {
		return
	}
	for i := range p.tasks {
		if p.tasks[i].owns && p.mapsAtStart(i, d) {
			p.k.Mprotect(p.root(i), v, mm.VMRead)
		}
	}
}

// mapsAtStart says whether column i maps v before anything is forked.
func (p *program) mapsAtStart(i int, d *litmus.Var) bool {
	if d.Unmapped {
		return false
	}
	if d.Kind == litmus.Anon {
		owner := 0
		if len(d.Tasks) > 0 {
			owner = d.Tasks[0]
		}
		return p.test.Space(owner) == i
	}
	r := p.test.Tasks[i].Relation
	return p.test.Maps(i, d) && r != litmus.Child && r != litmus.Forked
}

func (p *program) flags(i int, d *litmus.Var) uint64 {
	f := uint64(mm.VMWrite)
	if d.MTE || d.HasTag {
		f |= mm.VMMTE
	}
	for _, q := range d.Plain {
		if p.test.Space(q) == i {
			f &^= mm.VMMTE
		}
	}
	if d.Locked {
		f |= mm.VMLocked
	}
	return f
}

// fill writes the initial contents and tag.
func (p *program) fill(i, v int) {
	d := &p.test.Vars[v]
	t := p.root(i)
	p.k.Do(t, mm.Access{Var: v, Write: true, Value: uint64(d.Value)})
	if d.HasTag && d.Tag != 0 {
		p.k.Do(t, mm.Access{Var: v, Write: true, Tag: true, Whole: true, NewTag: uint8(d.Tag)})
	}
}

// states applies the init states: those of children after their fork, all others
// before.
func (p *program) states(ofChildren bool) {
	for _, s := range p.test.Init {
		space := p.test.Space(s.Task)
		if (p.test.Tasks[space].Relation == litmus.Child) != ofChildren {
			continue
		}
		p.state(s)
	}
}

func (p *program) state(s litmus.InitState) {
	v := p.vars[s.Var]
	t := p.root(s.Task)
	switch s.Func {
	case "swapped":
		p.k.MadvisePageout(t, t.MM, v)
	case "cached":
		p.k.MadvisePageout(t, t.MM, v)
		p.k.MadviseWillneed(t, v)
	case "pinned", "got":
		own := p.k.Task(s.Task+1, p.tasks[s.Task].mm)
		p.k.GUP(own, v, s.Func == "pinned", true)
	}
}

// users counts the columns that use each address space.
func (p *program) users() {
	for i := range p.tasks {
		if !p.tasks[i].owns {
			continue
		}
		n := 0
		for j := range p.tasks {
			if p.tasks[j].mm == p.tasks[i].mm {
				n++
			}
		}
		p.k.Enter(p.tasks[i].mm, n)
	}
}

// uses says whether a test has an operation of some kind.
func uses(t *litmus.Test, kind litmus.OpKind) bool {
	for i := range t.Tasks {
		for _, op := range t.Tasks[i].Ops {
			if op.Kind == kind {
				return true
			}
		}
	}
	return false
}
