package mm

// Steps on page-table entries. The PTL of an address space orders all writes of
// its entries; reads without it are steps of their own.

const memoryC = "mm/memory.c:"

var pteSteps = []*Step{
	act("ptep_get_lockless", memoryC+"handle_pte_fault (v6.1)",
		"Reads the PTE without the page-table lock into orig_pte.",
		func(k *Kernel, f *Frame) { f.orig = k.readPTE(f) }).sets(RegOrig),
	act("pte_offset_map_lock", "include/linux/mm.h:pte_offset_map_lock (v6.1)",
		"Takes the page-table lock (spin).",
		func(k *Kernel, f *Frame) { f.mm.PTL.Lock() }).takes(PTL),
	act("pte_unmap_unlock", "include/linux/mm.h:pte_unmap_unlock (v6.1)",
		"Drops the page-table lock.",
		func(k *Kernel, f *Frame) { f.mm.PTL.Unlock() }).drops(PTL),
	act("read_pte", "include/linux/pgtable.h:ptep_get (v6.1)",
		"Reads the PTE under the page-table lock into orig_pte.",
		func(k *Kernel, f *Frame) { f.orig = k.readPTE(f) }).needs(PTL).sets(RegOrig),
	cond("pte_same", memoryC+"do_swap_page (v6.1)",
		"True when the PTE still equals orig_pte.",
		func(k *Kernel, f *Frame) bool { return k.readPTE(f) == f.orig }).uses(RegOrig),
	cond("pte_same_as_swp", "mm/swapfile.c:pte_same_as_swp (v6.1)",
		"True when the PTE is a swap PTE of entry, whatever its exclusive bit. Sets orig_pte.",
		func(k *Kernel, f *Frame) bool {
			f.orig = k.readPTE(f)
			return f.orig.swap() && f.orig.entry() == f.entry
		}).needs(PTL).sets(RegOrig),
	cond("pte_none", "include/linux/pgtable.h:pte_none (v6.1)",
		"True when the PTE is empty.",
		func(k *Kernel, f *Frame) bool { return k.readPTE(f).none() }).needs(PTL),
	cond("orig_none", memoryC+"handle_pte_fault (v6.1)", "True when orig_pte is empty.",
		func(k *Kernel, f *Frame) bool { return f.orig.none() }).uses(RegOrig),
	cond("orig_present", memoryC+"handle_pte_fault (v6.1)", "True when orig_pte maps a page.",
		func(k *Kernel, f *Frame) bool { return f.orig.present() }).uses(RegOrig),
	cond("orig_swap", memoryC+"do_swap_page (v6.1)", "True when orig_pte is a swap PTE.",
		func(k *Kernel, f *Frame) bool { return f.orig.swap() }).uses(RegOrig),
	cond("orig_write", memoryC+"handle_pte_fault (v6.1)", "True when orig_pte is writable.",
		func(k *Kernel, f *Frame) bool { return f.orig.write() }).uses(RegOrig),
	cond("orig_dirty", "mm/rmap.c:try_to_unmap_one (v6.1)", "True when orig_pte is dirty.",
		func(k *Kernel, f *Frame) bool { return f.orig.dirty() }).uses(RegOrig),
	cond("orig_exclusive", "include/linux/swapops.h:pte_swp_exclusive (v6.1)",
		"True when the swap PTE in orig_pte has the exclusive bit.",
		func(k *Kernel, f *Frame) bool { return f.orig.exclusive() }).uses(RegOrig),
	cond("pte_tagged", "arch/arm64/include/asm/pgtable.h:pte_tagged (v6.1)",
		"True when the new PTE maps tagged memory.",
		func(k *Kernel, f *Frame) bool { return f.pte.present() && f.pte.tagged() }),
	cond("pte_present", "arch/arm64/include/asm/pgtable.h:pte_present (v6.1)",
		"True when the new PTE maps a page.",
		func(k *Kernel, f *Frame) bool { return f.pte.present() }),
	act("read_old_pte", "arch/arm64/include/asm/pgtable.h:__set_pte_at (v6.1)",
		"Reads what the page table holds now into the old PTE.",
		func(k *Kernel, f *Frame) { f.old = k.readPTE(f) }),
	cond("old_pte_swap", "arch/arm64/mm/mte.c:mte_sync_page_tags (v6.1)",
		"True when the old PTE is a swap PTE; its entry becomes entry.",
		func(k *Kernel, f *Frame) bool {
			if f.old.swap() {
				f.entry = f.old.entry()
			}
			return f.old.swap()
		}).sets(RegEntry),
	act("write_pte", "arch/arm64/include/asm/pgtable.h:set_pte (v6.1)",
		"Writes the new PTE into the page table. Nothing else: the tag work is set_pte_at's.",
		func(k *Kernel, f *Frame) { k.writePTE(f, f.pte) }).uses(RegPTE),
	act("ptep_clear_flush", "mm/pgtable-generic.c:ptep_clear_flush (v6.1)",
		"Reads the PTE into orig_pte, empties it and flushes the TLBs: accesses under way are over.",
		func(k *Kernel, f *Frame) {
			f.orig = k.emptyPTE(f)
		}).needs(PTL).sets(RegOrig),
	act("restore_pte", "mm/rmap.c:try_to_unmap_one (v6.1)",
		"Writes orig_pte back.",
		func(k *Kernel, f *Frame) { k.writePTE(f, f.orig) }).needs(PTL).uses(RegOrig),
	act("pte_clear", memoryC+"zap_pte_range (v6.1)", "Empties the PTE.",
		func(k *Kernel, f *Frame) { k.emptyPTE(f) }).needs(PTL),
	act("mk_pte", memoryC+"do_swap_page (v6.1)",
		"The new PTE maps folio, read-only and clean, tagged if the mapping has PROT_MTE.",
		func(k *Kernel, f *Frame) { f.pte = mkPTE(f.folio.pfn, k.prot(f)) }).uses(RegFolio).sets(RegPTE),
	act("pte_mkwrite_dirty", memoryC+"do_swap_page (v6.1)",
		"The new PTE becomes dirty, and writable if the mapping may be written (maybe_mkwrite).",
		func(k *Kernel, f *Frame) {
			f.pte |= pteDirty
			if f.mm.at[f.v].vma.Load()&VMWrite != 0 {
				f.pte |= pteWrite
			}
		}).uses(RegPTE),
	act("pte_mkwrite", memoryC+"do_swap_page (v6.12)",
		"The new PTE becomes writable if the mapping may be written; it stays clean.",
		func(k *Kernel, f *Frame) {
			if f.mm.at[f.v].vma.Load()&VMWrite != 0 {
				f.pte |= pteWrite
			}
		}).uses(RegPTE),
	act("mk_swp_pte", "mm/rmap.c:try_to_unmap_one (v6.1)",
		"The new PTE is a swap PTE of entry, without the exclusive bit.",
		func(k *Kernel, f *Frame) { f.pte = mkSwapPTE(f.entry, 0) }).uses(RegEntry).sets(RegPTE),
	act("pte_swp_mkexclusive", "include/linux/pgtable.h:pte_swp_mkexclusive (v6.1)",
		"Sets the exclusive bit in the new swap PTE.",
		func(k *Kernel, f *Frame) { f.pte |= pteExclusive }).uses(RegPTE),
	act("pte_modify", "arch/arm64/include/asm/pgtable.h:pte_modify (v6.1)",
		"The new PTE is orig_pte with the mapping's protection: tagged or not, never more writable.",
		func(k *Kernel, f *Frame) {
			f.pte = f.orig&^pteTagged | k.prot(f)
			if f.mm.at[f.v].vma.Load()&VMWrite == 0 {
				f.pte &^= pteWrite
			}
		}).uses(RegOrig).sets(RegPTE),
	act("ptep_set_access_flags", memoryC+"wp_page_reuse (v6.1)",
		"Makes the PTE in the table writable and dirty in place.",
		func(k *Kernel, f *Frame) {
			k.writePTE(f, f.orig|pteWrite|pteDirty)
			k.costs(f.t).Reuses++
		}).needs(PTL).uses(RegOrig),
	act("make_pte_clean", "mm/madvise.c:madvise_free_pte_range (v6.1)", "Makes the PTE in the table clean.",
		func(k *Kernel, f *Frame) {
			k.shut(f.mm, f.v)
			f.mm.at[f.v].pte.Store(f.mm.at[f.v].pte.Load() &^ uint64(pteDirty))
			k.open(f.mm, f.v)
		}).needs(PTL),
	act("orig_from_pte", memoryC+"do_swap_page (v6.1)",
		"orig_pte becomes the new PTE (vmf->orig_pte = pte).",
		func(k *Kernel, f *Frame) { f.orig = f.pte }).uses(RegPTE).sets(RegOrig),
	cond("vma_mte", "arch/arm64/include/asm/mman.h:arch_calc_vm_flag_bits (v6.1)",
		"True when the mapping has PROT_MTE.",
		func(k *Kernel, f *Frame) bool { return f.mm.at[f.v].vma.Load()&VMMTE != 0 }),
	cond("vma_locked", memoryC+"should_try_to_free_swap (v6.1)", "True when the mapping is mlocked.",
		func(k *Kernel, f *Frame) bool { return f.mm.at[f.v].vma.Load()&VMLocked != 0 }),
	cond("vma_shared", memoryC+"do_pte_missing (v6.12)", "True when the mapping is shared anonymous memory.",
		func(k *Kernel, f *Frame) bool { return k.Cfg.Vars[f.v].Shared }).known(noShared),
}

func (k *Kernel) readPTE(f *Frame) PTE {
	p := PTE(f.mm.at[f.v].pte.Load())
	k.sawPTE(f, p)
	return p
}

func (k *Kernel) writePTE(f *Frame, p PTE) {
	if p.present() && p.write() && !k.Cfg.Vars[f.v].Shared {
		k.mapWritable(f.mm, f.v, p)
	}
	if k.nat != nil {
		k.storePTE(f.mm, f.v, p)
		return
	}
	f.mm.at[f.v].pte.Store(uint64(p))
	k.pteIs(f, p)
}

// storePTE sets an entry natively. There is nothing to flush, so no access to wait
// for, when it maps no page before.
func (k *Kernel) storePTE(m *MM, v int, p PTE) {
	at := &m.at[v].pte
	if old := at.Peek(); !PTE(old).present() && at.CompareAndSwap(old, uint64(p)) {
		return
	}
	k.shut(m, v)
	at.Store(uint64(p))
	k.open(m, v)
}

// emptyPTE reads and empties the PTE. When it is done for good, by zap, the
// memory is gone for the oracle in the same event.
func (k *Kernel) emptyPTE(f *Frame) PTE {
	k.shut(f.mm, f.v)
	p := PTE(f.mm.at[f.v].pte.Swap(0))
	k.pteIs(f, 0)
	if f.zap {
		k.oracle.zap(f.mm, f.v)
	}
	k.open(f.mm, f.v)
	return p
}

// prot is the part of vm_page_prot that the model keeps.
func (k *Kernel) prot(f *Frame) PTE {
	if f.mm.at[f.v].vma.Load()&VMMTE != 0 {
		return pteTagged
	}
	return 0
}
