package mm

import "tagswap/explore"

// LockWaits has the native waits for each class of lock.
type LockWaits struct {
	PTL     explore.Waits // page-table locks
	Device  explore.Waits // si->lock
	Cluster explore.Waits // cluster locks
	Cache   explore.Waits // i_pages of the swap cache
	Tags    explore.Waits // mte_pages
	LRU     explore.Waits // lru locks
	File    explore.Waits // i_pages of shmem
}

// Each calls f with every class, by the kernel's name.
func (w *LockWaits) Each(f func(class string, w *explore.Waits)) {
	f("ptl", &w.PTL)
	f("si->lock", &w.Device)
	f("cluster", &w.Cluster)
	f("swap cache", &w.Cache)
	f("mte_pages", &w.Tags)
	f("lru", &w.LRU)
	f("i_pages", &w.File)
}

// Waits is how long native tasks have waited for locks.
func (k *Kernel) Waits() *LockWaits { return &k.nat.waits }

// watchLocks counts the waits for the locks of the machine.
func (k *Kernel) watchLocks() {
	w := &k.nat.waits
	for i := range k.areas {
		k.areas[i].lock.Watch(&w.Device)
		k.areas[i].cluster.Watch(&w.Cluster)
		k.areas[i].cache.Watch(&w.Cache)
	}
	for i := range k.vars {
		k.vars[i].lock.Watch(&w.LRU)
		k.vars[i].xa.Watch(&w.File)
	}
	for i := range k.mms {
		k.mms[i].PTL.Watch(&w.PTL)
	}
	k.Tags.Lock.Watch(&w.Tags)
}
