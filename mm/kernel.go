package mm

import (
	"sync/atomic"

	"tagswap/explore"
	"tagswap/mte"
)

// Limits of one machine under the explorer. They bound tables, not the search.
// Natively Config says how large tables are.
const (
	MaxTasks = 12 // tasks, the root included
	MaxVars  = 8  // page-sized variables
	MaxMMs   = 8  // address spaces
	MaxAreas = 4  // swap devices
	MaxSlots = 64 // slots of one device
	perTask  = 24 // folios a task may allocate in one execution
)

// AreaConfig is one swap device. Sizes are in pages.
type AreaConfig struct {
	Sync   bool // SWP_SYNCHRONOUS_IO
	Stable bool // SWP_STABLE_WRITES
	Slots  int
	Used   int // slots that somebody else holds for the whole run
	Off    bool
	Device Device // natively, where the pages go; nil: into memory
}

// Config is the machine a program runs on.
type Config struct {
	Areas     []AreaConfig
	SlotCache bool // per-CPU slot caches are active at the start
	CacheSize int  // slots a batch
	Vars      []VarConfig
	Holds     bool           // tasks hold pages by GUP
	LRU       bool           // keep the order of pages on the LRU; only Reclaim looks at it
	Fail      map[string]int // allocation point -> which call fails, from 1

	// Natively, 0 for a default:
	Tasks int // the root and daemons included
	MMs   int // address spaces
	Pages int // of memory

	// CheckPages holds all of a page and all its tags against the oracle at every
	// access, not only what the access covers. Natively.
	CheckPages bool
}

// VarConfig is one page-sized variable, at the same address everywhere.
type VarConfig struct {
	Name   string
	Shared bool // shmem
	Mapped bool // shmem: tasks map it. Natively they always may
}

// Ret is the outcome of a fault, as vm_fault_t.
type Ret int

// Outcomes of a fault.
const (
	Done  Ret = iota
	Again     // nothing was mapped; the access faults again
	Sleep     // the same, after sleeping until somebody else got on
	Spin      // the same, without sleeping
	Segv      // SIGSEGV: no mapping, or not allowed
	Bus       // SIGBUS
	NoMem     // VM_FAULT_OOM
)

// Kernel is one machine running the swap path under one design. Under the
// explorer a Kernel belongs to one worker and is reset for each execution.
type Kernel struct {
	X    *explore.X
	P    *Program
	Cfg  Config
	Tags mte.Store

	folios []Folio // by pfn; pfn 0 is never used
	areas  [MaxAreas]SwapInfo
	narea  int
	mms    []MM
	nmm    int
	vars   []variable
	tasks  []Task
	caches []slotCache // by CPU

	slotCacheActive  explore.Atomic
	slotCacheEnabled explore.Atomic
	slotsMutex       explore.Mutex // swap_slots_cache_enable_mutex
	failCount        [len(failPoints)]explore.Atomic
	failAt           [len(failPoints)]int // which call fails, from 1; 0: none
	oracle           oracle
	Costs            Costs
	nat              *native // nil under the explorer
	mark             mark

	// OnViolation hears of violations natively; several tasks may call it at once.
	OnViolation func(property, detail string)
	// Jitter, if set, is called natively between steps, to shake the schedule.
	Jitter func(t *Task)
}

// Task is one thread of control. CPU is its processor, for slot caches.
type Task struct {
	taskState
	frames [16]Frame
	saved  [16]Frame // natively: registers of callers, see flat.go
	nsaved int
	waits  []explore.Seen
	walked []explore.Seen  // by a round of swapoff
	page   *[PageSize]byte // natively, see buffer
	rss    [][numRSS]int64 // natively: what it has counted, by address space
	held   []hold
	_      [64]byte
}

// taskState is the part of a task that Rewind puts back.
type taskState struct {
	ID      int
	MM      *MM
	CPU     int
	depth   int
	nfolio  int
	ret     Ret
	other   int           // KSM: the second variable
	at      int           // the CPU whose slot cache is walked
	tried   bool          // the fault was retried for the folio lock (FAULT_FLAG_TRIED)
	base    uint64        // see Base
	private func() uint64 // what it knows, for the explorer
	seen    seen          // by this round
	misses  int           // rounds of this access that came to nothing
	runs    int           // step lists that this operation, or this round, has run: where it is between them
	rests   int           // natively: waits of this access
	cost    Costs         // natively
	cluster int           // natively: where it looks for a slot first
	mmapped bool          // holds its mm's mmap lock shared, for a fault
}

// hold is a page kept by pin or get.
type hold struct {
	folio *Folio
	page  int // the oracle's page
	pin   bool
	write bool
}

// variable is what all address spaces share of one variable.
type variable struct {
	old     []int         // natively: pfns on the LRU, oldest first; protected by lock
	few     [3]int        // where old is at first
	mapped  atomic.Uint64 // natively: address spaces that may have an entry for it, by number
	lock    explore.Mutex // lru lock
	anon    explore.RWMutex
	maps    explore.Atomic // shmem: address spaces that map it
	lru     explore.Atomic // pfns on the LRU, 8 bits each, oldest lowest
	mapping explore.Atomic // shmem: the page cache's slot, a PTE value
	xa      explore.Mutex  // shmem: i_pages lock
	file    explore.Mutex  // shmem: see fileLock
	gate    explore.Mutex  // natively, shmem: see native.go
	_       [64]byte       // the next one may be another task's
}

// MM is one address space.
type MM struct {
	ID     int
	Lock   explore.RWMutex // mmap_lock
	PTL    explore.Mutex   // of the one page table that holds all variables
	at     []vpage         // by variable
	rss    [numRSS]explore.Atomic
	list   explore.Atomic // on mmlist
	users  explore.Atomic // mm_users; 0: gone
	pinned explore.Atomic // MMF_HAS_PINNED
	linked explore.Atomic // attached to its parent's anon_vmas
	parent *MM
	_      [64]byte // the next one is another task's
}

// vpage is what an address space has for one page of it.
type vpage struct {
	pte  explore.Atomic
	vma  explore.Atomic // of the mapping it is in
	gate explore.Mutex  // natively
}

// VMA flags.
const (
	VMMapped = 1 << iota
	VMWrite
	VMRead
	VMMTE
	VMLocked
)

// Reset prepares k for one execution of p on a machine of cfg. It is called by
// the root task; the objects of k keep their identity over executions of one X.
func (k *Kernel) Reset(x *explore.X, p *Program, cfg Config) {
	k.X, k.P, k.Cfg = x, p, cfg
	k.size()
	k.narea = len(cfg.Areas)
	for i := range cfg.Areas {
		k.areas[i].reset(x, i, cfg.Areas[i])
	}
	k.Tags.Reset(x, k.entries(), len(k.tasks), k.hasSlot)
	k.nmm = 0
	for i := range cfg.Vars {
		v := &k.vars[i]
		v.lru.Init(x, "lru list", i, 0)
		v.lock.Init(x, "lru lock", i)
		v.anon.Init(x, "anon_vma", i)
		v.maps.Init(x, "shmem users", i, 0)
		v.mapping.Init(x, "page cache", i, 0)
		v.xa.Init(x, "i_pages lock", i)
		v.file.Init(x, "file", i)
		if x == nil {
			v.mapped.Store(0)
		}
	}
	active := uint64(0)
	if cfg.SlotCache {
		active = 1
	}
	for i := range k.caches {
		k.caches[i].size = 0
	}
	k.slotCacheActive.Init(x, "swap_slot_cache_active", -1, active)
	k.slotCacheEnabled.Init(x, "swap_slot_cache_enabled", -1, 1)
	k.slotsMutex.Init(x, "swap_slots_cache_enable_mutex", -1)
	for i := range k.failCount {
		k.failCount[i].Init(x, failPoints[i], -1, 0)
	}
	k.oracle.reset(k)
	k.Costs = Costs{}
	for i := range k.tasks {
		k.tasks[i].reset(i)
	}
	k.failAt = [len(failPoints)]int{}
	if x == nil {
		k.resetNative()
	}
}

// hasSlot says whether a device has the slot with this index over all devices.
func (k *Kernel) hasSlot(i int) bool {
	e := Entry(i + 1)
	return e.Area() < k.narea && e.Slot() < k.areas[e.Area()].cfg.Slots
}

func (t *Task) reset(id int) {
	t.ID, t.CPU, t.MM = id, id, nil
	t.nsaved = 0
	t.depth, t.nfolio, t.ret, t.misses, t.runs, t.at, t.other, t.base = 0, 0, Done, 0, 0, 0, 0, 0
	t.tried, t.mmapped, t.seen = false, false, seen{}
	clear(t.held)
}

// Task returns task id with the address space m.
func (k *Kernel) Task(id int, m *MM) *Task {
	t := &k.tasks[id]
	t.MM = m
	return t
}

// UseCPU gives CPU cpu a slot cache.
func (k *Kernel) UseCPU(cpu int) { k.caches[cpu].reset(k.X, cpu, k.Cfg.CacheSize) }

// NewMM makes an empty address space; parent is whose fork it will be, or nil.
func (k *Kernel) NewMM(parent *MM) *MM {
	m := &k.mms[k.nmm]
	m.ID, m.parent = k.nmm, parent
	k.nmm++
	x := k.X
	if n := len(k.vars); len(m.at) != n {
		m.at = make([]vpage, n)
	}
	m.Lock.Init(x, "mmap_lock", m.ID)
	m.PTL.Init(x, "ptl", m.ID)
	for i := range k.Cfg.Vars {
		m.at[i].pte.Init(x, "pte", m.ID<<8|i, 0)
		m.at[i].vma.Init(x, "vma", m.ID<<8|i, 0)
	}
	m.rss[anonPages].Init(x, "MM_ANONPAGES", m.ID, 0)
	m.rss[swapEnts].Init(x, "MM_SWAPENTS", m.ID, 0)
	m.list.Init(x, "mmlist", m.ID, 0)
	m.pinned.Init(x, "MMF_HAS_PINNED", m.ID, 0)
	m.users.Init(x, "mm_users", m.ID, 1)
	linked := uint64(0)
	if parent == nil {
		linked = 1
	}
	m.linked.Init(x, "anon_vma chain", m.ID, linked)
	if k.nat != nil {
		for i := range m.at {
			m.at[i].gate.Watch(&k.nat.waits.Flush)
		}
	}
	return m
}

// allocation points, indices of failPoints
const (
	failTags = iota
	failAllocFolio
	failDuplicate
	failAddToSwap
)

// failPoints are the allocations that a test may let fail.
var failPoints = [...]string{"mte_alloc_tag_storage", "alloc_folio", "swap_duplicate", "add_to_swap"}

// FailPoints returns the names of allocations that Config.Fail may name.
func FailPoints() []string { return failPoints[:] }

// StartFailing lets the allocations of Config.Fail fail. Calls are counted from
// here on: what makes a test's initial state is not hit.
func (k *Kernel) StartFailing() {
	for i, name := range failPoints {
		k.failAt[i] = k.Cfg.Fail[name]
	}
}

// fails counts a call of an allocation point and says whether it fails.
func (k *Kernel) fails(point int) bool {
	n := k.failAt[point]
	return n != 0 && int(k.failCount[point].Add(1)) == n
}
