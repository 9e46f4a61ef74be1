package mm

import "tagswap/explore"

// Steps on swap slots: the slot map, allocation, freeing, the slot cache.

const (
	swapfileC = "mm/swapfile.c:"
	slotsC    = "mm/swap_slots.c:"
)

var mapSteps = []*Step{
	act("lock_cluster", swapfileC+"lock_cluster_or_swap_info (v6.1)", "Takes the lock of entry's cluster (spin).",
		func(k *Kernel, f *Frame) {
			si := k.area(f.entry)
			k.arrays(si, "cluster lock")
			si.clusterOf(f.entry).Lock()
			k.took(f.t, &si.clusterLast, false)
		}).uses(RegEntry).takes(ClusterLock),
	act("unlock_cluster", swapfileC+"unlock_cluster_or_swap_info (v6.1)", "Drops the cluster lock.",
		func(k *Kernel, f *Frame) { k.area(f.entry).clusterOf(f.entry).Unlock() }).uses(RegEntry).drops(ClusterLock),
	act("lock_swap_device", swapfileC+"swap_info_get_cont (v6.1)", "Takes si->lock of entry's device (spin).",
		func(k *Kernel, f *Frame) {
			si := k.area(f.entry)
			si.lock.Lock()
			k.took(f.t, &si.lockLast, true)
		}).uses(RegEntry).takes(SwapLock),
	act("unlock_swap_device", swapfileC+"swapcache_free_entries (v6.1)", "Drops si->lock.",
		func(k *Kernel, f *Frame) { k.area(f.entry).lock.Unlock() }).uses(RegEntry).drops(SwapLock),
	withArg("swap_map_put", swapfileC+"__swap_entry_free_locked (v6.1)",
		"Drops one count of entry, or the cache's hold (has_cache), in the slot map. A slot that nobody holds any more is left "+
			"marked has_cache, out of use, until it is freed; see usage_zero.",
		[]string{"count", "has_cache"}, false,
		func(k *Kernel, f *Frame, arg int) bool {
			k.mapPut(f, arg == 1)
			return true
		}).uses(RegEntry).sets(RegUsage),
	cond("usage_zero", swapfileC+"__swap_entry_free (v6.1)", "True when the last swap_map_put left nobody holding the slot.",
		func(k *Kernel, f *Frame) bool { return f.usage == 0 }).uses(RegUsage),
	cond("usage_cache_only", swapfileC+"free_swap_and_cache (v6.1)", "True when the last swap_map_put left only the swap cache.",
		func(k *Kernel, f *Frame) bool { return f.usage == hasCache }).uses(RegUsage),
	cond("swap_map_dup", swapfileC+"__swap_duplicate (v6.1)",
		"Count of entry + 1. False when the entry is not in use.",
		func(k *Kernel, f *Frame) bool {
			if k.fails(failDuplicate) {
				return false
			}
			v := k.mapRead(f.entry, "swap_map write")
			if v == 0 {
				k.violation("refcount", "swap_duplicate of a slot that is not in use")
				return false
			}
			k.mapWrite(f.entry, v+1)
			return true
		}).uses(RegEntry).needs(ClusterLock),
	cond("swap_map_set_has_cache", swapfileC+"__swap_duplicate (v6.1)",
		"Marks entry as cached if it has a count and nobody has marked it; false otherwise, see err_exist.",
		func(k *Kernel, f *Frame) bool {
			v := k.mapRead(f.entry, "swap_map write")
			switch {
			case v&hasCache != 0:
				f.err = errExist
			case v == 0:
				f.err = errNoEnt
			default:
				f.err = errNone
				k.mapWrite(f.entry, v|hasCache)
			}
			return f.err == errNone
		}).uses(RegEntry).needs(ClusterLock).sets(RegUsage),
	cond("err_exist", "mm/swap_state.c:__read_swap_cache_async (v6.1)",
		"True when swap_map_set_has_cache found the mark set (-EEXIST).",
		func(k *Kernel, f *Frame) bool { return f.err == errExist }),
	withArg("swap_count", swapfileC+"__swap_count (v6.1)",
		"Reads entry's count in the slot map without a lock; true when it is the number given.",
		[]string{"0", "1", "2"}, true,
		func(k *Kernel, f *Frame, n int) bool {
			return int(k.mapRead(f.entry, "swap_map read")&countMask) == n
		}).uses(RegEntry),
	cond("map_swap_count_one", swapfileC+"reuse_swap_page (v5.10)",
		"True when folio has one user in all: mappings plus, while it is in the swap cache, the count of its slot.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "page_trans_huge_map_swapcount")
			n := f.folio.mapcount.Load()
			if f.folio.flags.Test(flagSwapcache) {
				n += k.mapRead(Entry(f.folio.swap.Get()), "swap_map read") & countMask
			}
			return n == 1
		}).uses(RegFolio),
	cond("swap_swapcount", swapfileC+"swap_swapcount (v6.1)",
		"True when entry has a count; takes and drops the cluster lock.",
		func(k *Kernel, f *Frame) bool {
			si := k.area(f.entry)
			si.clusterOf(f.entry).Lock()
			v := k.mapRead(f.entry, "swap_map read")
			si.clusterOf(f.entry).Unlock()
			return v&countMask != 0
		}).uses(RegEntry),
	cond("swap_map_used", swapfileC+"free_swap_and_cache (v6.1)", "Reads the slot map without a lock; true when entry is in use.",
		func(k *Kernel, f *Frame) bool { return k.mapRead(f.entry, "swap_map read") != 0 }).uses(RegEntry),
	act("swap_page_trans_huge_swapped", swapfileC+"swap_page_trans_huge_swapped (v6.1)",
		"Looks at entry's slot map under the cluster lock, as for the neighbours of a huge page.",
		func(k *Kernel, f *Frame) {
			si := k.area(f.entry)
			k.arrays(si, "cluster lock")
			si.clusterOf(f.entry).Lock()
			k.mapRead(f.entry, "swap_map read")
			si.clusterOf(f.entry).Unlock()
		}).uses(RegEntry),
	act("swap_map_free", swapfileC+"swap_entry_free (v6.1)",
		"Writes 0 into the slot map: the slot may be allocated again (by whoever has si->lock, or in v7.2 the cluster lock).",
		func(k *Kernel, f *Frame) {
			si := k.area(f.entry)
			if v := k.mapRead(f.entry, "swap_map write"); v&countMask != 0 {
				k.violation("refcount", "a slot is freed while it has a count")
			}
			k.mapWrite(f.entry, 0)
			if k.nat != nil {
				k.putNative(f.t, si, f.entry.Slot())
				return
			}
			si.bitmap.Set(si.bitmap.Get() | 1<<f.entry.Slot())
		}).uses(RegEntry).needs(ClusterLock),
	act("dec_inuse", swapfileC+"swap_range_free (v6.1)", "si->inuse_pages--: swapoff is done when it is 0.",
		func(k *Kernel, f *Frame) { k.area(f.entry).inuse.AddBlind(-1) }).uses(RegEntry),
	act("swap_slot_free_notify", "drivers/block/zram/zram_drv.c:zram_slot_free_notify (v6.1)",
		"A synchronous device (zram) forgets the slot's contents: it reads as zeros afterwards.",
		func(k *Kernel, f *Frame) {
			if si := k.area(f.entry); si.cfg.Sync {
				if !si.flags.Test(areaUsed) {
					k.fatal("use-after-free", "a swap device that swapoff has closed is told of a freed slot")
				}
				k.freeSlot(si, f.entry.Slot())
			}
		}).uses(RegEntry),
	cond("vm_swap_full", "include/linux/swap.h:vm_swap_full (v6.1)", "True when more than half of all swap is in use.",
		func(k *Kernel, f *Frame) bool { return k.swapFull() }),
}

var slotSteps = []*Step{
	cond("slot_cache_active", slotsC+"free_swap_slot (v6.1)", "Reads without a lock whether slot caches are active and enabled.",
		func(k *Kernel, f *Frame) bool {
			return k.slotCacheEnabled.Load() != 0 && k.slotCacheActive.Load() != 0
		}),
	cond("slot_cache_enabled", slotsC+"swap_slot_cache_enabled (v6.1)", "Reads without a lock whether slot caches are enabled (not during swapoff).",
		func(k *Kernel, f *Frame) bool { return k.slotCacheEnabled.Load() != 0 }),
	act("slot_cache_alloc_lock", slotsC+"folio_alloc_swap (v6.1)", "Takes this CPU's slot cache alloc_lock.",
		func(k *Kernel, f *Frame) { k.caches[f.t.CPU].alloc.Lock() }).takes(SlotAlloc),
	act("slot_cache_alloc_unlock", slotsC+"folio_alloc_swap (v6.1)", "Drops alloc_lock.",
		func(k *Kernel, f *Frame) { k.caches[f.t.CPU].alloc.Unlock() }).drops(SlotAlloc),
	act("slot_cache_free_lock", slotsC+"free_swap_slot (v6.1)", "Takes this CPU's slot cache free_lock (spin).",
		func(k *Kernel, f *Frame) { k.caches[f.t.CPU].free.Lock() }).takes(SlotFree),
	act("slot_cache_free_unlock", slotsC+"free_swap_slot (v6.1)", "Drops free_lock.",
		func(k *Kernel, f *Frame) { k.caches[f.t.CPU].free.Unlock() }).drops(SlotFree),
	cond("slot_cache_take", slotsC+"folio_alloc_swap (v6.1)", "entry becomes a slot of this CPU's cache; false when it is empty.",
		func(k *Kernel, f *Frame) bool {
			c := &k.caches[f.t.CPU]
			return f.takeFrom(c, &c.slots)
		}).needs(SlotAlloc).sets(RegEntry),
	act("refill_swap_slots_cache", slotsC+"refill_swap_slots_cache (v6.1)", "Allocates a batch of slots into this CPU's cache.",
		func(k *Kernel, f *Frame) {
			c := &k.caches[f.t.CPU]
			l := c.slots.Load()
			for range c.size {
				e := k.allocSlot(f.t, hasCache)
				if e == 0 {
					break
				}
				l = c.push(l, e)
			}
			c.slots.Store(l)
		}).needs(SlotAlloc),
	cond("get_swap_page", swapfileC+"get_swap_pages (v6.1)",
		"entry becomes a fresh slot, marked has_cache with count 0 (si->lock, cluster lock). False: swap is full.",
		func(k *Kernel, f *Frame) bool {
			f.entry = k.allocSlot(f.t, hasCache)
			return f.entry != 0
		}).sets(RegEntry),
	cond("slot_cache_full", slotsC+"free_swap_slot (v6.1)", "True when this CPU's returned slots make a full batch.",
		func(k *Kernel, f *Frame) bool {
			c := &k.caches[f.t.CPU]
			return c.len(c.ret.Load()) >= c.size
		}).needs(SlotFree),
	act("slot_cache_park", slotsC+"free_swap_slot (v6.1)",
		"Parks entry on this CPU's return list: its slot, tag record and device copy stay until the batch is flushed.",
		func(k *Kernel, f *Frame) {
			c := &k.caches[f.t.CPU]
			l := c.ret.Load()
			if c.len(l) >= c.size {
				k.fatal("use-after-free", "a slot is parked behind the end of the slot cache's batch")
			}
			c.ret.Store(c.push(l, f.entry))
		}).needs(SlotFree).uses(RegEntry),
	cond("slot_cache_pop", slotsC+"drain_slots_cache_cpu (v6.1)", "entry becomes the next parked slot of this CPU; false when there is none.",
		func(k *Kernel, f *Frame) bool {
			c := &k.caches[f.t.CPU]
			return f.takeFrom(c, &c.ret)
		}).needs(SlotFree).sets(RegEntry),
	act("slot_cache_walk", slotsC+"__drain_swap_slots_cache (v6.1)", "Starts a walk over the slot caches of all CPUs.",
		func(k *Kernel, f *Frame) { f.it = -1 }),
	cond("slot_cache_next", slotsC+"__drain_swap_slots_cache (v6.1)", "Goes on to the next CPU's slot cache; false after the last.",
		func(k *Kernel, f *Frame) bool {
			for f.it++; f.it < len(k.caches); f.it++ {
				if k.caches[f.it].size != 0 {
					f.t.at = f.it
					return true
				}
			}
			return false
		}),
	act("slot_cache_lock_both", slotsC+"drain_slots_cache_cpu (v6.1)", "Takes free_lock of the CPU that is walked.",
		func(k *Kernel, f *Frame) { k.caches[f.t.at].free.Lock() }).takes(SlotFree),
	act("slot_cache_unlock_both", slotsC+"drain_slots_cache_cpu (v6.1)", "Drops free_lock of the CPU that is walked.",
		func(k *Kernel, f *Frame) { k.caches[f.t.at].free.Unlock() }).drops(SlotFree),
	cond("slot_cache_pop_walked", slotsC+"drain_slots_cache_cpu (v6.1)",
		"entry becomes the next parked slot of the CPU that is walked; false when there is none.",
		func(k *Kernel, f *Frame) bool {
			c := &k.caches[f.t.at]
			return f.takeFrom(c, &c.ret)
		}).needs(SlotFree).sets(RegEntry),
	act("slot_cache_lock_alloc", slotsC+"drain_slots_cache_cpu (v6.1)", "Takes alloc_lock of the CPU that is walked.",
		func(k *Kernel, f *Frame) { k.caches[f.t.at].alloc.Lock() }).takes(SlotAlloc),
	act("slot_cache_unlock_alloc", slotsC+"drain_slots_cache_cpu (v6.1)", "Drops alloc_lock of the CPU that is walked.",
		func(k *Kernel, f *Frame) { k.caches[f.t.at].alloc.Unlock() }).drops(SlotAlloc),
	cond("slot_cache_take_walked", slotsC+"drain_slots_cache_cpu (v6.1)",
		"entry becomes a fresh slot of the CPU that is walked; false when there is none.",
		func(k *Kernel, f *Frame) bool {
			c := &k.caches[f.t.at]
			return f.takeFrom(c, &c.slots)
		}).needs(SlotAlloc).sets(RegEntry),
	act("slot_cache_disable", slotsC+"disable_swap_slots_cache_lock (v6.1)", "Slot caches are no longer enabled.",
		func(k *Kernel, f *Frame) { k.slotCacheEnabled.Store(0) }),
	act("slot_cache_reenable", slotsC+"reenable_swap_slots_cache_unlock (v6.1)", "Slot caches are enabled again.",
		func(k *Kernel, f *Frame) { k.slotCacheEnabled.Store(1) }),
	act("slots_mutex_lock", slotsC+"disable_swap_slots_cache_lock (v6.1)", "Takes swap_slots_cache_enable_mutex.",
		func(k *Kernel, f *Frame) { k.slotsMutex.Lock() }),
	act("slots_mutex_unlock", slotsC+"reenable_swap_slots_cache_unlock (v6.1)", "Drops swap_slots_cache_enable_mutex.",
		func(k *Kernel, f *Frame) { k.slotsMutex.Unlock() }),
}

// takeFrom makes entry the oldest slot of a list of c; false when it is empty.
// Preconditions: the list's lock is held.
func (f *Frame) takeFrom(c *slotCache, list *explore.Atomic) bool {
	e, rest := c.pop(list.Load())
	if e == 0 {
		return false
	}
	list.Store(rest)
	f.entry = e
	return true
}
