package mm

// Steps on folios: references, flags, the folio lock.

const (
	pageFlagsH = "include/linux/page-flags.h:"
	pagemapH   = "include/linux/pagemap.h:"
	mmH        = "include/linux/mm.h:"
)

var folioSteps = []*Step{
	cond("have_folio", memoryC+"do_swap_page (v6.1)", "True when folio is set.",
		func(k *Kernel, f *Frame) bool { return f.folio != nil }),
	cond("have_swapcache", memoryC+"do_swap_page (v6.1)",
		"True when this fault's folio came through the swap cache.",
		func(k *Kernel, f *Frame) bool { return f.swapcache != nil }),
	act("set_swapcache", memoryC+"do_swap_page (v6.1)", "swapcache = folio.",
		func(k *Kernel, f *Frame) { f.swapcache = f.folio }).uses(RegFolio).sets(RegSwapcache),
	act("orig_folio", memoryC+"vm_normal_page (v6.1)", "folio becomes the page that orig_pte maps.",
		func(k *Kernel, f *Frame) { f.folio = k.folio(f.orig.pfn()) }).uses(RegOrig).sets(RegFolio),
	act("folio_lock", pagemapH+"folio_lock (v6.1)", "Takes the folio lock, sleeping.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "folio_lock")
			f.folio.flags.Lock(flagLocked)
		}).uses(RegFolio).takes(FolioLock),
	cond("folio_trylock", pagemapH+"folio_trylock (v6.1)", "Takes the folio lock if it is free.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "folio_trylock")
			return f.folio.flags.TryLock(flagLocked)
		}).uses(RegFolio).takes(FolioLock),
	cond("folio_lock_or_retry", "mm/filemap.c:__folio_lock_or_retry (v6.1)",
		"Takes the folio lock. If it is taken, the first attempt of a fault drops the mmap lock, waits until it is free "+
			"and gives the fault up to be retried (false); the second sleeps on it.",
		func(k *Kernel, f *Frame) bool { return k.lockOrRetry(f) }).uses(RegFolio).takes(FolioLock),
	act("folio_unlock", pagemapH+"folio_unlock (v6.1)", "Drops the folio lock.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "folio_unlock")
			f.folio.flags.Unlock(flagLocked)
		}).uses(RegFolio).drops(FolioLock),
	act("folio_get", mmH+"folio_get (v6.1)", "Takes a reference on folio.",
		func(k *Kernel, f *Frame) { k.get(f.folio, 1) }).uses(RegFolio),
	act("folio_put", mmH+"folio_put (v6.1)", "Drops a reference on folio; the last one frees it.",
		func(k *Kernel, f *Frame) { k.put(f.folio, 1) }).uses(RegFolio),
	cond("folio_try_get", "include/linux/page_ref.h:folio_try_get_rcu (v6.1)",
		"Takes a reference on folio unless the count is 0 (freed, or frozen by reclaim).",
		func(k *Kernel, f *Frame) bool {
			if f.folio == nil {
				k.use(nil, "folio_try_get")
			}
			return f.folio.refs.AddUnlessZero(1)
		}).uses(RegFolio),
	cond("folio_ref_count", "include/linux/page_ref.h:folio_ref_count (v6.1)",
		"True when folio's reference count is the number given.",
		nil).uses(RegFolio).withNumbers(0, 1, 2, 3, 4, func(k *Kernel, f *Frame, n int) bool {
		k.use(f.folio, "folio_ref_count")
		return int(f.folio.refs.Load()) == n
	}),
	cond("folio_ref_above", memoryC+"do_wp_page (v6.1)",
		"True when folio's reference count is above the number given.",
		nil).uses(RegFolio).withNumbers(0, 1, 2, 3, 4, func(k *Kernel, f *Frame, n int) bool {
		k.use(f.folio, "folio_ref_count")
		return int(f.folio.refs.Load()) > n
	}),
	cond("folio_mapped", mmH+"folio_mapped (v6.1)", "True when some PTE maps folio (mapcount above 0).",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "folio_mapped")
			return f.folio.mapcount.Load() != 0
		}).uses(RegFolio),
	cond("folio_mapcount_one", mmH+"page_mapcount (v6.1)", "True when exactly one PTE maps folio.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "page_mapcount")
			return f.folio.mapcount.Load() == 1
		}).uses(RegFolio),
	cond("folio_maybe_dma_pinned", mmH+"folio_maybe_dma_pinned (v6.1)",
		"True when folio may be pinned by FOLL_PIN: its reference count is at least 1024.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "folio_maybe_dma_pinned")
			return f.folio.refs.Load() >= pinBias
		}).uses(RegFolio),
	flagCond("folio_test_swapcache", flagSwapcache),
	flagCond("folio_test_writeback", flagWriteback),
	flagCond("folio_test_dirty", flagDirty),
	flagCond("folio_test_uptodate", flagUptodate),
	flagCond("folio_test_swapbacked", flagSwapbacked),
	flagCond("folio_test_lru", flagLRU),
	flagCond("folio_test_ksm", flagKSM),
	flagCond("PageAnonExclusive", flagAnonExclusive),
	act("SetPageAnonExclusive", pageFlagsH+"SetPageAnonExclusive (v6.1)", "Sets PG_anon_exclusive.",
		func(k *Kernel, f *Frame) { k.set(f.folio, flagAnonExclusive) }).uses(RegFolio),
	act("ClearPageAnonExclusive", pageFlagsH+"ClearPageAnonExclusive (v6.1)", "Clears PG_anon_exclusive.",
		func(k *Kernel, f *Frame) { k.clear(f.folio, flagAnonExclusive) }).uses(RegFolio),
	act("folio_mark_dirty", "mm/page-writeback.c:folio_mark_dirty (v6.1)", "Sets PG_dirty.",
		func(k *Kernel, f *Frame) { k.set(f.folio, flagDirty) }).uses(RegFolio),
	cond("folio_clear_dirty_for_io", "mm/page-writeback.c:folio_clear_dirty_for_io (v6.1)",
		"Clears PG_dirty; true when it was set.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "folio_clear_dirty_for_io")
			return f.folio.flags.TestAndClear(flagDirty)
		}).uses(RegFolio),
	act("folio_clear_dirty", "mm/madvise.c:madvise_free_pte_range (v6.1)", "Clears PG_dirty.",
		func(k *Kernel, f *Frame) { k.clear(f.folio, flagDirty) }).uses(RegFolio),
	act("folio_set_swapbacked", "mm/rmap.c:try_to_unmap_one (v6.1)", "Sets PG_swapbacked.",
		func(k *Kernel, f *Frame) { k.set(f.folio, flagSwapbacked) }).uses(RegFolio),
	act("folio_mark_lazyfree", "mm/swap.c:lru_lazyfree_fn (v6.1)", "Clears PG_swapbacked: reclaim may drop the page.",
		func(k *Kernel, f *Frame) { k.clear(f.folio, flagSwapbacked) }).uses(RegFolio),
	act("folio_mark_uptodate", pageFlagsH+"folio_mark_uptodate (v6.1)", "Sets PG_uptodate: the contents are there.",
		func(k *Kernel, f *Frame) { k.set(f.folio, flagUptodate) }).uses(RegFolio),
	act("folio_start_writeback", "mm/page-writeback.c:folio_start_writeback (v6.1)", "Sets PG_writeback.",
		func(k *Kernel, f *Frame) { k.set(f.folio, flagWriteback) }).uses(RegFolio),
	act("folio_end_writeback", "mm/filemap.c:folio_end_writeback (v6.1)", "Clears PG_writeback.",
		func(k *Kernel, f *Frame) { k.clear(f.folio, flagWriteback) }).uses(RegFolio),
	act("folio_wait_writeback", "mm/page-writeback.c:folio_wait_writeback (v6.1)", "Sleeps until PG_writeback is clear.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "folio_wait_writeback")
			f.folio.flags.WaitClear(flagWriteback)
		}).uses(RegFolio),
	act("folio_add_lru", "mm/swap.c:folio_add_lru (v6.1)",
		"Puts folio on the LRU (lru lock). The per-CPU batch in front of it, and its reference, are left out.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "folio_add_lru")
			k.lruAdd(f.folio)
		}).uses(RegFolio),
	cond("folio_test_clear_lru", "mm/swap.c:folio_batch_move_lru (v6.12)",
		"Takes folio off the LRU for a moment, without a reference; false when somebody else has taken it off.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "folio_test_clear_lru")
			return f.folio.flags.TestAndClear(flagLRU)
		}).uses(RegFolio),
	act("folio_set_lru", "mm/swap.c:folio_batch_move_lru (v6.12)", "Puts back what folio_test_clear_lru took off.",
		func(k *Kernel, f *Frame) { k.set(f.folio, flagLRU) }).uses(RegFolio),
	cond("folio_isolate_lru", "mm/vmscan.c:folio_isolate_lru (v6.1)",
		"Takes folio off the LRU with a reference of its own; false when somebody else has done so.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "folio_isolate_lru")
			if !f.folio.flags.TestAndClear(flagLRU) {
				return false
			}
			k.get(f.folio, 1)
			k.lruDel(f.folio)
			return true
		}).uses(RegFolio),
	act("folio_putback_lru", "mm/vmscan.c:folio_putback_lru (v6.1)",
		"Puts an isolated folio back on the LRU and drops the isolation's reference.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "folio_putback_lru")
			k.lruAdd(f.folio)
			k.put(f.folio, 1)
		}).uses(RegFolio),
	cond("folio_ref_freeze", "include/linux/page_ref.h:folio_ref_freeze (v6.1)",
		"Sets folio's reference count to 0 if it is the number given; nobody can get a reference then.",
		nil).uses(RegFolio).withNumbers(1, 2, 3, 4, 5, func(k *Kernel, f *Frame, n int) bool {
		k.use(f.folio, "folio_ref_freeze")
		return f.folio.refs.CompareAndSwap(uint64(n), 0)
	}),
	act("folio_ref_unfreeze", "include/linux/page_ref.h:folio_ref_unfreeze (v6.1)",
		"Sets folio's reference count back to 2, the isolation's and the cache's.",
		func(k *Kernel, f *Frame) { f.folio.refs.Store(2) }).uses(RegFolio),
	act("free_folio", "mm/page_alloc.c:free_unref_page_list (v6.1)",
		"Frees folio, whose references are frozen.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "free_unref_page_list")
			k.free(f.folio)
		}).uses(RegFolio),
}

// flagCond tests one page flag of folio.
func flagCond(name string, bit int) *Step {
	return cond(name, pageFlagsH+name+" (v6.1)", "True when "+flagNames[bit]+" of folio is set.",
		func(k *Kernel, f *Frame) bool { return k.test(f.folio, bit) }).uses(RegFolio)
}

// withNumbers gives a step a number for its argument, one of five.
func (s *Step) withNumbers(a, b, c, d, e int, run func(k *Kernel, f *Frame, n int) bool) *Step {
	nums := []int{a, b, c, d, e}
	for _, n := range nums {
		s.Args = append(s.Args, string(rune('0'+n)))
	}
	s.Run = func(k *Kernel, f *Frame, arg int) bool { return run(k, f, nums[arg]) }
	s.bind = func(arg int) func(k *Kernel, f *Frame) bool {
		n := nums[arg]
		return func(k *Kernel, f *Frame) bool { return run(k, f, n) }
	}
	return s
}

// lockOrRetry is __folio_lock_or_retry with FAULT_FLAG_ALLOW_RETRY.
func (k *Kernel) lockOrRetry(f *Frame) bool {
	k.use(f.folio, "folio_lock_or_retry")
	if f.t.tried {
		f.folio.flags.Lock(flagLocked)
		return true
	}
	if f.folio.flags.TryLock(flagLocked) {
		return true
	}
	f.t.tried = true
	k.costs(f.t).LockWaits++
	if f.t.mmapped {
		f.mm.Lock.RUnlock()
		f.t.mmapped = false
	}
	f.folio.flags.WaitClear(flagLocked)
	f.t.ret = Again
	return false
}
