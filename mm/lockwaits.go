package mm

import "tagswap/explore"

// LockWaits has the native waits for each class of lock.
type LockWaits struct {
	Mmap      explore.Waits                 // mmap locks
	AnonVMA   explore.Waits                 // anon_vma locks
	PTL       explore.Waits                 // page-table locks
	Device    explore.Waits                 // si->lock
	Cluster   explore.Waits                 // cluster locks
	Cache     explore.Waits                 // i_pages of the swap cache
	SlotCache explore.Waits                 // slot caches' alloc_lock and free_lock
	Tags      explore.Waits                 // mte_pages
	LRU       explore.Waits                 // lru locks
	File      explore.Waits                 // i_pages of shmem
	Flags     [len(flagNames)]explore.Waits // page flags that are waited for: the folio lock, writeback, PG_mte_lock
	Flush     explore.Waits                 // gates, which stand for TLB flushes
}

// Each calls f with every class, by the kernel's name.
func (w *LockWaits) Each(f func(class string, w *explore.Waits)) {
	f("mmap_lock", &w.Mmap)
	f("anon_vma", &w.AnonVMA)
	f("ptl", &w.PTL)
	f("si->lock", &w.Device)
	f("cluster", &w.Cluster)
	f("swap cache", &w.Cache)
	f("slot cache", &w.SlotCache)
	f("mte_pages", &w.Tags)
	f("lru", &w.LRU)
	f("i_pages", &w.File)
	for bit, name := range flagNames {
		if bit == flagLocked {
			name = "folio lock"
		}
		f(name, &w.Flags[bit])
	}
	f("TLB flush", &w.Flush)
}

// Waits is how long native tasks have waited for locks.
func (k *Kernel) Waits() *LockWaits { return &k.nat.waits }

// watchLocks counts the waits for the locks of the machine.
func (k *Kernel) watchLocks() {
	w := &k.nat.waits
	for i := range k.areas {
		k.areas[i].lock.Watch(&w.Device)
		for c := range k.areas[i].clusters {
			k.areas[i].clusters[c].Watch(&w.Cluster)
		}
		k.areas[i].cache.Watch(&w.Cache)
	}
	for i := range k.caches {
		k.caches[i].alloc.Watch(&w.SlotCache)
		k.caches[i].free.Watch(&w.SlotCache)
	}
	for i := range k.vars {
		k.vars[i].anon.Watch(&w.AnonVMA)
		k.vars[i].lock.Watch(&w.LRU)
		k.vars[i].xa.Watch(&w.File)
		k.vars[i].gate.Watch(&w.Flush)
	}
	for i := range k.mms {
		k.mms[i].Lock.Watch(&w.Mmap)
		k.mms[i].PTL.Watch(&w.PTL)
	}
	for i := range k.folios {
		k.folios[i].flags.Watch(w.Flags[:])
	}
	k.Tags.Lock.Watch(&w.Tags)
}
