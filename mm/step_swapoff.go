package mm

// Steps of swapoff. area is the device that is swapped off.

var swapoffSteps = []*Step{
	act("area_entry", swapfileC+"swapoff (v6.1)", "entry becomes a name for the device that is swapped off (its first slot), for the steps on devices.",
		func(k *Kernel, f *Frame) { f.entry = mkEntry(f.area, 0) }).sets(RegEntry),
	cond("clear_writeok", swapfileC+"swapoff (v6.1)",
		"No slot of the device is allocated any more (SWP_WRITEOK cleared); under si->lock. False when another swapoff was faster.",
		func(k *Kernel, f *Frame) bool { return k.areas[f.area].flags.TestAndClear(areaWriteOK) }),
	act("set_writeok", swapfileC+"reinsert_swap_info (v6.1)", "Slots of the device may be allocated again; under si->lock.",
		func(k *Kernel, f *Frame) { k.areas[f.area].flags.Set(areaWriteOK) }),
	cond("inuse_zero", swapfileC+"try_to_unuse (v6.1)", "Reads inuse_pages without a lock; true when no slot of the device is in use.",
		func(k *Kernel, f *Frame) bool {
			si := &k.areas[f.area]
			if f.t.seen.world == 0 && k.X != nil {
				k.walk(f.t, f.area)
			}
			return si.inuse.Load() == uint64(si.cfg.Used)
		}),
	act("mmlist_walk", swapfileC+"try_to_unuse (v6.1)", "Starts a walk over the address spaces that may have swap entries (mmlist).",
		func(k *Kernel, f *Frame) { f.it = -1 }),
	cond("mmlist_next", swapfileC+"try_to_unuse (v6.1)", "Goes on to the next address space on mmlist that is still in use: mm. False after the last.",
		func(k *Kernel, f *Frame) bool {
			for f.it++; f.it < k.nmm; f.it++ {
				m := &k.mms[f.it]
				if m.list.Load() != 0 && m.users.AddUnlessZero(1) {
					f.mm = m
					return true
				}
			}
			return false
		}).sets(RegMM),
	act("mmput", "kernel/fork.c:mmput (v6.1)", "Drops the walk's hold on mm. If the last user went meanwhile, its memory is freed here (exit_mmap).",
		func(k *Kernel, f *Frame) { k.mmput(f.t, f.mm) }).uses(RegMM),
	act("mmap_read_lock", "include/linux/mmap_lock.h:mmap_read_lock (v6.1)", "Takes mm's mmap lock shared (sleeping).",
		func(k *Kernel, f *Frame) { f.mm.Lock.RLock() }).takes(MmapRead),
	act("mmap_read_unlock", "include/linux/mmap_lock.h:mmap_read_unlock (v6.1)", "Drops mm's mmap lock.",
		func(k *Kernel, f *Frame) { f.mm.Lock.RUnlock() }).drops(MmapRead),
	act("vma_walk", swapfileC+"unuse_mm (v6.1)", "Starts a walk over mm's mappings.",
		func(k *Kernel, f *Frame) { f.v = -1 }),
	cond("vma_next", swapfileC+"unuse_mm (v6.1)", "Goes on to the next private mapping of mm. False after the last.",
		func(k *Kernel, f *Frame) bool {
			for f.v++; f.v < len(k.Cfg.Vars); f.v++ {
				if !k.Cfg.Vars[f.v].Shared && f.mm.at[f.v].vma.Load()&VMMapped != 0 {
					return true
				}
			}
			return false
		}),
	cond("orig_swap_of_area", swapfileC+"unuse_pte_range (v6.1)", "True when orig_pte is a swap PTE of the device; its entry becomes entry.",
		func(k *Kernel, f *Frame) bool {
			if !f.orig.swap() || f.orig.entry().Area() != f.area {
				return false
			}
			f.entry = f.orig.entry()
			return true
		}).uses(RegOrig).sets(RegEntry),
	act("slot_walk", swapfileC+"find_next_to_unuse (v6.1)", "Starts a walk over the device's slots.",
		func(k *Kernel, f *Frame) { f.it = -1 }),
	cond("slot_next_used", swapfileC+"find_next_to_unuse (v6.1)", "Goes on to the next slot in use (read without a lock): entry. False after the last.",
		func(k *Kernel, f *Frame) bool {
			si := &k.areas[f.area]
			for f.it++; f.it < si.cfg.Slots; f.it++ {
				if si.slots[f.it].count.Load() != 0 {
					f.entry = mkEntry(f.area, f.it)
					return true
				}
			}
			return false
		}).sets(RegEntry),
	act("percpu_ref_kill", swapfileC+"swapoff (v6.1)", "No new reference on the device can be had from here on.",
		func(k *Kernel, f *Frame) { k.areas[f.area].flags.Clear(areaAlive) }),
	act("wait_device_users", swapfileC+"swapoff (v6.1)", "Sleeps until nobody holds a reference on the device (synchronize_rcu, completion).",
		func(k *Kernel, f *Frame) { k.awaitUsers(&k.areas[f.area]) }),
	act("close_device", swapfileC+"swapoff (v6.1)", "The device is closed and its file forgotten (SWP_USED cleared).",
		func(k *Kernel, f *Frame) { k.areas[f.area].flags.Clear(areaUsed) }),
	act("free_swap_map", swapfileC+"swapoff (v6.1)", "Frees the slot map and the other arrays of the device.",
		func(k *Kernel, f *Frame) { k.areas[f.area].gone.Store(1) }),
	act("slot_walk_all", mteSwapC+"mte_invalidate_tags_area (v6.1)", "Starts a walk over all slots of the device.",
		func(k *Kernel, f *Frame) { f.it = -1 }),
	cond("slot_next", mteSwapC+"mte_invalidate_tags_area (v6.1)", "Goes on to the next slot, used or not: entry. False after the last.",
		func(k *Kernel, f *Frame) bool {
			if f.it++; f.it >= k.areas[f.area].cfg.Slots {
				return false
			}
			f.entry = mkEntry(f.area, f.it)
			return true
		}).sets(RegEntry),
}
