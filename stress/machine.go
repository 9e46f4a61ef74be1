package stress

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tagswap/mm"
)

// Options of a run. Zero fields have the defaults of Defaults.
type Options struct {
	Tasks     int    // goroutines that do accesses
	Pages     int    // pages of an address space
	Memory    int    // pages in use above which tasks reclaim
	Slots     int    // of the swap device
	Seed      uint64 // of all tasks
	Sync      bool   // the device is synchronous, as zram
	SlotCache bool   // slot caches are active
	Swapoff   bool   // swapoff and swapon now and then
}

// Defaults returns o with a value for what is 0.
func (o Options) Defaults() Options {
	set := func(p *int, n int) {
		if *p == 0 {
			*p = n
		}
	}
	set(&o.Tasks, 4)
	set(&o.Pages, 64)
	set(&o.Memory, o.Pages*o.Tasks/2)
	set(&o.Slots, 2*o.Pages*o.spaces())
	return o
}

// spaces is how many address spaces there are: each task may have one, and forks
// one more before it leaves its own.
func (o Options) spaces() int { return 2*o.Tasks + 2 }

// daemons are the tasks besides o.Tasks: the root, kswapd and who swaps off.
const daemons = 3

// Machine is one design under load.
type Machine struct {
	o       Options
	design  string
	k       mm.Kernel
	mms     []*mm.MM
	workers []*worker
	stop    atomic.Bool
	dead    atomic.Bool // something cannot go on; see Violation
	ran     time.Duration
	start   time.Time

	mu     sync.Mutex
	counts map[string]int64 // protected by mu; violations by property
	first  *Violation       // protected by mu
}

// Violation is a property that did not hold.
type Violation struct {
	Property string `json:"property"`
	Detail   string `json:"detail"`
	After    int64  `json:"after_accesses"`
}

// New makes a machine for a design.
func New(p *mm.Program, o Options) *Machine {
	o = o.Defaults()
	m := &Machine{o: o, design: p.Name, counts: map[string]int64{}}
	cfg := mm.Config{
		Areas: []mm.AreaConfig{{Sync: o.Sync, Slots: o.Slots}}, SlotCache: o.SlotCache, CacheSize: 3, LRU: true,
		Tasks: o.Tasks + daemons, MMs: o.spaces(), Pages: 2*o.Pages*o.spaces() + 64*o.Tasks,
	}
	for i := range o.Pages {
		cfg.Vars = append(cfg.Vars, mm.VarConfig{Name: fmt.Sprint("v", i), Shared: i%8 == 7})
	}
	m.k.OnViolation = m.violation
	m.k.Reset(nil, p, cfg)
	for i := range cfg.Tasks {
		m.k.UseCPU(i)
	}
	for range cfg.MMs {
		m.mms = append(m.mms, m.k.NewMM(nil))
	}
	for v := range cfg.Vars {
		m.k.Map(m.mms[0], v, mm.VMWrite|mm.VMMTE)
	}
	for _, s := range m.mms[1:] {
		m.k.Spare(s)
	}
	for i := range o.Tasks {
		w := newWorker(m, i)
		m.k.Join(w.t, m.mms[0])
		m.workers = append(m.workers, w)
	}
	// The address space that all start in goes on while a task is in it.
	m.k.Exit(m.k.Task(0, m.mms[0]))
	return m
}

func (m *Machine) violation(property, detail string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[property]++
	if m.first == nil {
		m.first = &Violation{property, detail, m.Accesses()}
	}
}

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

// patience is how long tasks may take to end once they are told to.
const patience = 10 * time.Second

// Run lets the tasks go for a while and returns how many accesses they made. A
// machine on which a task cannot go on does nothing any more.
func (m *Machine) Run(d time.Duration) int64 {
	if m.dead.Load() {
		return 0
	}
	before := m.Accesses()
	m.start = time.Now()
	m.stop.Store(false)
	var all sync.WaitGroup
	for _, w := range m.workers {
		m.spawn(&all, w.run)
	}
	m.spawn(&all, m.kswapd)
	if m.o.Swapoff {
		m.spawn(&all, m.swapper)
	}
	for end := m.start.Add(d); time.Now().Before(end) && !m.dead.Load(); {
		time.Sleep(min(10*time.Millisecond, time.Until(end)))
	}
	m.stop.Store(true)
	m.ran += time.Since(m.start)
	ended := make(chan bool)
	go func() {
		all.Wait()
		close(ended)
	}()
	limit := patience
	if m.dead.Load() {
		limit /= 10
	}
	select {
	case <-ended:
	case <-time.After(limit):
		if !m.dead.Swap(true) {
			m.violation("livelock", fmt.Sprintf("a task does not come to the end of its operation within %v", limit))
		}
	}
	return m.Accesses() - before
}

// spawn starts a goroutine that ends the machine if it cannot go on.
func (m *Machine) spawn(all *sync.WaitGroup, f func()) {
	all.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				if _, ok := p.(mm.Oops); !ok {
					panic(p)
				}
				m.dead.Store(true)
			}
		}()
		f()
	})
}

// kswapd pages out while more memory is in use than should be.
func (m *Machine) kswapd() {
	t := m.k.Task(m.o.Tasks+1, nil)
	for v := 0; !m.stop.Load(); v++ {
		if m.k.Resident() < m.o.Memory*7/8 {
			time.Sleep(50 * time.Microsecond)
			continue
		}
		m.k.Reclaim(t, v%m.o.Pages)
	}
}

func (m *Machine) swapper() {
	t := m.k.Task(m.o.Tasks+2, nil)
	for !m.stop.Load() {
		time.Sleep(20 * time.Millisecond)
		m.k.Swapoff(t, 0)
		m.k.Swapon(t, 0)
	}
}

// Finish ends all tasks and looks for what does not add up and for what is left.
func (m *Machine) Finish() *Report {
	resident, swapped, tags := m.k.Resident(), m.k.SlotsInUse(), m.k.Tags.Kept()
	if !m.dead.Load() {
		m.k.CheckCounts()
		for _, w := range m.workers {
			m.k.Exit(w.t)
		}
		root := m.k.Task(0, m.mms[0])
		m.k.ReclaimAll(root)
		m.k.DrainSlotCaches(root)
		m.k.CheckLeaks()
	}
	r := m.report()
	r.Resident, r.Swapped, r.Tags = resident, swapped, tags
	return r
}
