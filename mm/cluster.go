package mm

import "tagswap/explore"

// A native device has clusters of slots, each with a lock, as the kernel's has
// (mm/swapfile.c:struct swap_cluster_info, v6.1); under the explorer there is one.

// clusterSlots is how many slots a native cluster has.
const clusterSlots = 64

// cluster is some slots of a native device.
type cluster struct {
	explore.Mutex
	free []int // protected by the lock; slots that may be allocated, used from the end
	_    [64]byte
}

func (si *SwapInfo) resetClusters() {
	n := (si.cfg.Slots + clusterSlots - 1) / clusterSlots
	si.clusters = make([]cluster, max(n, 1))
	for s := si.cfg.Slots - 1; s >= si.cfg.Used; s-- {
		c := &si.clusters[s/clusterSlots]
		if c.free == nil {
			c.free = make([]int, 0, clusterSlots)
		}
		c.free = append(c.free, s)
	}
	si.refs = sharded{}
}

// clusterOf is the lock of e's cluster.
func (si *SwapInfo) clusterOf(e Entry) *explore.Mutex {
	if si.clusters == nil {
		return &si.cluster
	}
	return &si.clusters[e.Slot()/clusterSlots].Mutex
}

// takeNative is takeSlot natively. A task looks for a slot where it has freed or
// found the last one, as each of the kernel's processors has a cluster of its own
// (struct percpu_cluster). The slot that was freed last is used first.
func (k *Kernel) takeNative(t *Task, si *SwapInfo, value uint64) Entry {
	if si.inuse.Load() >= uint64(si.cfg.Slots) {
		return 0
	}
	n := len(si.clusters)
	for i := range n {
		c := (t.cluster + i) % n
		if e := k.takeFrom(si, &si.clusters[c], value); e != 0 {
			t.cluster = c
			return e
		}
	}
	return 0
}

func (k *Kernel) takeFrom(si *SwapInfo, c *cluster, value uint64) Entry {
	c.Lock()
	defer c.Unlock()
	last := len(c.free) - 1
	if last < 0 {
		return 0
	}
	e := mkEntry(si.num, c.free[last])
	c.free = c.free[:last]
	k.mapWrite(e, value)
	si.inuse.AddBlind(1)
	return e
}

// putNative makes slot free. Preconditions: its cluster's lock is held.
func (k *Kernel) putNative(t *Task, si *SwapInfo, slot int) {
	t.cluster = slot / clusterSlots
	c := &si.clusters[t.cluster]
	c.free = append(c.free, slot)
}

// hold adds n to the references on a device that swapoff waits for (percpu_ref).
func (k *Kernel) hold(t *Task, si *SwapInfo, n int64) {
	if k.nat == nil {
		si.users.AddBlind(n)
		return
	}
	si.refs.add(t.ID, n)
}

// awaitUsers waits until nobody has a reference.
func (k *Kernel) awaitUsers(si *SwapInfo) {
	if k.nat == nil {
		si.users.Await(0)
		return
	}
	for i := 0; si.refs.sum() != 0; i++ {
		explore.Pause(i)
	}
}

// sharded is a native counter of which each part is alone on its cache line.
type sharded [16]paddedAtomic

func (s *sharded) add(hint int, n int64) { s[hint%len(s)].AddBlind(n) }

func (s *sharded) sum() int {
	n := uint64(0)
	for i := range s {
		n += s[i].Peek()
	}
	return int(n)
}
