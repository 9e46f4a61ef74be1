package mm

// Steps of arm64's tag handling (arch/arm64/kernel/mte.c, arch/arm64/mm/mteswap.c).

const (
	mteC     = "arch/arm64/kernel/mte.c:"
	mteSwapC = "arch/arm64/mm/mteswap.c:"
)

var tagSteps = []*Step{
	act("set_mte_tagged", "arch/arm64/include/asm/mte.h:set_page_mte_tagged (v6.1)", "Sets PG_mte_tagged of folio: its tags are valid.",
		func(k *Kernel, f *Frame) { k.set(f.folio, flagMTETagged) }).uses(RegFolio),
	cond("test_and_set_mte_tagged", mteC+"mte_sync_tags (v5.10)", "Sets PG_mte_tagged of folio; true when it was set already.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "test_and_set PG_mte_tagged")
			return f.folio.flags.TestAndSet(flagMTETagged)
		}).uses(RegFolio),
	cond("test_and_set_mte_lock", "arch/arm64/include/asm/mte.h:try_page_mte_tagging (v6.4)",
		"Claims folio's tags (PG_mte_lock); true when somebody else has done so.",
		func(k *Kernel, f *Frame) bool {
			k.use(f.folio, "test_and_set PG_mte_lock")
			if k.nat != nil && f.folio.flags.Test(flagMTELock) {
				return true // to set it again changes nothing
			}
			return f.folio.flags.TestAndSet(flagMTELock)
		}).uses(RegFolio),
	act("wait_mte_tagged", "arch/arm64/include/asm/mte.h:try_page_mte_tagging (v6.4)", "Spins until PG_mte_tagged of folio is set.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "PG_mte_tagged")
			f.folio.flags.WaitSet(flagMTETagged)
		}).uses(RegFolio),
	act("mte_clear_page_tags", "arch/arm64/lib/mte.S:mte_clear_page_tags (v6.1)", "Zeroes the tags of folio.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "mte_clear_page_tags")
			k.zeroTags(f.folio)
		}).uses(RegFolio),
	cond("mte_alloc_tag_storage", mteSwapC+"mte_allocate_tag_storage (v6.1)", "Allocates a record for a page's tags. False: no memory.",
		func(k *Kernel, f *Frame) bool {
			if k.fails(failTags) {
				return false
			}
			f.rec = k.Tags.Alloc(f.t.ID)
			if f.rec == 0 && k.nat == nil {
				k.fatal("livelock", "a task allocated tag records without end")
			}
			return f.rec != 0
		}).sets(RegRecord),
	act("mte_save_page_tags", "arch/arm64/lib/mte.S:mte_save_page_tags (v6.1)", "Copies folio's tags into the record.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "mte_save_page_tags")
			k.saveTags(f.rec, f.folio)
		}).uses(RegFolio, RegRecord),
	act("mte_restore_page_tags", "arch/arm64/lib/mte.S:mte_restore_page_tags (v6.1)", "Copies the record into folio's tags.",
		func(k *Kernel, f *Frame) {
			k.use(f.folio, "mte_restore_page_tags")
			k.restoreTags(f.folio, f.rec)
		}).uses(RegFolio, RegRecord),
	act("tags_lock", mteSwapC+"mte_save_tags (v6.1)", "Takes the tag store's xarray lock (xa_lock, spin).",
		func(k *Kernel, f *Frame) { k.Tags.Lock.Lock() }).takes(TagsLock),
	act("tags_unlock", mteSwapC+"mte_save_tags (v6.1)", "Drops the tag store's xarray lock.",
		func(k *Kernel, f *Frame) { k.Tags.Lock.Unlock() }).drops(TagsLock),
	cond("tags_load", mteSwapC+"mte_restore_tags (v6.1)",
		"Looks entry up in the tag store without a lock (xa_load). The record it finds is as good as whatever keeps the slot. False: none.",
		func(k *Kernel, f *Frame) bool {
			ref := k.Tags.Load(k.index(f.entry))
			if ref == 0 {
				return false
			}
			f.rec = ref
			return true
		}).uses(RegEntry).sets(RegRecord),
	act("tags_store", mteSwapC+"mte_save_tags (v6.1)", "Keeps the record under entry (xa_store); an older one has to be freed, see mte_free_old_tags.",
		func(k *Kernel, f *Frame) {
			f.oldrec = k.Tags.Exchange(k.index(f.entry), f.rec)
		}).uses(RegEntry, RegRecord).needs(TagsLock),
	act("tags_erase", mteSwapC+"mte_invalidate_tags (v6.1)", "Takes entry's record, if any, out of the tag store (xa_erase); it has to be freed, see mte_free_old_tags.",
		func(k *Kernel, f *Frame) {
			f.oldrec = k.Tags.Exchange(k.index(f.entry), 0)
		}).uses(RegEntry).needs(TagsLock),
	act("mte_free_old_tags", mteSwapC+"mte_free_tag_storage (v6.1)", "Frees the record that tags_store or tags_erase took out; nothing if there was none.",
		func(k *Kernel, f *Frame) {
			k.Tags.Free(f.oldrec)
		}),
	act("mte_free_tag_storage", mteSwapC+"mte_save_tags (v6.1)", "Frees the record that was just allocated.",
		func(k *Kernel, f *Frame) { k.Tags.Free(f.rec) }).uses(RegRecord),
}
