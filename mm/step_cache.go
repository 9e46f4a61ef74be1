package mm

// Steps on the swap cache and on swap devices.

const (
	swapStateC = "mm/swap_state.c:"
	pageIoC    = "mm/page_io.c:"
)

var cacheSteps = []*Step{
	cond("swap_cache_load", swapStateC+"swap_cache_get_folio (v6.1)",
		"Looks entry up in the swap cache without a lock (RCU) and without taking a reference: folio becomes what it found. False: nothing there.",
		func(k *Kernel, f *Frame) bool {
			si := k.area(f.entry)
			k.arrays(si, "swap cache lookup")
			pfn := si.slots[f.entry.Slot()].cache.Load()
			k.sawCache(f.entry, pfn)
			f.folio = k.folio(int(pfn))
			return f.folio != nil
		}).uses(RegEntry).sets(RegFolio),
	cond("swap_cache_recheck", "mm/filemap.c:filemap_get_entry (v6.1)",
		"Looks entry up again; true when folio is still there.",
		func(k *Kernel, f *Frame) bool {
			if f.folio == nil {
				k.use(nil, "swap cache lookup")
			}
			return int(k.area(f.entry).slots[f.entry.Slot()].cache.Load()) == f.folio.pfn
		}).uses(RegEntry, RegFolio),
	act("lock_swap_cache", swapStateC+"add_to_swap_cache (v6.1)", "Takes the swap cache's xarray lock (i_pages, spin).",
		func(k *Kernel, f *Frame) { k.area(f.entry).cache.Lock() }).uses(RegEntry).takes(CacheLock),
	act("unlock_swap_cache", swapStateC+"add_to_swap_cache (v6.1)", "Drops the swap cache's xarray lock.",
		func(k *Kernel, f *Frame) { k.area(f.entry).cache.Unlock() }).uses(RegEntry).drops(CacheLock),
	cond("swap_cache_store", swapStateC+"add_to_swap_cache (v6.1)",
		"Puts folio into the swap cache at entry. False when there is one already.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "add_to_swap_cache")
			c := &k.area(f.entry).slots[f.entry.Slot()].cache
			if c.Load() != 0 {
				return false
			}
			c.Store(uint64(f.folio.pfn))
			k.cacheIs(f, uint64(f.folio.pfn))
			return true
		}).uses(RegEntry, RegFolio),
	act("swap_cache_erase", swapStateC+"__delete_from_swap_cache (v6.1)",
		"Takes whatever folio is at entry out of the swap cache.",
		func(k *Kernel, f *Frame) {
			k.area(f.entry).slots[f.entry.Slot()].cache.Store(0)
			k.cacheIs(f, 0)
		}).uses(RegEntry),
	act("set_swapcache_flag", swapStateC+"add_to_swap_cache (v6.1)", "Sets PG_swapcache of folio.",
		func(k *Kernel, f *Frame) { k.set(f.folio, flagSwapcache) }).uses(RegFolio),
	act("clear_swapcache_flag", swapStateC+"__delete_from_swap_cache (v6.1)", "Clears PG_swapcache of folio.",
		func(k *Kernel, f *Frame) { k.clear(f.folio, flagSwapcache) }).uses(RegFolio),
	act("set_folio_swap", swapStateC+"add_to_swap_cache (v6.1)", "folio->swap = entry (page_private).",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "folio->swap")
			f.folio.swap.Set(uint64(f.entry))
		}).uses(RegFolio, RegEntry),
	act("clear_folio_swap", swapStateC+"__delete_from_swap_cache (v6.1)", "folio->swap = 0.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "folio->swap")
			f.folio.swap.Set(0)
		}).uses(RegFolio),
	act("folio_swap_entry", "include/linux/swap.h:folio_swap_entry (v6.1)", "entry = folio->swap.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "folio->swap")
			f.entry = Entry(f.folio.swap.Get())
		}).uses(RegFolio).sets(RegEntry),
	cond("folio_matches_entry", memoryC+"do_swap_page (v6.1)", "True when folio->swap is entry.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "folio->swap")
			return Entry(f.folio.swap.Get()) == f.entry
		}).uses(RegFolio, RegEntry),
	act("folio_get_cache", swapStateC+"add_to_swap_cache (v6.1)", "Takes the swap cache's reference on folio.",
		func(k *Kernel, f *Frame) { k.get(f.folio, 1) }).uses(RegFolio),
	act("cpu_relax", "mm/filemap.c:filemap_get_entry (v6.1)",
		"Spins until something that this round read has changed: whoever froze the folio is about to take it out.",
		func(k *Kernel, f *Frame) {
			k.spinOn(f)
		}),
}

var deviceSteps = []*Step{
	cond("get_swap_device", swapfileC+"get_swap_device (v6.1)",
		"Takes a reference on entry's device that swapoff waits for. False: the device is going.",
		func(k *Kernel, f *Frame) bool {
			si := k.area(f.entry)
			k.hold(f.t, si, 1)
			if si.flags.Test(areaAlive) {
				return true
			}
			k.hold(f.t, si, -1)
			f.err = errNoEnt
			return false
		}).uses(RegEntry).takes(DeviceRef),
	act("put_swap_device", swapfileC+"put_swap_device (v6.1)", "Drops the reference on entry's device.",
		func(k *Kernel, f *Frame) { k.hold(f.t, k.area(f.entry), -1) }).uses(RegEntry).drops(DeviceRef),
	cond("read_device", pageIoC+"swap_readpage (v6.1)",
		"Reads entry's slot of the device into folio. A slot that was never written, or freed on a synchronous device, reads "+
			"as zeros. False: the device failed.",
		func(k *Kernel, f *Frame) bool {
			si := k.area(f.entry)
			if !si.flags.Test(areaUsed) {
				k.fatal("use-after-free", "read of a swap device that swapoff has closed")
			}
			k.use(f.folio, "swap_readpage")
			ok := k.readDevice(f)
			if ok {
				k.costs(f.t).SwapIns++
			}
			return ok
		}).uses(RegEntry, RegFolio),
	cond("write_device", pageIoC+"swap_writepage (v6.1)",
		"Writes folio's contents to entry's slot of the device. A device that needs stable pages (SWP_STABLE_WRITES) looks at "+
			"them twice, as one that writes a checksum does. False: the device failed.",
		func(k *Kernel, f *Frame) bool {
			si := k.area(f.entry)
			if !si.flags.Test(areaUsed) {
				k.fatal("use-after-free", "write to a swap device that swapoff has closed")
			}
			k.use(f.folio, "swap_writepage")
			ok := k.writeDevice(f)
			if ok {
				k.costs(f.t).SwapOuts++
			}
			return ok
		}).uses(RegEntry, RegFolio),
}
