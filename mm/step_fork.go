package mm

// Steps of fork: copying one page-table entry from mm to child.

var forkSteps = []*Step{
	act("lock_child_ptl", memoryC+"copy_pte_range (v6.1)", "Takes the child's page-table lock (spin).",
		func(k *Kernel, f *Frame) { f.child.PTL.Lock() }).takes(PTL2),
	act("unlock_child_ptl", memoryC+"copy_pte_range (v6.1)", "Drops the child's page-table lock.",
		func(k *Kernel, f *Frame) { f.child.PTL.Unlock() }).drops(PTL2),
	act("write_child_pte", memoryC+"copy_nonpresent_pte (v6.1)",
		"Writes the new PTE into the child's page table. From here on the child has a copy of the memory of its own.",
		func(k *Kernel, f *Frame) {
			k.forked(f.mm, f.child, f.v)
			f.child.at[f.v].pte.Store(uint64(f.pte))
		}).needs(PTL2).uses(RegPTE),
	act("child_swp_pte", memoryC+"copy_nonpresent_pte (v6.1)", "The new PTE is orig_pte.",
		func(k *Kernel, f *Frame) { f.pte = f.orig }).uses(RegOrig).sets(RegPTE),
	act("pte_swp_clear_exclusive", memoryC+"copy_nonpresent_pte (v6.1)", "Clears the exclusive bit of orig_pte.",
		func(k *Kernel, f *Frame) { f.orig &^= pteExclusive }).uses(RegOrig).sets(RegOrig),
	act("write_orig_pte", memoryC+"copy_nonpresent_pte (v6.1)", "Writes orig_pte into the parent's page table.",
		func(k *Kernel, f *Frame) { k.writePTE(f, f.orig) }).needs(PTL).uses(RegOrig),
	act("ptep_set_wrprotect", memoryC+"copy_present_pte (v6.1)", "Takes write permission from the PTE in the parent's table and from orig_pte.",
		func(k *Kernel, f *Frame) {
			k.shut(f.mm, f.v)
			f.orig = PTE(f.mm.at[f.v].pte.Load()) &^ pteWrite
			f.mm.at[f.v].pte.Store(uint64(f.orig))
			k.open(f.mm, f.v)
		}).needs(PTL).uses(RegOrig).sets(RegOrig),
	act("pte_mkold_clean", memoryC+"copy_present_pte (v6.1)", "The new PTE is orig_pte, read-only.",
		func(k *Kernel, f *Frame) { f.pte = f.orig &^ pteWrite }).uses(RegOrig).sets(RegPTE),
	cond("mm_has_pinned", "include/linux/mm.h:page_needs_cow_for_dma (v6.1)", "True when mm has pinned a page with FOLL_PIN (MMF_HAS_PINNED).",
		func(k *Kernel, f *Frame) bool { return f.mm.pinned.Load() != 0 }),
	act("child_inc_swapents", memoryC+"copy_nonpresent_pte (v6.1)", "MM_SWAPENTS of the child + 1.",
		func(k *Kernel, f *Frame) { k.rssAdd(f, f.child, swapEnts, 1) }),
	act("child_inc_anon", memoryC+"copy_present_pte (v6.1)", "MM_ANONPAGES of the child + 1.",
		func(k *Kernel, f *Frame) { k.rssAdd(f, f.child, anonPages, 1) }),
	act("child_mmlist_add", memoryC+"copy_nonpresent_pte (v6.1)", "Puts the child on the list that swapoff walks.",
		func(k *Kernel, f *Frame) {
			if f.child.list.Load() == 0 {
				f.child.list.Store(1)
			}
		}),
	act("mk_child_pte", memoryC+"copy_present_page (v6.1)", "The new PTE maps the new page for the child, dirty, writable if the mapping is.",
		func(k *Kernel, f *Frame) {
			f.pte = mkPTE(f.folio.pfn, f.orig&(pteTagged)|pteDirty)
			if f.child.at[f.v].vma.Load()&VMWrite != 0 {
				f.pte |= pteWrite
			}
		}).uses(RegFolio).sets(RegPTE),
	act("child_is_mm", memoryC+"copy_present_pte (v6.1)", "mm becomes the child, for set_pte_at.",
		func(k *Kernel, f *Frame) {
			if f.folio == nil || f.folio.pfn == f.orig.pfn() { // otherwise see copying
				k.forked(f.mm, f.child, f.v)
			}
			f.mm, f.child = f.child, f.mm
		}).sets(RegMM),
}

var zapSteps = []*Step{
	act("ptep_get_and_clear", memoryC+"zap_pte_range (v6.1)",
		"Reads the PTE into orig_pte and empties it (the TLB flush, which comes before the page is freed, is part of it).",
		func(k *Kernel, f *Frame) { f.orig = k.emptyPTE(f) }).needs(PTL).sets(RegOrig),
}
