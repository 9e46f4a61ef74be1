package mm

// Steps of reclaim and of the reverse map.

const (
	vmscanC = "mm/vmscan.c:"
	rmapC   = "mm/rmap.c:"
)

var reclaimSteps = []*Step{
	act("lru_lock", vmscanC+"shrink_inactive_list (v6.1)", "Takes the LRU lock (spin).",
		func(k *Kernel, f *Frame) { k.vars[f.v].lock.Lock() }).takes(LRULock),
	act("lru_unlock", vmscanC+"shrink_inactive_list (v6.1)", "Drops the LRU lock.",
		func(k *Kernel, f *Frame) { k.vars[f.v].lock.Unlock() }).drops(LRULock),
	cond("isolate_lru_folio", vmscanC+"isolate_lru_folios (v6.1)",
		"Takes the oldest page off the LRU with a reference of its own: folio. False when the list is empty or the page is going.",
		func(k *Kernel, f *Frame) bool {
			v := &k.vars[f.v]
			l := v.lru.Load()
			f.folio = k.folio(int(l & 0xfff))
			if k.nat != nil {
				f.folio = k.folio(v.oldest())
			}
			if f.folio == nil || !f.folio.refs.AddUnlessZero(1) {
				return false
			}
			if !f.folio.flags.TestAndClear(flagLRU) {
				k.put(f.folio, 1)
				return false
			}
			if k.nat != nil {
				v.forget(f.folio.pfn)
				return true
			}
			v.lru.Store(l >> 12)
			return true
		}).needs(LRULock).sets(RegFolio),
	cond("folio_mlocked", vmscanC+"shrink_folio_list (v6.1)", "True when a mapping of folio is mlocked.",
		func(k *Kernel, f *Frame) bool { return k.test(f.folio, flagMlocked) }).uses(RegFolio),
	cond("folio_is_shmem", vmscanC+"shrink_folio_list (v6.1)", "True when folio belongs to shared anonymous memory.",
		func(k *Kernel, f *Frame) bool { return k.shmem(f.folio) }).uses(RegFolio).known(noShared),
	cond("folio_mapping", "mm/util.c:folio_mapping (v6.1)",
		"True when folio is in the swap cache or in its file. A page of shared anonymous memory has no mapping any more when its file has let it go.",
		func(k *Kernel, f *Frame) bool {
			if k.test(f.folio, flagSwapcache) {
				return true
			}
			return k.shmem(f.folio) && PTE(k.vars[k.place(f)].mapping.Load()) == mkPTE(f.folio.pfn, 0)
		}).uses(RegFolio),
}

var rmapSteps = []*Step{
	act("anon_vma_lock_read", rmapC+"folio_lock_anon_vma_read (v6.1)", "Takes the reverse map's lock shared (sleeping).",
		func(k *Kernel, f *Frame) { k.vars[k.place(f)].anon.RLock() }).takes(AnonRead),
	act("anon_vma_unlock_read", rmapC+"anon_vma_unlock_read (v6.1)", "Drops the reverse map's lock.",
		func(k *Kernel, f *Frame) { k.vars[k.place(f)].anon.RUnlock() }).drops(AnonRead),
	act("rmap_walk", rmapC+"rmap_walk_anon (v6.1)", "Starts a walk over the address spaces that may map folio.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "rmap_walk")
			f.v, f.it = k.placeOf(f.folio, f.folio.v), -1
		}).uses(RegFolio),
	cond("rmap_next", rmapC+"rmap_walk_anon (v6.1)", "Goes on to the next address space that may map folio: mm. False after the last.",
		func(k *Kernel, f *Frame) bool {
			for f.it = k.nextMM(f.it+1, f.v); f.it < k.nmm; f.it = k.nextMM(f.it+1, f.v) {
				if k.mayMap(f.folio, &k.mms[f.it], f.v) {
					f.mm = &k.mms[f.it]
					return true
				}
			}
			return false
		}).uses(RegFolio).sets(RegMM),
	cond("page_vma_mapped_walk", "mm/page_vma_mapped.c:page_vma_mapped_walk (v6.1)",
		"Reads mm's PTE into orig_pte; true when it maps folio.",
		func(k *Kernel, f *Frame) bool {
			f.orig = k.readPTE(f)
			return f.orig.present() && f.orig.pfn() == f.folio.pfn
		}).needs(PTL).uses(RegFolio).sets(RegOrig),
	act("read_anon_exclusive", rmapC+"try_to_unmap_one (v6.1)", "Reads PG_anon_exclusive of folio for anon_exclusive.",
		func(k *Kernel, f *Frame) { f.anonExcl = k.test(f.folio, flagAnonExclusive) }).uses(RegFolio),
	cond("folio_refs_mapped", rmapC+"try_to_unmap_one (v6.1)",
		"True when folio has no references but those of its mappings, this one included, and of its isolation.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "try_to_unmap_one")
			n := f.folio.refs.Load()
			return n == f.folio.mapcount.Load()+1
		}).uses(RegFolio),
	cond("anon_exclusive", rmapC+"try_to_unmap_one (v6.1)", "True when read_anon_exclusive found the flag set.",
		func(k *Kernel, f *Frame) bool { return f.anonExcl }),
	act("mmlist_add", rmapC+"try_to_unmap_one (v6.1)", "Puts mm on the list that swapoff walks, if it is not there.",
		func(k *Kernel, f *Frame) {
			if f.mm.list.Load() == 0 {
				f.mm.list.Store(1)
			}
		}),
}

// mayMap says whether the reverse map of fo leads to m: m is the address space
// whose anon_vma fo hangs on, or was forked from it; for shmem, every one.
func (k *Kernel) mayMap(fo *Folio, m *MM, v int) bool {
	if k.nat != nil {
		return k.rmapNative(fo, m, v)
	}
	if k.shmem(fo) {
		return true
	}
	for a := m; a != nil; a = a.parent {
		if a == fo.home {
			return m.linked.Load() != 0
		}
	}
	return false
}
