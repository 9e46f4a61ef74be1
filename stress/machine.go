package stress

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"tagswap/mm"
)

// Machine is one design under load. It runs in slices, by Run; between them,
// nothing runs and it can be asked for figures.
type Machine struct {
	o       Options
	design  string
	k       mm.Kernel
	mms     []*mm.MM
	workers []*worker
	kswapd  *actor
	swapper *actor
	root    *actor // who ends the others
	made    time.Time
	stop    atomic.Bool
	dead    atomic.Bool // something cannot go on; see Violation
	ran     time.Duration
	record  recording
	pins    atomic.Int64 // tasks that hold pages

	slicesLeft int // of what a Run gives it
	patience   time.Duration
	mu         sync.Mutex
	counts     map[string]int64  // protected by mu; violations by property
	first      *Violation        // protected by mu
	who        map[uint64]*actor // protected by mu; of this slice, by goroutine
}

// New makes a machine for a design.
func New(p *mm.Program, o Options) *Machine {
	o = o.Defaults()
	if o.Name == "" {
		o.Name = p.Name
	}
	m := &Machine{o: o, design: o.Name, counts: map[string]int64{}, who: map[uint64]*actor{}, made: time.Now(), patience: usualPatience}
	cfg := mm.Config{
		Areas: []mm.AreaConfig{{Sync: o.Sync, Slots: o.Slots, Device: o.Device}}, SlotCache: o.SlotCache, CacheSize: 3, LRU: true,
		Tasks: o.Tasks + daemons, MMs: o.spaces(), Pages: o.frames(), CheckPages: !o.CheckTouched, Holds: o.Mix.Weights[OpPin] > 0,
	}
	for i := range o.Pages {
		cfg.Vars = append(cfg.Vars, mm.VarConfig{Name: fmt.Sprint("v", i), Shared: o.Mix.shared(i)})
	}
	m.k.OnViolation = m.violation
	m.k.Reset(nil, p, cfg)
	for i := range cfg.Tasks {
		m.k.UseCPU(i)
	}
	m.populate(cfg.MMs)
	m.root = m.newActor("the end", 0)
	m.root.buf = make([]byte, mm.PageSize)
	m.kswapd = m.newActor("kswapd", o.Tasks+1)
	m.swapper = m.newActor("swapoff", o.Tasks+2)
	m.hook(false)
	return m
}

// populate makes the address spaces and puts all tasks in the first.
func (m *Machine) populate(spaces int) {
	for range spaces {
		m.mms = append(m.mms, m.k.NewMM(nil))
	}
	for v := range m.o.Pages {
		m.k.Map(m.mms[0], v, m.o.protection())
	}
	for _, s := range m.mms[1:] {
		m.k.Spare(s)
	}
	for i := range m.o.Tasks {
		w := newWorker(m, i)
		m.k.Join(w.t, m.mms[0])
		m.workers = append(m.workers, w)
	}
	// The address space that all start in goes on while a task is in it.
	m.k.Exit(m.k.Task(0, m.mms[0]))
}

func (m *Machine) newActor(name string, task int) *actor {
	return &actor{name: name, m: m, t: m.k.Task(task, nil), shake: rand.New(rand.NewPCG(m.o.Seed, uint64(task)<<32))}
}

// actors are all who work on the machine.
func (m *Machine) actors() []*actor {
	as := make([]*actor, 0, len(m.workers)+daemons)
	for _, w := range m.workers {
		as = append(as, w.actor)
	}
	return append(as, m.kswapd, m.swapper, m.root)
}

// Name is the design's, as Options has it.
func (m *Machine) Name() string { return m.design }

// Tasks is how many tasks there are, without daemons.
func (m *Machine) Tasks() int { return m.o.Tasks }

// Begun says whether Run was called.
func (m *Machine) Begun() bool { return m.ran > 0 }

// Stuck says that a task did not come to its end: it may still be at work, so nobody
// may touch the tasks of m any more.
func (m *Machine) Stuck() bool { return m.dead.Load() }

// Failed says whether a violation was seen.
func (m *Machine) Failed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.first != nil
}

// Accesses is how many accesses there were so far.
func (m *Machine) Accesses() int64 {
	n := int64(0)
	for _, w := range m.workers {
		n += w.accesses.Load()
	}
	return n
}

// usualPatience is how long tasks may take to end once they are told to.
const usualPatience = 10 * time.Second

// Slice is what a machine did in one call of Run.
type Slice struct {
	Took     time.Duration
	CPU      time.Duration // processor time of the process; 0: not known
	Median   time.Duration // of major faults in this slice; 0: there was none
	Recorded bool          // steps were recorded, which is slower
	Dead     bool          // the machine cannot go on; there are no figures
	Figures                // of this slice alone; what is in use, at its end
}

// Run lets the tasks go for a while. A machine on which a task cannot go on does
// nothing any more.
func (m *Machine) Run(d time.Duration) Slice {
	if m.dead.Load() {
		return Slice{Dead: true}
	}
	before := m.Figures()
	s := Slice{Recorded: m.record.begin(m)}
	majors := m.majors()
	start, cpu := time.Now(), cpuTime()
	m.stop.Store(false)
	var all sync.WaitGroup
	for _, w := range m.workers {
		m.spawn(&all, w.actor, w.run)
	}
	m.spawn(&all, m.kswapd, m.runKswapd)
	if m.o.Swapoff {
		m.spawn(&all, m.swapper, m.runSwapper)
	}
	for end := start.Add(d); time.Now().Before(end) && !m.dead.Load(); {
		time.Sleep(min(10*time.Millisecond, time.Until(end)))
	}
	m.stop.Store(true)
	m.join(&all)
	s.Took, s.CPU = time.Since(start), cpuTime()-cpu
	m.ran += s.Took
	m.record.end(m)
	if s.Dead = m.dead.Load(); !s.Dead {
		after := m.majors()
		after.subtract(majors)
		s.Median = after.quantile(0.5)
		s.Figures = m.Figures().since(&before)
	}
	return s
}

// join waits for all tasks, and gives the machine up when one does not end, as it
// may be under a design that is wrong. While the root gets on there is no hurry.
func (m *Machine) join(all *sync.WaitGroup) {
	ended := make(chan bool)
	go func() {
		all.Wait()
		close(ended)
	}()
	limit := m.patience
	if m.dead.Load() {
		limit /= 10
	}
	for got := int64(-1); got != m.root.begun.Load(); {
		got = m.root.begun.Load()
		select {
		case <-ended:
			return
		case <-time.After(limit):
		}
	}
	if !m.dead.Swap(true) {
		m.violation("livelock", fmt.Sprintf("a task does not come to the end of its operation within %v", limit))
	}
}

// spawn starts a goroutine that ends the machine if it cannot go on.
func (m *Machine) spawn(all *sync.WaitGroup, a *actor, f func()) {
	all.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				if _, ok := p.(mm.Oops); !ok {
					panic(p)
				}
				m.dead.Store(true)
			}
		}()
		m.enter(a)
		f()
	})
}

// enter makes a the actor of the goroutine that calls.
func (m *Machine) enter(a *actor) {
	id := goroutine()
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.who, a.goid)
	a.goid = id
	m.who[id] = a
}

// runKswapd pages out while more memory is in use than should be.
func (m *Machine) runKswapd() {
	for v := 0; !m.stop.Load(); v++ {
		if m.k.Resident() < m.o.Memory*7/8 {
			time.Sleep(50 * time.Microsecond)
			continue
		}
		m.kswapd.reclaim(v % m.o.Pages)
	}
}

func (a *actor) reclaim(v int) {
	a.begin(operation{op: OpReclaim, page: v, space: -1})
	a.m.k.Reclaim(a.t, v)
	a.end(OpReclaim, true)
}

// runSwapper swaps the device off and on.
func (m *Machine) runSwapper() {
	for !m.stop.Load() {
		time.Sleep(20 * time.Millisecond)
		m.swapper.begin(operation{op: OpSwapoff, page: -1, space: -1})
		off := m.k.Swapoff(m.swapper.t, 0)
		m.k.Swapon(m.swapper.t, 0)
		m.swapper.end(OpSwapoff, off)
	}
}

// Finish looks once more at all that tasks can see, ends them all, and looks for
// what does not add up and for what is left.
func (m *Machine) Finish() *Report {
	last := m.Figures()
	if !m.dead.Load() {
		var all sync.WaitGroup
		m.spawn(&all, m.root, m.endAll)
		m.join(&all)
	}
	return m.report(&last)
}

func (m *Machine) endAll() {
	m.sweep()
	m.k.CheckCounts()
	for _, w := range m.workers {
		m.root.begin(operation{op: OpExit, page: -1, space: w.t.MM.ID})
		w.leave()
		m.root.end(OpExit, true)
	}
	root := m.k.Task(0, m.mms[0])
	m.k.ReclaimAll(root)
	m.k.DrainSlotCaches(root)
	m.k.CheckLeaks()
}

// sweep reads all pages and tags of all processes that are left.
func (m *Machine) sweep() {
	for _, w := range m.workers {
		for _, s := range []*mm.MM{w.t.MM, w.asleep} {
			if s == nil {
				continue
			}
			m.root.t.MM = s
			for v := range m.o.Pages {
				m.root.readPage(v)
			}
		}
	}
}
