package litmus

import "fmt"

// Pos is a place in a litmus file. Line and Col count from 1; Col counts bytes.
type Pos struct {
	File string
	Line int
	Col  int
}

func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Test is one litmus test as written. It is immutable once parsed; callers
// that want a variant parse again or Clone.
type Test struct {
	Name    string
	Doc     string
	Meta    []Meta // the Key=value lines, in the order of the file
	Machine Machine
	Vars    []Var
	Init    []InitState
	Tasks   []Task
	Observe []Loc // locations [ … ], in order
	Filter  *Prop // nil when absent
	Quant   Quant
	Cond    *Prop // nil means true
	Pos     Pos
}

// Meta is one Key=value line as written. Machine holds its meaning.
type Meta struct {
	Key, Value string
	Pos        Pos
}

// Machine is what the metadata lines ask of the machine.
type Machine struct {
	Areas     []SwapArea // swap devices; at least one (default: one sync area of 8 slots)
	SlotCache SlotCache
	CPUs      int       // 0: one CPU a task
	FIFO      []int     // tasks of real-time priority: from their start on they keep their CPU from the others while they can run
	Fail      []Failure // allocation failures at named points
}

// SwapArea is one swap device: Swap=sync,slots:8[,used:N][,stable]; areas are
// separated by blanks. Sizes are in pages (4096 bytes on every kernel we model).
type SwapArea struct {
	Sync   bool // SWP_SYNCHRONOUS_IO (zram, brd); otherwise asynchronous (a disk)
	Stable bool // SWP_STABLE_WRITES
	Slots  int  // usable slots
	Used   int  // slots taken by somebody else for the whole test (swap nearly full)
	Off    bool // present but not yet swapped on
}

// SlotCache is the state of the per-CPU slot caches at the start:
// SlotCache=off, SlotCache=on, SlotCache=on,size:N (slots a batch; default 2).
type SlotCache struct {
	On   bool
	Size int
}

// Failure makes the Nth (from 1) allocation at a named point fail:
// Fail=mte_alloc_tag_storage or Fail=mte_alloc_tag_storage:2.
type Failure struct {
	Point string
	Nth   int
	Pos   Pos
}

// VarKind says how a variable's page is mapped.
type VarKind int

const (
	Anon   VarKind = iota // private anonymous
	Shared                // shared anonymous (shmem), mapped by the tasks of Var.Tasks, or by all
)

func (k VarKind) String() string { return [...]string{"anon", "shared"}[k] }

// Var is one page-sized variable of the init block:
// anon x = 1:red; shared(P0,P1) mte y = 0; anon locked z = 3; anon(P2) w = 0;
// shared(P0,P1:plain) v = 1:red.
// Each variable has a page of its own.
type Var struct {
	Name     string
	Kind     VarKind
	Tasks    []int // Shared: the tasks that map it (nil: all). Anon: nil, or the one task that owns it (nil: P0)
	Plain    []int // Shared with MTE: tasks of Tasks that map it without PROT_MTE
	MTE      bool  // mapped with PROT_MTE; a tag in the value implies it
	Locked   bool  // mlocked VMA
	ReadOnly bool  // mapped without PROT_WRITE
	Unmapped bool  // reserved, but not mapped until a task does mmap
	Value    int   // contents at the start
	Tag      Tag   // allocation tag at the start (green when none is written)
	HasTag   bool  // a tag was written
	Pos      Pos
}

// InitState is a state function applied before the test starts, in the order
// written: 0:swapped(x) puts x's page out, as seen by P0; 0:cached(x) puts it out
// but leaves its folio in the swap cache; 0:pinned(x) and 0:got(x) hold a
// FOLL_PIN / FOLL_GET reference of P0, good for reading and writing;
// 0:untouched(x): no page yet (not present). The states of a child are applied
// after its fork, all others before any fork.
type InitState struct {
	Task int
	Func string
	Var  string
	Pos  Pos
}

// Relation says where a task's address space comes from.
type Relation int

const (
	Thread  Relation = iota // shares the address space of Task.Of (default: P0)
	Child                   // forked from Task.Of before the test starts, after Init
	Process                 // an unrelated process; it maps only shared variables and anonymous ones of its own
	Forked                  // starts when a task executes "fork Pn": a child of that task
)

func (r Relation) String() string {
	return [...]string{"thread", "child", "process", "forked"}[r]
}

// Task is one column. In the header row: P1 (a thread of P0), P1:thread(P2),
// P1:child, P1:child(P2), P1:process. A column named by a "fork" operation is Forked.
// Of is the other task of a thread, child or forked task; of P0 and of a
// process it is the task itself.
type Task struct {
	ID       int
	Relation Relation
	Of       int
	Ops      []Op
	Pos      Pos
}

// OpKind is one memory-management operation.
type OpKind int

const (
	OpStore     OpKind = iota // store x 2 | store x:red 2 (checked) | store pin(x) 2
	OpLoad                    // r1 = load x | r1 = load x:red (checked) | r1 = load pin(x)
	OpTag                     // tag x red            (STG)
	OpReadTag                 // r1 = tag(x)          (LDG)
	OpFork                    // fork P1
	OpExit                    // exit                 (the last task of an address space frees it)
	OpMmap                    // mmap x | mmap x mte
	OpMunmap                  // munmap x
	OpMprotect                // mprotect x read|write|none [mte]
	OpMadvise                 // madvise x dontneed|free|pageout|willneed|mergeable
	OpPageout                 // pageout P0 x         (process_madvise by another task)
	OpReclaim                 // reclaim | reclaim x  (kswapd)
	OpMerge                   // merge x y            (KSM)
	OpPin                     // pin x | pin x write  (FOLL_PIN)
	OpUnpin                   // unpin x
	OpGet                     // get x | get x write  (FOLL_GET, as O_DIRECT or vmsplice hold pages)
	OpPut                     // put x
	OpSwapoff                 // swapoff | swapoff 1
	OpSwapon                  // swapon | swapon 1
	OpSlotCache               // slotcache off|on|drain
	OpBarrier                 // barrier | barrier b  (all tasks that name it meet)
	OpCopyTags                // r1 = peektags P0 x   (ptrace PEEKMTETAGS by another task)
)

// Op is one cell.
type Op struct {
	Kind   OpKind
	Reg    string // result register, "" when none
	Var    string // the variable, "" when none
	Var2   string // merge
	Pin    bool   // through the page held by pin or get
	Value  int    // store
	Tag    Tag    // checked access: the pointer's tag; OpTag: the new tag
	HasTag bool   // the access is checked
	Offset int    // bytes into the page, a multiple of 16; tag and checked accesses
	Task   int    // fork, pageout, peektags: the other task
	Area   int    // swapoff, swapon
	Advice string // madvise's advice, mprotect's protection, slotcache's verb
	MTE    bool   // mmap, mprotect
	Write  bool   // pin, get
	Name   string // barrier
	Pos    Pos
}

// Tag is an MTE allocation tag, 0 to 15. The first eight have names.
type Tag uint8

// Quant is the quantifier of the final condition.
type Quant int

const (
	Forall Quant = iota
	Exists
	NotExists
)

func (q Quant) String() string { return [...]string{"forall", "exists", "~exists"}[q] }

// Loc is something observable at the end of an execution.
//
//	0:r1            a register
//	x, 0:x          contents of x as P0 (or the named task) reads it
//	tag(x), 0:tag(x), tag(x+16)  its allocation tag
//	fault(P0,x,TagCheck), fault(P0)  a signal the task got: TagCheck (SEGV_MTESERR),
//	                Translation (SIGSEGV), Bus (SIGBUS), any when absent; 0 or 1
//	0:swapped(x), 0:cached(x), 0:exclusive(x)  state functions; 0 or 1
//	slots, records  slots in use (of all areas), tag records kept
type Loc struct {
	Task   int    // -1: none given
	Func   string // "", "tag", "fault", "swapped", "cached", "exclusive", "slots", "records"
	Name   string // register or variable; "" for fault(P0)
	Fault  string // fault type, "" any
	Offset int    // tag(x+16): bytes into the page, a multiple of 16
	IsTag  bool   // the value is a tag: tag(x), and a register written by tag(x) or peektags
	Pos    Pos
}

// PropKind is a node of a condition.
type PropKind int

const (
	PropAtom PropKind = iota
	PropAnd
	PropOr
	PropNot
	PropImplies
	PropTrue
	PropFalse
)

// Prop is a proposition over final states.
type Prop struct {
	Kind  PropKind
	Kids  []*Prop
	Loc   Loc   // atom: left side
	Neq   bool  // atom: != instead of =
	Right *Loc  // atom: loc=loc; nil for a constant
	Value Value // atom: the constant
	Pos   Pos
}

// Value is a constant of a condition: a number, or a tag by name.
type Value struct {
	N     int
	IsTag bool
}
