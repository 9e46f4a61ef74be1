package mm

// Steps of get_user_pages, KSM and shared anonymous memory.

const gupC = "mm/gup.c:"

var gupSteps = []*Step{
	cond("foll_pin", gupC+"follow_page_pte (v6.1)", "True when the page is wanted with FOLL_PIN, false with FOLL_GET.",
		func(k *Kernel, f *Frame) bool { return f.pin }),
	cond("foll_write", gupC+"follow_page_pte (v6.1)", "True when the page is wanted for writing (FOLL_WRITE).",
		func(k *Kernel, f *Frame) bool { return f.write }),
	act("grab_page", gupC+"try_grab_page (v6.1)", "Takes the reference that was asked for: 1, or 1024 for FOLL_PIN. The page is held for the task from here on.",
		func(k *Kernel, f *Frame) {
			n := int64(1)
			if f.pin {
				n = pinBias
				f.mm.pinned.Store(1)
			}
			k.get(f.folio, n)
			f.t.held[f.v] = hold{folio: f.folio, page: k.oracle.page(f.mm, f.v), pin: f.pin, write: f.write}
			k.oracle.hold(f.mm, f.v)
		}).uses(RegFolio),
}

var ksmSteps = []*Step{
	act("ksm_second", "mm/ksm.c:try_to_merge_one_page (v6.1)", "The walk turns to the page that is to be replaced; folio becomes the new page.",
		func(k *Kernel, f *Frame) { f.fresh, f.v = f.folio, f.t.other }).uses(RegFolio).sets(RegNew),
	cond("pages_identical", "arch/arm64/kernel/mte.c:memcmp_pages (v6.1)", "Compares the contents of folio and new_folio without a lock; true when equal.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "memcmp_pages")
			k.use(f.fresh, "memcmp_pages")
			return k.samePage(f.folio, f.fresh)
		}).uses(RegFolio, RegNew),
	cond("new_mte_tagged", "arch/arm64/kernel/mte.c:memcmp_pages (v6.1)", "True when PG_mte_tagged of new_folio is set.",
		func(k *Kernel, f *Frame) bool { return k.test(f.fresh, flagMTETagged) }).uses(RegNew),
	act("set_ksm", "mm/ksm.c:set_page_stable_node (v6.1)", "Marks folio as a KSM page.",
		func(k *Kernel, f *Frame) { k.set(f.folio, flagKSM) }).uses(RegFolio),
	cond("folio_refs_expected", "mm/ksm.c:write_protect_page (v6.1)",
		"True when folio has no references but those of its mappings, the swap cache and ksmd.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "write_protect_page")
			n := f.folio.mapcount.Load() + 1
			if f.folio.flags.Test(flagSwapcache) {
				n++
			}
			return f.folio.refs.Load() == n
		}).uses(RegFolio),
	act("ksm_readonly_pte", "mm/ksm.c:write_protect_page (v6.1)", "The new PTE is orig_pte, read-only and clean; orig_pte becomes it.",
		func(k *Kernel, f *Frame) {
			f.pte = f.orig &^ (pteWrite | pteDirty)
			f.orig = f.pte
		}).uses(RegOrig).sets(RegPTE, RegOrig),
	act("ksm_new_pte", "mm/ksm.c:replace_page (v6.1)", "The new PTE maps new_folio read-only.",
		func(k *Kernel, f *Frame) { f.pte = mkPTE(f.fresh.pfn, f.orig&pteTagged) }).uses(RegNew).sets(RegPTE),
	act("new_folio_get", "mm/ksm.c:replace_page (v6.1)", "Takes a reference on new_folio and adds to its mapcount.",
		func(k *Kernel, f *Frame) {
			k.get(f.fresh, 1)
			f.fresh.mapcount.Add(1)
		}).uses(RegNew),
	act("new_folio_put", "mm/ksm.c:try_to_merge_two_pages (v6.1)", "Drops a reference on new_folio.",
		func(k *Kernel, f *Frame) { k.put(f.fresh, 1) }).uses(RegNew),
}

var shmemSteps = []*Step{
	act("page_cache_load", "mm/shmem.c:shmem_get_folio_gfp (v6.1)",
		"Looks the page up in the file's page cache without a lock: folio, or entry if it is out, or neither.",
		func(k *Kernel, f *Frame) {
			p := PTE(k.vars[f.v].mapping.Load())
			f.t.seen.file = uint64(p)
			f.folio, f.entry = nil, 0
			switch {
			case p.present():
				f.folio = k.folio(p.pfn())
			case p.swap():
				f.entry = p.entry()
			}
		}).sets(RegFolio, RegEntry),
	cond("have_entry", "mm/shmem.c:shmem_get_folio_gfp (v6.1)", "True when page_cache_load found a swap entry.",
		func(k *Kernel, f *Frame) bool { return f.entry != 0 }),
	cond("page_cache_has_entry", "mm/shmem.c:shmem_confirm_swap (v6.1)", "Looks again, without a lock; true when the page cache still has entry.",
		func(k *Kernel, f *Frame) bool {
			return PTE(k.vars[f.v].mapping.Load()) == mkSwapPTE(f.entry, 0)
		}).uses(RegEntry),
	cond("page_cache_has_folio", "mm/shmem.c:shmem_get_folio_gfp (v6.1)", "Looks again, without a lock; true when the page cache still has folio.",
		func(k *Kernel, f *Frame) bool {
			return PTE(k.vars[f.v].mapping.Load()) == mkPTE(f.folio.pfn, 0)
		}).uses(RegFolio),
	cond("page_cache_empty", "mm/shmem.c:shmem_add_to_page_cache (v6.1)", "True when the page cache has nothing at the index.",
		func(k *Kernel, f *Frame) bool { return k.vars[f.v].mapping.Load() == 0 }),
	act("lock_page_cache", "mm/shmem.c:shmem_add_to_page_cache (v6.1)", "Takes the file's xarray lock (i_pages, spin).",
		func(k *Kernel, f *Frame) { k.vars[k.place(f)].xa.Lock() }).takes(ShmemLock),
	act("unlock_page_cache", "mm/shmem.c:shmem_add_to_page_cache (v6.1)", "Drops the file's xarray lock.",
		func(k *Kernel, f *Frame) { k.vars[k.place(f)].xa.Unlock() }).drops(ShmemLock),
	act("page_cache_store_folio", "mm/shmem.c:shmem_add_to_page_cache (v6.1)", "Stores folio in the page cache.",
		func(k *Kernel, f *Frame) {
			k.bind(f.folio, f.v)
			k.vars[f.v].mapping.Store(uint64(mkPTE(f.folio.pfn, 0)))
		}).needs(ShmemLock).uses(RegFolio),
	act("page_cache_store_entry", "mm/shmem.c:shmem_delete_from_page_cache (v6.1)", "Stores entry in the page cache.",
		func(k *Kernel, f *Frame) { k.vars[k.place(f)].mapping.Store(uint64(mkSwapPTE(f.entry, 0))) }).needs(ShmemLock).uses(RegEntry),
	act("page_cache_clear", "mm/shmem.c:shmem_undo_range (v6.1)", "Takes whatever the page cache has out of it.",
		func(k *Kernel, f *Frame) { k.vars[f.v].mapping.Store(0) }).needs(ShmemLock),
	act("shmem_walk", "mm/shmem.c:shmem_unuse (v6.1)", "Starts a walk over the files that have pages out.",
		func(k *Kernel, f *Frame) { f.v = -1 }),
	cond("shmem_next", "mm/shmem.c:shmem_unuse (v6.1)", "Goes on to the next file with a page on the device: entry. False after the last.",
		func(k *Kernel, f *Frame) bool {
			for f.v++; f.v < len(k.Cfg.Vars); f.v++ {
				if !k.Cfg.Vars[f.v].Shared {
					continue
				}
				p := PTE(k.vars[f.v].mapping.Load())
				if p.swap() && p.entry().Area() == f.area {
					f.entry = p.entry()
					return true
				}
			}
			return false
		}).sets(RegEntry),
}
