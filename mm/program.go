package mm

import "sort"

// Func is a compiled step list. It is immutable once built; all executions and
// workers share it.
type Func struct {
	Name    string
	Code    []Instr
	Returns []Reg // registers that the caller gets back; all others are the callee's own
	back    regSet
	id      int  // place in Program.Funcs by name
	HasBody bool // false: declared by a call before its list was compiled
}

// Instr is one step of a compiled list: a primitive or a call, and where to go
// with its result. A target of Return or ReturnFalse leaves the function.
type Instr struct {
	Step  *Step // nil for a call and for a bare jump
	Call  *Func
	Arg   int // the step's argument, meaning as Step.Args says; 0 when it has none
	True  int // index of the next instruction when the result is true
	False int // … when it is false
	Line  int // line of the design file, for traces

	// What Step runs, for the native interpreter: one of them, see Seal.
	act  func(k *Kernel, f *Frame)
	test func(k *Kernel, f *Frame) bool
	arg  func(k *Kernel, f *Frame, arg int) bool
}

// Targets that leave a function.
const (
	Return      = -1 // the function's result is true
	ReturnFalse = -2 // … is false
)

// Program is a design ready to run: every function of the swap path by name.
type Program struct {
	Name    string
	Funcs   map[string]*Func
	entries [len(entries)]*Func // by list
}

// Seal makes p ready to run; nothing may be added afterwards. It gives every
// function a number that depends on the names alone.
func (p *Program) Seal() {
	names := make([]string, 0, len(p.Funcs))
	for name := range p.Funcs {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		fn := p.Funcs[name]
		fn.id = i
		for _, r := range fn.Returns {
			fn.back |= regsOf[r]
		}
		for j := range fn.Code {
			if in := &fn.Code[j]; in.Step != nil {
				in.act, in.test, in.arg = in.Step.act, in.Step.test, in.Step.Run
			}
		}
	}
	for i, name := range entries {
		p.entries[i] = p.Funcs[name]
	}
}

// Lock names what a step needs held, takes or drops, for the static check.
type Lock string

// Locks of the swap path, by the kernel's names.
const (
	FolioLock   Lock = "folio lock"
	PTL         Lock = "page-table lock"
	PTL2        Lock = "child's page-table lock"
	MmapRead    Lock = "mmap lock, shared"
	MmapWrite   Lock = "mmap lock, exclusive"
	ClusterLock Lock = "cluster lock"
	SwapLock    Lock = "swap device lock"
	CacheLock   Lock = "swap cache lock"
	TagsLock    Lock = "tag store lock"
	AnonRead    Lock = "anon_vma lock, shared"
	SlotAlloc   Lock = "slot cache alloc lock"
	SlotFree    Lock = "slot cache free lock"
	LRULock     Lock = "lru lock"
	DeviceRef   Lock = "swap device reference" // get_swap_device
	ShmemLock   Lock = "shmem xarray lock"
)

// Reg is a register of a function's frame. Steps read and set registers
// implicitly, as the kernel's functions use their local variables.
type Reg string

// Registers.
const (
	RegFolio     Reg = "folio"
	RegSwapcache Reg = "swapcache"
	RegNew       Reg = "new_folio"
	RegEntry     Reg = "entry"
	RegOrig      Reg = "orig_pte"
	RegPTE       Reg = "pte"
	RegExclusive Reg = "exclusive"
	RegRecord    Reg = "tags"
	RegUsage     Reg = "usage"
	RegWrite     Reg = "write"
	RegMM        Reg = "mm"
)

// Regs returns the registers that a step list may give back.
func Regs() []Reg {
	return []Reg{RegFolio, RegSwapcache, RegNew, RegEntry, RegOrig, RegPTE, RegExclusive,
		RegRecord, RegUsage, RegWrite, RegMM}
}

// Step is a primitive: the smallest thing a design can place. Most are one
// access that another task can see.
type Step struct {
	Name   string
	Doc    string   // one or two sentences: what it does, and its result
	Source string   // kernel file:function (version)
	Args   []string // the words it takes as its one argument; nil: none. Arg is the index
	Cond   bool     // has a result worth testing; otherwise always true
	Needs  []Lock   // must be held
	Takes  []Lock   // holds afterwards (a Cond step: only when its result is true)
	Drops  []Lock   // no longer holds afterwards
	Uses   []Reg    // must have been set
	Sets   []Reg    // (a Cond step: when its result is true)
	Run    func(k *Kernel, f *Frame, arg int) bool

	// What Run calls when the step takes no argument; nil otherwise.
	act  func(k *Kernel, f *Frame)
	test func(k *Kernel, f *Frame) bool
	// What Run calls with each argument, if the step takes numbers; nil otherwise.
	bind func(arg int) func(k *Kernel, f *Frame) bool
	// Whether the result is known from what the machine is, and the result. nil: no.
	fixed func(k *Kernel) (result, known bool)
}

// native is what an instruction runs: act when its step has no result.
func (in *Instr) native() (act func(k *Kernel, f *Frame), test func(k *Kernel, f *Frame) bool) {
	s, arg := in.Step, in.Arg
	switch {
	case s.act != nil:
		return s.act, nil
	case s.test != nil:
		return nil, s.test
	case s.bind != nil:
		return nil, s.bind(arg)
	case s.Cond:
		return nil, func(k *Kernel, f *Frame) bool { return s.Run(k, f, arg) }
	}
	return func(k *Kernel, f *Frame) { s.Run(k, f, arg) }, nil
}
