package explore

import "sync"

// Mutex is a lock with sync.Mutex's operations. It serves for spinning and
// sleeping locks alike.
type Mutex struct {
	obj
	native sync.Mutex
	waits  *Waits // natively: who counts waits; nil: nobody
}

// Init prepares m, unlocked, for x. class and num name it in traces.
func (m *Mutex) Init(x *X, class string, num int) {
	m.init(x, class, num)
}

// Lock takes the lock, waiting for it.
func (m *Mutex) Lock() {
	if m.x == nil {
		if !m.native.TryLock() {
			m.waits.lock(&m.native)
		}
		return
	}
	m.acquire(kindLock, "lock", ^uint64(0), 0)
	m.take()
}

func (m *Mutex) take() {
	m.held(int8(m.x.cur.id)+1, 0)
	m.set(uint64(m.x.cur.id) + 1)
}

// TryLock takes the lock if it is free and says whether it did.
func (m *Mutex) TryLock() bool {
	if m.x == nil {
		return m.native.TryLock()
	}
	m.access(kindUpdate, "trylock")
	ok := m.changes(ifZero)
	m.x.cur.observeBool(ok)
	if !ok {
		return false
	}
	m.x.cur.held = append(m.x.cur.held, m.p)
	m.take()
	return true
}

// Unlock releases the lock, which the calling task must hold.
func (m *Mutex) Unlock() {
	if m.x == nil {
		m.native.Unlock()
		return
	}
	m.release("unlock")
	if int(m.p.holder) != m.x.cur.id+1 {
		m.misreleased(kindRead, "unlock", "unlock of a lock that the task does not hold")
	}
	m.released(kindUnlock, "unlock")
	m.held(0, 0)
	m.set(0)
}

// RWMutex is a reader-writer lock with sync.RWMutex's operations; writers do not
// have preference.
type RWMutex struct {
	obj    // value: writer (task+1) in the upper half, number of readers in the lower
	native sync.RWMutex
	waits  *Waits // natively: who counts waits; nil: nobody
}

const anyWriter uint64 = (1<<32 - 1) << 32

// Init prepares m, unlocked, for x. class and num name it in traces.
func (m *RWMutex) Init(x *X, class string, num int) { m.init(x, class, num) }

// RLock takes the lock shared.
func (m *RWMutex) RLock() {
	if m.x == nil {
		m.rlockNative()
		return
	}
	m.acquire(kindRLock, "read lock", anyWriter, 0)
	m.enter()
}

// one is one shared hold of the current task, in the object's readers.
func (m *RWMutex) one() uint64 { return 1 << (4 * m.x.cur.id) }

func (m *RWMutex) enter() {
	m.held(0, m.p.readers+m.one())
	m.set(m.p.val + 1)
}

// RUnlock releases a shared hold.
func (m *RWMutex) RUnlock() {
	if m.x == nil {
		m.native.RUnlock()
		return
	}
	m.release("read unlock")
	switch {
	case m.p.val&^anyWriter == 0:
		m.misreleased(kindUpdate, "read unlock", "read unlock of a lock that nobody holds")
	case m.p.readers&(15*m.one()) == 0:
		m.released(kindHand, "read unlock")
		m.held(0, 0) // whose hold it was is not known
	default:
		m.released(kindRUnlock, "read unlock")
		m.held(0, m.p.readers-m.one())
	}
	m.set(m.p.val - 1)
}

// TryRLock takes the lock shared if no writer holds it.
func (m *RWMutex) TryRLock() bool {
	if m.x == nil {
		return m.native.TryRLock()
	}
	m.access(kindUpdate, "try read lock")
	ok := m.changes(test{mask: anyWriter})
	m.x.cur.observeBool(ok)
	if !ok {
		return false
	}
	m.x.cur.held = append(m.x.cur.held, m.p)
	m.enter()
	return true
}

// Lock takes the lock exclusively.
func (m *RWMutex) Lock() {
	if m.x == nil {
		m.lockNative()
		return
	}
	m.acquire(kindLock, "write lock", ^uint64(0), 0)
	m.take()
}

func (m *RWMutex) take() {
	m.held(int8(m.x.cur.id)+1, 0)
	m.set((uint64(m.x.cur.id) + 1) << 32)
}

// TryLock takes the lock exclusively if nobody holds it.
func (m *RWMutex) TryLock() bool {
	if m.x == nil {
		return m.native.TryLock()
	}
	m.access(kindUpdate, "try write lock")
	ok := m.changes(ifZero)
	m.x.cur.observeBool(ok)
	if !ok {
		return false
	}
	m.x.cur.held = append(m.x.cur.held, m.p)
	m.take()
	return true
}

// Unlock releases an exclusive hold.
func (m *RWMutex) Unlock() {
	if m.x == nil {
		m.native.Unlock()
		return
	}
	m.release("write unlock")
	if int(m.p.holder) != m.x.cur.id+1 {
		m.misreleased(kindRead, "write unlock", "write unlock of a lock that the task does not hold")
	}
	m.released(kindUnlock, "write unlock")
	m.held(0, 0)
	m.set(0)
}
