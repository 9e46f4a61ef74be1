package stress

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"tagswap/mm"
)

// actor is a goroutine that works on the machine, and what it did last.
type actor struct {
	name  string // "task 1", "kswapd"
	m     *Machine
	t     *mm.Task
	goid  uint64 // of this slice
	done  [numOps]int64
	clock time.Time  // when the last operation began
	shake *rand.Rand // see Options.Shake
	buf   []byte     // a page, for who reads whole ones

	busy  atomic.Bool  // the last operation is under way
	begun atomic.Int64 // operations
	mu    sync.Mutex
	ops   ring[operation]  // protected by mu
	steps ring[stepRecord] // protected by mu; filled while the machine records
}

// operation is one that an actor began.
type operation struct {
	began time.Duration // since the machine was made
	op    Op
	page  int    // variable, -1: all
	space int    // address space, -1: none or all
	at    int    // granule of a tag, offset of a load or store
	whole bool   // the tags of all granules
	value uint64 // stored, the tag that was set, or the child's address space
}

// stepRecord is one step of a list.
type stepRecord struct {
	at    time.Duration
	place mm.Place
}

// ring keeps the last things that were put into it.
type ring[T any] struct {
	buf  []T
	next int
}

// Sizes of rings. An operation on a page comes once in as many operations as
// there are pages, so most of what is kept is about others; so do steps.
const (
	keptOps   = 1024
	keptSteps = 1 << 15
)

func (r *ring[T]) put(size int, v T) {
	if len(r.buf) < size {
		r.buf = append(r.buf, v)
		return
	}
	r.buf[r.next] = v
	r.next = (r.next + 1) % size
}

// each visits what is kept, oldest first.
func (r *ring[T]) each(visit func(v *T)) {
	for i := range r.buf {
		visit(&r.buf[(r.next+i)%len(r.buf)])
	}
}

// last is what was put in last; r is not empty.
func (r *ring[T]) last() *T { return &r.buf[(r.next+len(r.buf)-1)%len(r.buf)] }

// begin notes an operation before it is done.
func (a *actor) begin(o operation) {
	a.clock = time.Now()
	o.began = a.clock.Sub(a.m.made)
	a.mu.Lock()
	a.ops.put(keptOps, o)
	a.mu.Unlock()
	a.busy.Store(true)
	a.begun.Add(1)
}

// end notes that it was done, or that it could not be.
func (a *actor) end(op Op, did bool) {
	a.busy.Store(false)
	if did {
		a.done[op]++
	}
}

// noteStep notes a step; the kernel calls it while the machine records.
func (a *actor) noteStep() {
	p, ok := a.m.k.Here(a.t)
	if !ok {
		return
	}
	at := time.Since(a.m.made)
	a.mu.Lock()
	a.steps.put(keptSteps, stepRecord{at, p})
	a.mu.Unlock()
}

// goroutine is the number of the goroutine that runs. Only reports of violations
// need it: the kernel's code is called by many and does not say by whom.
func goroutine() uint64 {
	var buf [64]byte
	b := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	b, _, _ = bytes.Cut(b, []byte(" "))
	n, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil {
		panic("tagswap internal: no goroutine in a stack: " + err.Error())
	}
	return n
}
