package explore

import "sync"

// Cond is a condition variable with sync.Cond's operations. Signal wakes the
// task that has waited longest; nobody wakes without a signal.
type Cond struct {
	obj    // value: the tasks that wait, oldest lowest, 5 bits each
	woken  [MaxTasks]obj
	l      sync.Locker
	native *sync.Cond
}

const maxWaiters = 12

// Init prepares c, with nobody waiting, for x. l is the lock that Wait lets go.
func (c *Cond) Init(x *X, class string, num int, l sync.Locker) {
	c.init(x, class, num)
	c.l = l
	if x == nil {
		c.native = sync.NewCond(l)
		return
	}
	for i := range c.woken {
		c.woken[i].init(x, class+" waiter", i)
	}
}

// Wait lets the lock go, waits to be woken, and takes the lock again.
func (c *Cond) Wait() {
	if c.x == nil {
		c.native.Wait()
		return
	}
	id := c.x.cur.id
	c.access(kindUpdate, "wait")
	n := 0
	for c.p.val>>(5*n) != 0 {
		n++
	}
	if n == maxWaiters {
		panic("tagswap internal: too many tasks wait for a condition")
	}
	c.set(c.p.val | uint64(id+1)<<(5*n))
	c.l.Unlock()
	w := &c.woken[id]
	w.acquire(kindUpdate, "wake", 1, 1)
	w.set(0)
	c.l.Lock()
}

// Signal wakes one task, if any waits.
func (c *Cond) Signal() {
	if c.x == nil {
		c.native.Signal()
		return
	}
	c.x.Atomically("signal", func() { c.wake(1) })
}

// Broadcast wakes all tasks that wait.
func (c *Cond) Broadcast() {
	if c.x == nil {
		c.native.Broadcast()
		return
	}
	c.x.Atomically("broadcast", func() { c.wake(maxWaiters) })
}

// wake wakes n tasks, if so many wait. How many there were the caller does not
// learn, so that it counts as one operation.
func (c *Cond) wake(n int) {
	c.access(kindUpdate, "wake")
	know := &c.x.cur.know
	ops := know.n
	for ; n > 0 && c.p.val != 0; n-- {
		w := &c.woken[c.p.val&31-1]
		c.set(c.p.val >> 5)
		w.access(kindWrite, "wake")
		w.set(1)
	}
	know.n = ops
}
