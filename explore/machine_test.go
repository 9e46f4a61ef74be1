package explore

import (
	"fmt"
	"sync"
)

// machine runs a program and keeps what its tasks found out.
type machine struct {
	p     *program
	ops   map[string]bool
	a     [2]Atomic
	m     [2]Mutex
	rw    RWMutex
	f     Flags
	c     Cond
	table Map
	v     [2]Var
	regs  [MaxTasks]uint64
	place [MaxTasks]uint64 // where a task was when it forgot
	x     *X

	afresh bool // the objects are made in every execution
}

func (m *machine) prog(x *X) {
	if m.ops == nil {
		m.ops = map[string]bool{}
		m.p.each(func(i *instr) { m.ops[i.op] = true })
	}
	m.x = x
	if m.afresh {
		m.setUp()
	} else {
		x.Prepare(m.setUp, m.again)
	}
	if m.ops["prio"] {
		x.Atomically("start", m.start)
	} else {
		m.start()
	}
	x.Wait()
	if len(m.p.late) == 0 {
		return
	}
	m.note(m.a[0].Load())
	for _, t := range m.p.late {
		x.Go("late", func() { m.run(t) })
	}
	m.note(m.a[1].Load())
	x.Wait()
}

// setUp makes the objects, and uses some.
func (m *machine) setUp() {
	x := m.x
	for i := range m.a {
		m.a[i].Init(x, "a", i, uint64(i))
		m.m[i].Init(x, "m", i)
		m.v[i].Init(x, "v", i, 0)
	}
	m.rw.Init(x, "rw", -1)
	m.f.Init(x, []string{"f0", "f1"}, 0, 2)
	m.table.Init(x, "table", -1)
	m.c.Init(x, "c", -1, &m.m[0])
	m.table.Store(1, 1)
	m.f.Set(1)
	m.again()
}

// again is what of setUp is in Go variables.
func (m *machine) again() { m.regs, m.place = [MaxTasks]uint64{}, [MaxTasks]uint64{} }

func (m *machine) start() {
	for i, t := range m.p.tasks {
		m.x.Go(fmt.Sprint(i), func() { m.run(t) })
		if len(t) > 0 && t[0].op == "prio" {
			m.x.SetPriority(i+1, t[0].o, t[0].v)
		}
	}
}

func (m *machine) note(v uint64) {
	r := &m.regs[m.x.Task()]
	*r = mix(*r, v)
}

func (m *machine) notePair(v uint64, ok bool) {
	m.noteBool(ok)
	m.note(v)
}

func (m *machine) noteBool(b bool) bool {
	if b {
		m.note(1)
	} else {
		m.note(0)
	}
	return b
}

func (m *machine) run(body []instr) {
	for i := range body {
		m.do(&body[i])
	}
}

func (m *machine) do(i *instr) {
	x, a, v := m.x, &m.a[i.o], uint64(i.v)
	switch i.op {
	case "load":
		m.note(a.Load())
	case "store":
		a.Store(v)
	case "add":
		m.note(a.Add(int64(v) + 1))
	case "blind":
		a.AddBlind(int64(v) + 1)
	case "unlesszero":
		m.noteBool(a.AddUnlessZero(1))
	case "subtest":
		m.noteBool(a.SubAndTest(1))
	case "cas":
		m.noteBool(a.CompareAndSwap(v, v+1))
	case "swap":
		m.note(a.Swap(v))
	case "ftest":
		m.noteBool(m.f.Test(i.o))
	case "fset":
		m.f.Set(i.o)
	case "fclear":
		m.f.Clear(i.o)
	case "ftas":
		m.noteBool(m.f.TestAndSet(i.o))
	case "ftac":
		m.noteBool(m.f.TestAndClear(i.o))
	case "mutex":
		m.m[i.o].Lock()
		m.run(i.body)
		m.m[i.o].Unlock()
	case "trymutex":
		if m.noteBool(m.m[i.o].TryLock()) {
			m.run(i.body)
			m.m[i.o].Unlock()
		}
	case "rw":
		m.rw.Lock()
		m.run(i.body)
		m.rw.Unlock()
	case "rlock":
		m.rw.RLock()
		m.run(i.body)
		m.rw.RUnlock()
	case "tryrlock":
		if m.noteBool(m.rw.TryRLock()) {
			m.run(i.body)
			m.rw.RUnlock()
		}
	case "trywlock":
		if m.noteBool(m.rw.TryLock()) {
			m.run(i.body)
			m.rw.Unlock()
		}
	case "flock":
		m.f.Lock(i.o)
		m.run(i.body)
		m.f.Unlock(i.o)
	case "ftrylock":
		if m.noteBool(m.f.TryLock(i.o)) {
			m.run(i.body)
			m.f.Unlock(i.o)
		}
	case "atomically":
		x.Atomically("group", func() { m.run(i.body) })
	case "if":
		if a.Load() == v {
			m.run(i.body)
		}
	case "await":
		a.Await(v)
	case "fwaitclear":
		m.f.WaitClear(i.o)
	case "fwaitset":
		m.f.WaitSet(i.o)
	case "loop", "busy":
		for {
			x.Loop()
			m.run(i.body)
			if a.Load() == v {
				break
			}
			if i.op == "loop" {
				x.Retry()
			} else {
				x.RetryBusy()
			}
		}
		if i.o == 1 {
			x.LoopEnd()
		}
	case "retryon":
		for {
			seen := a.Load()
			if seen == v {
				break
			}
			x.RetryOn(i.o == 1, []Seen{{a, seen}})
		}
	case "go":
		x.Go("kid", func() { m.run(i.body) })
	case "violation":
		if a.Load() == v {
			x.Violation(fmt.Sprint("v", i.o, i.v), "")
		}
	case "panic":
		if a.Load() == v {
			panic("boom")
		}
	case "fatal":
		if a.Load() == v {
			x.Fatal("fatal", "")
		}
	case "unlock":
		m.m[i.o].Unlock()
	case "lockonly":
		m.m[i.o].Lock()
	case "funlock":
		m.f.Unlock(i.o)
	case "reinit":
		a.Init(x, "a", i.o, v)
	case "wait":
		x.Wait()
	case "forget":
		// All that this task still knows is what it noted and where it is; the
		// latter stands in for by the address of the instruction.
		x.Forget(mix(m.regs[x.Task()], instrID(i)))
	case "forgetas":
		t := x.Task()
		m.place[t] = instrID(i)
		x.ForgetAs(func() uint64 { return mix(m.regs[t], m.place[t]) })
	case "forgotten":
		if t := x.Task(); m.place[t] != 0 {
			m.place[t] = instrID(i)
			x.Forgotten()
		}
	case "drop":
		if a.SubAndTest(1) {
			m.a[1-i.o].Drop()
			m.f.Drop()
		}
	case "vdrop":
		if a.SubAndTest(1) {
			m.v[i.o].Drop()
		}
	case "ldrop":
		// A Drop behind a load, and one behind a release.
		m.m[i.o].Lock()
		if a.Load() == v {
			m.f.Drop()
		}
		m.m[i.o].Unlock()
		m.a[1-i.o].Drop()
	case "prio":
	default:
		m.doMore(i)
	}
}

// doMore runs the instructions of what not every program has.
func (m *machine) doMore(i *instr) {
	x, a, v := m.x, &m.a[i.o], uint64(i.v)
	switch i.op {
	case "freinit":
		m.f.Init(x, []string{"f0", "f1"}, 0, v)
	case "mreinit":
		m.m[i.o].Init(x, "m", i.o)
	case "rwait":
		m.rw.RLock()
		m.rw.RUnlock()
	case "rlockonly":
		m.rw.RLock()
	case "wlockonly":
		m.rw.Lock()
	case "runlock":
		m.rw.RUnlock()
	case "wunlock":
		m.rw.Unlock()
	case "mload":
		m.notePair(m.table.Load(uint64(i.o)))
	case "mstore":
		m.table.Store(uint64(i.o), v)
	case "mlos":
		m.notePair(m.table.LoadOrStore(uint64(i.o), v))
	case "mlad":
		m.notePair(m.table.LoadAndDelete(uint64(i.o)))
	case "mdel":
		m.table.Delete(uint64(i.o))
	case "csignal":
		m.c.Signal()
	case "cbroadcast":
		m.c.Broadcast()
	case "cwait":
		m.m[0].Lock()
		m.run(i.body)
		m.c.Wait()
		m.m[0].Unlock()
	case "cwait0":
		m.c.Wait()
	case "cwhile":
		m.m[0].Lock()
		for a.Load() != v {
			m.c.Wait()
		}
		m.m[0].Unlock()
	case "vget":
		m.note(m.v[i.o].Get())
	case "vset":
		m.v[i.o].Set(v)
	case "vreinit":
		m.v[i.o].Init(x, "v", i.o, v)
	case "spin":
		for {
			x.Forget(mix(m.regs[x.Task()], instrID(i)))
			if a.Load() == v {
				break
			}
		}
	case "round":
		t := x.Task()
		before := m.regs[t]
		for {
			m.regs[t] = before
			x.Forget(mix(before, instrID(i)))
			m.run(i.body)
			if a.Load() == v {
				break
			}
		}
	case "seen":
		for {
			seen := a.Load()
			if seen == v {
				break
			}
			m.run(i.body)
			x.RetryOn(i.o == 1, []Seen{{a, seen}})
		}
	case "notify":
		a.Store(v)
		a.Store(1 - v)
	default:
		panic("tagswap internal: unknown instruction " + i.op)
	}
}

var (
	instrIDs   = map[*instr]uint64{}
	instrMutex sync.Mutex
)

func instrID(i *instr) uint64 {
	instrMutex.Lock()
	defer instrMutex.Unlock()
	n, ok := instrIDs[i]
	if !ok {
		n = uint64(len(instrIDs)) + 1
		instrIDs[i] = n
	}
	return n
}

// final is all that an execution leaves.
func (m *machine) final() string {
	s := fmt.Sprint(m.a[0].Peek(), m.a[1].Peek(), m.f.Peek(), m.m[0].p.val != 0, m.m[1].p.val != 0, m.rw.p.val,
		m.v[0].p.val, m.v[1].p.val, m.c.p.val)
	for k := range uint64(2) {
		if o := m.x.keys[mapKey{m.table.p, k}]; o != nil && o.p.epoch == m.table.p.epoch {
			s += fmt.Sprintf(" [%d]", o.p.val)
		} else {
			s += " [0]"
		}
	}
	for i := range m.x.ntasks {
		s += fmt.Sprintf(" %x", m.regs[i]&0xffff)
	}
	return s
}
