package mm

import "fmt"

// What a program needs that uses this package as a pager: a native machine, tasks
// in address spaces, and memory as bytes. See the example of New.
//
// A Task belongs to one goroutine at a time; tasks of one machine run side by side.
// Reset, New, NewMM, Map, CheckCounts and CheckLeaks are for when no task runs.

// New makes a native machine for a design: cfg.MMs address spaces, which nobody
// uses yet, cfg.Pages pages of memory and one page of virtual memory for each of
// cfg.Vars, at address VarAddr. Set Kernel.OnViolation before a task runs: it hears
// of every property that does not hold, from any goroutine. A nil one panics.
func New(p *Program, cfg Config) *Kernel {
	k := &Kernel{}
	k.Reset(nil, p, cfg)
	for range k.mms {
		k.Spare(k.NewMM(nil))
	}
	for cpu := range k.caches {
		k.UseCPU(cpu)
	}
	return k
}

// NewTask returns task id, from 0 to Config.Tasks-1, in an address space of its own
// with nothing mapped; nil when all address spaces are in use. Exit ends it.
func (k *Kernel) NewTask(id int) *Task {
	m := k.TakeMM()
	if m == nil {
		return nil
	}
	m.users.Store(1)
	return k.Task(id, m)
}

// Clone is fork(2): task id in a copy of t's address space, whose pages the two
// share until one stores to them; nil when all address spaces are in use. It takes
// the mmap lock for writing.
func (k *Kernel) Clone(t *Task, id int) *Task {
	m := k.TakeMM()
	if m == nil {
		return nil
	}
	k.Fork(t, m)
	return k.Task(id, m)
}

// Addr is a virtual address. Bits 56 to 59 are the pointer's tag, as on arm64: an
// access to memory mapped with VMMTE has to have the tag of each granule it covers.
type Addr uint64

const tagShift = 56

// VarAddr is the address of the page of variable v.
func VarAddr(v int) Addr { return Addr(v) * PageSize }

// WithTag returns a with another tag.
func (a Addr) WithTag(tag uint8) Addr {
	return a&^(15<<tagShift) | Addr(tag&15)<<tagShift
}

// Tag is the tag of the pointer.
func (a Addr) Tag() uint8 { return uint8(a >> tagShift & 15) }

// place is the variable and the offset that a points to.
func (a Addr) place() (v, offset int) {
	a = a.WithTag(0)
	return int(a / PageSize), int(a % PageSize)
}

// Fault is the error of an access that ended in a signal.
type Fault struct {
	Addr   Addr // of the page in which it happened
	Signal Signal
}

func (f *Fault) Error() string { return fmt.Sprintf("access to %#x: %v", uint64(f.Addr), f.Signal) }

// Write stores p at addr, a page at a time, and faults pages in as it goes. It
// returns how many bytes were stored; fewer than len(p) with a *Fault: no mapping,
// a read-only one, another tag, or a swap device that fails. A fault that finds no memory is
// tried again until there is some, as in the kernel: keep cfg.Pages above what is in use, or page out.
func (k *Kernel) Write(t *Task, addr Addr, p []byte) (int, error) {
	return k.transfer(t, addr, p, true)
}

// Read loads len(p) bytes at addr. Its errors are those of Write.
func (k *Kernel) Read(t *Task, addr Addr, p []byte) (int, error) {
	return k.transfer(t, addr, p, false)
}

func (k *Kernel) transfer(t *Task, addr Addr, p []byte, write bool) (int, error) {
	done := 0
	for done < len(p) {
		v, offset := (addr + Addr(done)).place()
		n := min(len(p)-done, PageSize-offset)
		if err := k.one(t, addr+Addr(done), v, Access{Write: write, Offset: offset, Data: p[done : done+n],
			Checked: true, Pointer: addr.Tag()}, nil); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// one makes one access, to variable v if there is such a page.
func (k *Kernel) one(t *Task, addr Addr, v int, a Access, val *uint64) error {
	if v >= len(k.Cfg.Vars) {
		return &Fault{addr, Translation}
	}
	a.Var = v
	got, sig := k.Do(t, a)
	if sig != NoSignal {
		return &Fault{addr, sig}
	}
	if val != nil {
		*val = got
	}
	return nil
}

// SetTag gives all granules of size bytes at addr the tag of addr (STG, one granule
// at a time). Both are rounded out to granules of 16 bytes. Memory that is not
// mapped with VMMTE keeps no tags.
func (k *Kernel) SetTag(t *Task, addr Addr, size int) error {
	for at, end := addr&^(granule-1), addr+Addr(size); at < end; at += granule {
		v, offset := at.place()
		if err := k.one(t, at, v, Access{Write: true, Tag: true, Granule: offset / granule, NewTag: addr.Tag()}, nil); err != nil {
			return err
		}
	}
	return nil
}

// TagAt is the tag of the granule at addr (LDG); 0 where memory keeps no tags.
func (k *Kernel) TagAt(t *Task, addr Addr) (uint8, error) {
	v, offset := addr.place()
	tag := uint64(0)
	err := k.one(t, addr, v, Access{Tag: true, Granule: offset / granule}, &tag)
	return uint8(tag), err
}
