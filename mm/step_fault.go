package mm

// Steps of the fault handler: allocation, contents, anonymous rmap, counters.

var faultSteps = []*Step{
	cond("fault_write", memoryC+"do_swap_page (v6.1)", "True when the fault is a write (FAULT_FLAG_WRITE).",
		func(k *Kernel, f *Frame) bool { return f.write }),
	cond("fault_unshare", memoryC+"do_wp_page (v6.1)", "True when the fault is to unshare (FAULT_FLAG_UNSHARE).",
		func(k *Kernel, f *Frame) bool { return f.unshare }),
	act("set_fault_unshare", gupC+"faultin_page (v6.1)", "The fault is to unshare the page (FAULT_FLAG_UNSHARE).",
		func(k *Kernel, f *Frame) { f.unshare = true }),
	cond("need_clear_cache", memoryC+"do_swap_page (v6.8)", "True when this fault has pinned the slot (set_need_clear_cache).",
		func(k *Kernel, f *Frame) bool { return f.needClear }),
	act("set_need_clear_cache", memoryC+"do_swap_page (v6.8)", "Notes that this fault has pinned the slot and has to drop the pin.",
		func(k *Kernel, f *Frame) { f.needClear = true }),
	act("clear_fault_write", memoryC+"do_swap_page (v6.1)", "The fault is no longer a write: it is mapped writable already.",
		func(k *Kernel, f *Frame) { f.write = false }).sets(RegWrite),
	act("pte_to_swp_entry", memoryC+"do_swap_page (v6.1)", "entry becomes the entry of the swap PTE in orig_pte.",
		func(k *Kernel, f *Frame) { f.entry = f.orig.entry() }).uses(RegOrig).sets(RegEntry),
	cond("alloc_folio", memoryC+"do_swap_page (v6.1)",
		"Allocates a page that nobody else sees, locked and swapbacked, with the contents and tags of its last user. False: no memory.",
		func(k *Kernel, f *Frame) bool {
			f.folio = k.allocFolio(f, 1<<flagLocked|1<<flagSwapbacked)
			return k.firstFlags(f.folio, 1<<flagLocked|1<<flagSwapbacked)
		}).sets(RegFolio).takes(FolioLock),
	cond("alloc_zeroed_folio", memoryC+"do_anonymous_page (v6.1)",
		"Allocates a zeroed page, unlocked, swapbacked and uptodate; its tags are those of its last user. False: no memory.",
		func(k *Kernel, f *Frame) bool {
			f.folio = k.allocFolio(f, 1<<flagUptodate|1<<flagSwapbacked)
			if f.folio == nil {
				return false
			}
			k.zeroPage(f.folio)
			return k.firstFlags(f.folio, 1<<flagUptodate|1<<flagSwapbacked)
		}).sets(RegFolio),
	act("discard_folio", memoryC+"do_swap_page (v6.1)", "Unlocks folio and drops the reference of its allocation.",
		func(k *Kernel, f *Frame) {
			f.folio.flags.Unlock(flagLocked)
			k.put(f.folio, 1)
			f.folio = nil
		}).uses(RegFolio).drops(FolioLock),
	act("forget_folio", memoryC+"do_swap_page (v6.1)", "folio = NULL.",
		func(k *Kernel, f *Frame) { f.folio = nil }).sets(RegFolio),
	act("inc_anon", "include/linux/mm.h:inc_mm_counter (v6.1)", "MM_ANONPAGES++.",
		func(k *Kernel, f *Frame) { k.rssAdd(f, f.mm, anonPages, 1) }),
	act("dec_anon", "include/linux/mm.h:dec_mm_counter (v6.1)", "MM_ANONPAGES--.",
		func(k *Kernel, f *Frame) { k.rssAdd(f, f.mm, anonPages, -1) }),
	act("inc_swapents", "include/linux/mm.h:inc_mm_counter (v6.1)", "MM_SWAPENTS++.",
		func(k *Kernel, f *Frame) { k.rssAdd(f, f.mm, swapEnts, 1) }),
	act("dec_swapents", "include/linux/mm.h:dec_mm_counter (v6.1)", "MM_SWAPENTS--.",
		func(k *Kernel, f *Frame) { k.rssAdd(f, f.mm, swapEnts, -1) }),
	act("page_add_anon_rmap", "mm/rmap.c:page_add_anon_rmap (v6.1)", "Mapcount of folio + 1.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "page_add_anon_rmap")
			k.bind(f.folio, f.v)
			f.folio.mapcount.Add(1)
		}).uses(RegFolio),
	act("page_add_new_anon_rmap", "mm/rmap.c:page_add_new_anon_rmap (v6.1)", "Mapcount of the new page folio becomes 1.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "page_add_new_anon_rmap")
			k.bind(f.folio, f.v)
			f.folio.mapcount.Store(1)
		}).uses(RegFolio),
	act("page_remove_rmap", "mm/rmap.c:page_remove_rmap (v6.1)", "Mapcount of folio - 1.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "page_remove_rmap")
			if int64(f.folio.mapcount.Add(-1)) < 0 {
				k.violation("refcount", "the map count of a page fell below 0")
			}
		}).uses(RegFolio),
	cond("exclusive", memoryC+"do_swap_page (v6.1)", "True when the fault takes the page as its own.",
		func(k *Kernel, f *Frame) bool { return f.exclusive }),
	act("set_exclusive", memoryC+"do_swap_page (v6.1)", "The fault takes the page as its own.",
		func(k *Kernel, f *Frame) { f.exclusive = true }).sets(RegExclusive),
	act("clear_exclusive", memoryC+"do_swap_page (v6.1)", "The fault does not take the page as its own.",
		func(k *Kernel, f *Frame) { f.exclusive = false }).sets(RegExclusive),
	cond("swp_synchronous_io", "mm/page_io.c:swap_readpage (v6.1)", "True when entry's device is synchronous (SWP_SYNCHRONOUS_IO).",
		func(k *Kernel, f *Frame) bool { return k.area(f.entry).cfg.Sync }).uses(RegEntry).known(ofAll(func(a *AreaConfig) bool { return a.Sync })),
	cond("swp_stable_writes", memoryC+"do_swap_page (v6.1)", "True when entry's device wants stable pages under writeback (SWP_STABLE_WRITES).",
		func(k *Kernel, f *Frame) bool { return k.area(f.entry).cfg.Stable }).uses(RegEntry).known(ofAll(func(a *AreaConfig) bool { return a.Stable })),
	act("sigbus", memoryC+"do_swap_page (v6.1)", "The fault ends with VM_FAULT_SIGBUS.",
		func(k *Kernel, f *Frame) { f.t.ret = Bus }),
	act("eio", swapfileC+"try_to_unuse (v6.1)", "The operation ends with -EIO: a page that it needs cannot be read.",
		func(k *Kernel, f *Frame) { f.t.ret = Bus }),
	cond("ended_with_eio", swapfileC+"try_to_unuse (v6.1)", "True when this operation has met a page that cannot be read.",
		func(k *Kernel, f *Frame) bool { return f.t.ret == Bus }),
	act("oom", memoryC+"do_swap_page (v6.1)", "The fault ends with VM_FAULT_OOM.",
		func(k *Kernel, f *Frame) { f.t.ret = NoMem }),
	act("count_major", memoryC+"do_swap_page (v6.1)", "Counts a major fault.",
		func(k *Kernel, f *Frame) { k.costs(f.t).MajorFaults++ }),
	act("schedule_timeout", memoryC+"do_swap_page (v6.1)",
		"Sleeps a tick: the round starts again when something that it read has changed.",
		func(k *Kernel, f *Frame) { f.t.ret = Sleep }),
	act("cond_resched", "mm/swap_state.c:__read_swap_cache_async (v5.10)",
		"Lets others run if the scheduler wants to, and starts the round again: a busy wait.",
		func(k *Kernel, f *Frame) { f.t.ret = Spin }),
	act("wait_round", "mm/swap_state.c:__read_swap_cache_async (v6.1)",
		"Ends a round of a loop inside the kernel that waits, asleep if schedule_timeout said so.",
		func(k *Kernel, f *Frame) { k.waitRound(f.t) }),
}

// allocFolio allocates a page. Natively it has flags, a set of bits, from the start;
// under the explorer they are set by firstFlags, each as an event.
func (k *Kernel) allocFolio(f *Frame, flags uint64) *Folio {
	if k.fails(failAllocFolio) {
		return nil
	}
	if k.nat != nil {
		return k.newFolioNative(f.t, f.mm, f.v, flags)
	}
	return k.newFolio(f.t, f.mm, f.v)
}

// firstFlags sets flags of a page that allocFolio has returned, and says whether
// there is one.
func (k *Kernel) firstFlags(fo *Folio, flags uint64) bool {
	if fo == nil || k.nat != nil {
		return fo != nil
	}
	for bit := range flagNames {
		if flags>>bit&1 != 0 {
			fo.flags.Set(bit)
		}
	}
	return true
}

func (k *Kernel) waitRound(t *Task) {
	busy := t.ret != Sleep // a round that said nothing goes on at once
	t.ret = Done
	k.waitInside(t, busy)
}

var copySteps = []*Step{
	cond("alloc_new_folio", memoryC+"wp_page_copy (v6.1)",
		"Allocates the page of a copy, unlocked and swapbacked, with the contents and tags of its last user. False: no memory.",
		func(k *Kernel, f *Frame) bool {
			f.fresh = k.allocFolio(f, 1<<flagSwapbacked)
			return k.firstFlags(f.fresh, 1<<flagSwapbacked)
		}).sets(RegNew),
	act("copy_data", "mm/memory.c:__wp_page_copy_user (v6.1)", "Copies the contents of folio to the new page.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "copy_user_highpage")
			k.copying(f, (*shadow).fork, func() { k.copyPage(f.t, f.fresh, f.folio) })
			f.fresh.flags.Set(flagUptodate)
			k.costs(f.t).Copies++
		}).uses(RegFolio, RegNew),
	cond("mte_tagged", "arch/arm64/include/asm/mte.h:page_mte_tagged (v6.1)", "True when PG_mte_tagged of folio is set.",
		func(k *Kernel, f *Frame) bool { return k.test(f.folio, flagMTETagged) }).uses(RegFolio),
	act("mte_copy_page_tags", "arch/arm64/lib/mte.S:mte_copy_page_tags (v6.1)", "Copies the tags of folio to the new page.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "mte_copy_page_tags")
			k.copying(f, (*shadow).forkTags, func() { k.copyTags(f.fresh, f.folio) })
		}).uses(RegFolio, RegNew),
	act("set_new_mte_tagged", "arch/arm64/mm/copypage.c:copy_highpage (v6.1)", "Sets PG_mte_tagged of the new page.",
		func(k *Kernel, f *Frame) { k.set(f.fresh, flagMTETagged) }).uses(RegNew),
	act("set_new_mte_lock", "arch/arm64/mm/copypage.c:copy_highpage (v6.12)",
		"Claims the new page's tags (PG_mte_lock); the page is ours, so nobody can have.",
		func(k *Kernel, f *Frame) { k.set(f.fresh, flagMTELock) }).uses(RegNew),
	act("use_new_folio", memoryC+"wp_page_copy (v6.1)", "The new page takes the place of folio; folio becomes the old page (new_folio).",
		func(k *Kernel, f *Frame) { f.folio, f.fresh = f.fresh, f.folio }).uses(RegFolio, RegNew),
}

// mapWritable is a standing check, no step: a private page must not become
// writable in one address space while another maps it.
func (k *Kernel) mapWritable(m *MM, v int, p PTE) {
	for i := k.nextMM(0, v); i < k.nmm; i = k.nextMM(i+1, v) {
		if i == m.ID {
			continue
		}
		o := &k.mms[i]
		q := PTE(o.at[v].pte.Peek())
		if q.present() && q.pfn() == p.pfn() {
			k.violation("exclusive", "a page becomes writable in one process while another maps it")
		}
	}
}
