package explore

import (
	"fmt"
	"sync"
)

func (o *obj) String() string {
	m := o.x.objs[o.idx]
	if m.num < 0 {
		return m.class
	}
	return fmt.Sprintf("%s %d", m.class, m.num)
}

// acquire is an operation that waits: it is disabled while free is false.
func (o *obj) acquire(k kind, what string, free func() bool) {
	x := o.x
	if x.atomic != 0 {
		panic("tagswap internal: a wait inside Atomically: " + o.String())
	}
	x.op()
	if x.all || x.mode[o.idx]&visibleOps != 0 || !free() {
		if x.mode[o.idx]&visibleOps == 0 && !x.all {
			// Somebody else came first: this lock has to be a scheduling point.
			x.refine = append(x.refine, refinement{o.idx, visibleOps})
			x.cut()
		}
		x.block(pending{kind: pendOp, obj: o.idx, what: what, enabled: free})
	}
	o.note(k, what)
}

// cut ends the execution without a finding.
func (x *X) cut() {
	x.next = nil
	x.cur.yield(struct{}{})
	panic(abortToken{})
}

// release is an operation that lets others go on. No scheduling point stands
// before it unless somebody looks at the lock without waiting for it.
func (o *obj) release(k kind, what string) {
	x := o.x
	if x.atomic == 0 {
		x.op()
	}
	if x.atomic == 0 && (x.all || x.mode[o.idx]&visibleRelease != 0) {
		x.block(pending{kind: pendOp, obj: o.idx, what: what})
	}
	o.note(k, what)
}

// Mutex is a lock with sync.Mutex's operations. It serves for spinning and
// sleeping locks alike.
type Mutex struct {
	obj
	holder uint64 // task+1; 0: free
	native sync.Mutex
}

// Init prepares m, unlocked, for x. class and num name it in traces.
func (m *Mutex) Init(x *X, class string, num int) {
	m.obj.init(x, class, num)
	m.holder = 0
}

func (m *Mutex) free() bool { return m.holder == 0 }

// Lock takes the lock, waiting for it.
func (m *Mutex) Lock() {
	if m.x == nil {
		m.native.Lock()
		return
	}
	m.acquire(kindLock, "lock", m.free)
	m.take()
}

func (m *Mutex) take() {
	h := uint64(m.x.cur.id) + 1
	m.set(m.holder, h)
	m.holder = h
}

// TryLock takes the lock if it is free and says whether it did.
func (m *Mutex) TryLock() bool {
	if m.x == nil {
		return m.native.TryLock()
	}
	m.access(kindUpdate, "trylock")
	ok := m.holder == 0
	m.x.cur.observeBool(ok)
	if !ok {
		m.demote()
		return false
	}
	m.take()
	return true
}

// Unlock releases the lock, which the calling task must hold.
func (m *Mutex) Unlock() {
	if m.x == nil {
		m.native.Unlock()
		return
	}
	m.release(kindUnlock, "unlock")
	if m.holder != uint64(m.x.cur.id)+1 {
		m.x.Fatal("deadlock", "unlock of a lock that the task does not hold: "+m.String())
	}
	m.set(m.holder, 0)
	m.holder = 0
}

// RWMutex is a reader-writer lock with sync.RWMutex's operations; writers do not
// have preference.
type RWMutex struct {
	obj
	readers uint64
	writer  uint64 // task+1
	native  sync.RWMutex
}

// Init prepares m, unlocked, for x. class and num name it in traces.
func (m *RWMutex) Init(x *X, class string, num int) {
	m.obj.init(x, class, num)
	m.readers, m.writer = 0, 0
}

func (m *RWMutex) value() uint64    { return m.writer<<32 | m.readers }
func (m *RWMutex) noWriter() bool   { return m.writer == 0 }
func (m *RWMutex) nobodyHere() bool { return m.writer == 0 && m.readers == 0 }

func (m *RWMutex) put(readers, writer uint64) {
	old := m.value()
	m.readers, m.writer = readers, writer
	m.set(old, m.value())
}

// RLock takes the lock shared.
func (m *RWMutex) RLock() {
	if m.x == nil {
		m.native.RLock()
		return
	}
	m.acquire(kindRLock, "read lock", m.noWriter)
	m.put(m.readers+1, 0)
}

// RUnlock releases a shared hold.
func (m *RWMutex) RUnlock() {
	if m.x == nil {
		m.native.RUnlock()
		return
	}
	m.release(kindRUnlock, "read unlock")
	if m.readers == 0 {
		m.x.Fatal("deadlock", "read unlock of a lock that nobody holds: "+m.String())
	}
	m.put(m.readers-1, 0)
}

// TryRLock takes the lock shared if no writer holds it.
func (m *RWMutex) TryRLock() bool {
	if m.x == nil {
		return m.native.TryRLock()
	}
	m.access(kindUpdate, "try read lock")
	ok := m.noWriter()
	m.x.cur.observeBool(ok)
	if !ok {
		m.demote()
		return false
	}
	m.put(m.readers+1, 0)
	return true
}

// Lock takes the lock exclusively.
func (m *RWMutex) Lock() {
	if m.x == nil {
		m.native.Lock()
		return
	}
	m.acquire(kindLock, "write lock", m.nobodyHere)
	m.put(0, uint64(m.x.cur.id)+1)
}

// Unlock releases an exclusive hold.
func (m *RWMutex) Unlock() {
	if m.x == nil {
		m.native.Unlock()
		return
	}
	m.release(kindUnlock, "write unlock")
	if m.writer != uint64(m.x.cur.id)+1 {
		m.x.Fatal("deadlock", "write unlock of a lock that the task does not hold: "+m.String())
	}
	m.put(0, 0)
}
