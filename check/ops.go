package check

import (
	"slices"

	"tagswap/explore"
	"tagswap/litmus"
	"tagswap/mm"
)

// barrier is a named meeting point.
type barrier struct {
	name  string
	tasks int
	here  explore.Atomic
}

func (p *program) barriers(x *explore.X) {
	if p.sink.barriers == nil {
		p.sink.barriers = map[string]int{}
		for i := range p.test.Tasks {
			seen := map[string]int{}
			for _, op := range p.test.Tasks[i].Ops {
				if op.Kind != litmus.OpBarrier {
					continue
				}
				seen[op.Name]++
				p.sink.barriers[barrierKey(op.Name, seen[op.Name])]++
			}
		}
	}
	if p.meeting == nil {
		p.meeting = map[string]*barrier{}
		for name, n := range p.sink.barriers {
			p.meeting[name] = &barrier{name: name, tasks: n}
		}
	}
	for i, name := range p.sink.sortedBarriers() {
		p.meeting[name].here.Init(x, "barrier", i, 0)
	}
}

func barrierKey(name string, nth int) string { return name + "#" + string(rune('0'+nth)) }

// column runs one task of the test.
func (p *program) column(x *explore.X, i int) {
	t := &p.tasks[i]
	t.started.Await(1)
	if slices.Contains(p.test.Machine.FIFO, i) {
		x.SetPriority(i+1, p.cpu(i), 1)
	}
	var met map[string]int
	for n := range p.test.Tasks[i].Ops {
		op := &p.test.Tasks[i].Ops[n]
		p.k.Base(t.t, t.key*64+uint64(n)+1)
		if x.Tracing() {
			x.Note("> " + op.String())
		}
		if op.Kind == litmus.OpBarrier {
			if met == nil {
				met = map[string]int{}
			}
			met[op.Name]++
			p.meet(barrierKey(op.Name, met[op.Name]))
			continue
		}
		val, sig, ended := p.do(i, op)
		if sig != mm.NoSignal {
			t.signal.Store(signalWord(p.varOf(op), sig))
			return
		}
		if op.Reg != "" {
			t.regs[index(t.names, op.Reg)].Store(val)
			t.key = t.key*1000003 + val + 1
		}
		if ended {
			return
		}
	}
}

func (p *program) varOf(op *litmus.Op) int { return p.vars[op.Var] }

func (p *program) meet(key string) {
	b := p.meeting[key]
	b.here.AddBlind(1)
	b.here.Await(uint64(b.tasks))
}

// do interprets one operation. ended says that the task is over.
func (p *program) do(i int, op *litmus.Op) (val uint64, sig mm.Signal, ended bool) {
	k, t, v := &p.k, p.tasks[i].t, p.varOf(op)
	switch op.Kind {
	case litmus.OpStore, litmus.OpLoad, litmus.OpTag, litmus.OpReadTag:
		val, sig = p.access(t, v, op)
	case litmus.OpFork:
		child := &p.tasks[op.Task]
		k.Fork(t, child.mm)
		child.started.Store(1)
	case litmus.OpExit:
		k.Exit(t)
		ended = true
	case litmus.OpMmap:
		p.mmap(i, v, op)
	case litmus.OpMunmap:
		k.Munmap(t, v)
	case litmus.OpMprotect:
		k.Mprotect(t, v, protection(op))
	case litmus.OpMadvise:
		p.madvise(t, v, op)
	case litmus.OpPageout:
		k.MadvisePageout(t, p.tasks[op.Task].mm, v)
	case litmus.OpReclaim:
		p.reclaim(t, v, op)
	case litmus.OpMerge:
		k.Merge(t, v, p.vars[op.Var2])
	case litmus.OpPin, litmus.OpGet:
		sig = k.GUP(t, v, op.Kind == litmus.OpPin, op.Write)
	case litmus.OpUnpin, litmus.OpPut:
		k.PutPage(t, v)
	case litmus.OpSwapoff:
		k.Swapoff(t, op.Area)
	case litmus.OpSwapon:
		k.Swapon(t, op.Area)
	case litmus.OpSlotCache:
		p.slotCache(t, op)
	case litmus.OpCopyTags:
		var tag uint8
		tag, sig = k.PeekTags(t, p.tasks[op.Task].mm, v, op.Offset/16)
		val = uint64(tag)
	}
	return val, sig, ended
}

func (p *program) access(t *mm.Task, v int, op *litmus.Op) (uint64, mm.Signal) {
	if op.Pin && op.Kind == litmus.OpLoad {
		return p.k.LoadHeld(t, v), mm.NoSignal
	}
	if op.Pin {
		p.k.StoreHeld(t, v, uint64(op.Value))
		return 0, mm.NoSignal
	}
	a := mm.Access{Var: v, Granule: op.Offset / 16}
	switch op.Kind {
	case litmus.OpStore:
		a.Write, a.Value = true, uint64(op.Value)
	case litmus.OpTag:
		a.Write, a.Tag, a.NewTag = true, true, uint8(op.Tag)
	case litmus.OpReadTag:
		a.Tag = true
	}
	if op.HasTag && !a.Tag {
		a.Checked, a.Pointer = true, uint8(op.Tag)
	}
	return p.k.Do(t, a)
}

// mmap maps a variable anew. Shared memory that somebody has mapped is that.
func (p *program) mmap(i, v int, op *litmus.Op) {
	flags := uint64(mm.VMWrite)
	if op.MTE {
		flags |= mm.VMMTE
	}
	p.k.Mmap(p.tasks[i].t, v, flags)
}

func protection(op *litmus.Op) uint64 {
	var f uint64
	switch op.Advice {
	case "read":
		f = mm.VMRead
	case "write":
		f = mm.VMRead | mm.VMWrite
	}
	if op.MTE {
		f |= mm.VMMTE
	}
	return f
}

func (p *program) madvise(t *mm.Task, v int, op *litmus.Op) {
	switch op.Advice {
	case "dontneed":
		p.k.MadviseDontneed(t, v)
	case "free":
		p.k.MadviseFree(t, v)
	case "pageout":
		p.k.MadvisePageout(t, t.MM, v)
	case "willneed":
		p.k.MadviseWillneed(t, v)
	}
}

func (p *program) reclaim(t *mm.Task, v int, op *litmus.Op) {
	if op.Var != "" {
		p.k.Reclaim(t, v)
		return
	}
	for v := range p.test.Vars {
		p.k.Reclaim(t, v)
	}
}

func (p *program) slotCache(t *mm.Task, op *litmus.Op) {
	switch op.Advice {
	case "on":
		p.k.SetSlotCache(t, true)
	case "off":
		p.k.SetSlotCache(t, false)
	case "drain":
		p.k.DrainSlotCaches(t)
	}
}
