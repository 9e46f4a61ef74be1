package check_test

import (
	"slices"
	"testing"
	"time"

	"tagswap/check"
	"tagswap/litmus"
)

// mutants are designs with one line broken, each with the test of the catalogue
// that says so and the property that fails. A test that no longer notices its
// mutant has lost what it is in the catalogue for.
var mutants = []struct {
	base, fn, old, new string // new for old in fn of base
	test, property     string
}{
	// tags
	{"v6.12", "set_pte_at", "    if pte_tagged\n        mte_sync_tags\n    write_pte\n", "    write_pte\n    if pte_tagged\n        mte_sync_tags\n",
		"mte-map-before-tags", "tags"},
	{"v6.12", "mte_sync_tags", "        mte_clear_page_tags\n        set_mte_tagged\n", "        set_mte_tagged\n        mte_clear_page_tags\n",
		"mte-flag-before-tags", "tags"},
	{"v6.12", "try_page_mte_tagging", "        wait_mte_tagged\n", "",
		"mte-tag-init-race", "tags"},
	{"v6.12", "do_swap_page", "    arch_swap_restore\n", "",
		"mte-free-before-restore-d", "tags"},
	{"v6.12", "unuse_pte", "    arch_swap_restore\n", "",
		"unuse-missing-restore", "tags"},
	{"v6.12", "shmem_swapin_held", "    arch_swap_restore\n", "",
		"shmem-swap-tags", "tags"},
	{"v6.12", "mte_save_tags", "    mte_free_old_tags\n", "",
		"stg-in-swap-cache", "leak"},
	{"v6.12", "swap_range_free", "    arch_swap_invalidate_page\n", "",
		"exit-while-swapped", "leak"},
	{"v6.12", "copy_highpage", "        mte_copy_page_tags\n", "",
		"cow-tagged-page", "tags"},
	{"v6.12", "swap_writepage", "    if not mte_save_tags\n        folio_mark_dirty\n        folio_unlock\n        return\n", "    mte_save_tags\n",
		"fail-tag-storage", "tags"},

	// slots and devices
	{"v6.12", "swap_range_free", "    swap_slot_free_notify\n", "",
		"dontneed-swapped", "leak"},
	{"v7.2", "swap_range_free", "    arch_swap_invalidate_page\n    swap_slot_free_notify\n    dec_inuse\n", "    dec_inuse\n    arch_swap_invalidate_page\n    swap_slot_free_notify\n",
		"reclaim-vs-swapoff", "use-after-free"},
	{"v6.12", "free_swap_slot", "            if slot_cache_full\n                slot_cache_flush\n", "",
		"swapoff-again", "use-after-free"},
	{"v6.12", "swapoff", "    slot_cache_drain\n", "",
		"swapoff-again", "livelock"},
	{"v6.12", "swapoff", "    slots_mutex_unlock\n    percpu_ref_kill\n", "    percpu_ref_kill\n",
		"swapoff-again", "deadlock"},
	{"v6.12", "swapoff", "    close_device\n", "",
		"unuse-missing-restore", "leak"},
	{"v6.12", "swapoff", "    wait_device_users\n", "",
		"free-vs-swapoff", "use-after-free"},
	{"v6.12", "try_to_unmap_one", "            mmlist_add\n", "",
		"unuse-missing-restore", "livelock"},
	{"v6.12", "copy_nonpresent_pte", "    child_mmlist_add\n", "",
		"unuse-forked-store", "livelock"},
	{"v6.12", "do_swap_page", "out_release:\n    folio_put\n    if need_clear_cache\n        swapcache_clear\n", "out_release:\n    folio_put\n",
		"dontneed-vs-fault", "leak"},
	{"v6.8", "do_swap_page", "    oom\n    if need_clear_cache\n        swapcache_clear\n    put_swap_device\n", "    oom\n    put_swap_device\n",
		"fail-swapin", "livelock"},
	{"v6.12", "do_swap_page", "    oom\n    if need_clear_cache\n        swapcache_clear\n    put_swap_device\n", "    oom\n",
		"fail-swapin", "deadlock"},
	{"v6.12", "folio_free_swap", "    if folio_test_writeback\n        return false\n", "",
		"writeback-slot-reuse", "content"},
	{"v6.12", "do_swap_page", "            if folio_test_writeback and swp_stable_writes\n                clear_exclusive\n", "",
		"stable-writes-race", "content"},

	// the swap cache and reclaim
	{"v6.12", "remove_mapping", "    folio_ref_freeze 2 else cannot\n    if folio_test_dirty\n        folio_ref_unfreeze\n        goto cannot\n", "    if folio_test_dirty\n        goto cannot\n    folio_ref_freeze 2 else cannot\n",
		"get-vs-reclaim", "content"},
	{"v6.12", "remove_mapping", "        folio_ref_unfreeze\n", "",
		"get-vs-reclaim", "refcount"},
	{"v6.12", "do_swap_page", "        swapcache_clear\n", "        have_folio\n",
		"store-small-swap", "leak"},
	{"v6.12", "do_swap_page", "                schedule_timeout\n", "",
		"skip-swapcache-livelock", "livelock"},
	{"v6.12", "read_swap_cache_locked", "        schedule_timeout\n", "",
		"hascache-wait-livelock", "livelock"},
	{"v6.5", "do_wp_page", "    if PageAnonExclusive\n        goto reuse\n", "",
		"swp-exclusive-forgotten-a", "content"},

	// who owns a page
	{"v6.12", "wp_page_copy", "    pte_same else lost\n", "    fault_write else lost\n",
		"cow-two-threads", "tags"},
	{"v6.12", "copy_present_pte", "        if mm_has_pinned and folio_maybe_dma_pinned\n            folio_put\n            copy_present_page else return false\n            return\n", "",
		"fork-pinned", "pin"},
	{"v6.12", "follow_page", "            PageAnonExclusive else unshare\n", "            foll_pin else unshare\n",
		"pin-shared-unshare", "pin"},
	{"v5.17", "may_swap_out", "    if folio_maybe_dma_pinned\n        return false\n", "    return\n",
		"pinned-then-unmapped", "pin"},
	{"v6.12", "unuse_pte", "    if orig_exclusive\n        SetPageAnonExclusive\n", "",
		"unuse-keeps-exclusive", "content"},
	{"v6.12", "unuse_pte", "    if orig_exclusive\n        SetPageAnonExclusive\n", "    SetPageAnonExclusive\n",
		"unuse-forked-store", "exclusive"},
	{"v6.12", "try_to_unmap_one", "            if folio_test_dirty or not folio_refs_mapped\n", "            if folio_test_dirty\n",
		"free-held", "condition"},
	{"v6.12", "madvise_free", "        folio_mapcount_one else locked\n", "",
		"free-shared", "content"},
	{"unshare-marks-dirty", "wp_page_copy", "    if fault_unshare\n        folio_mark_dirty\n", "",
		"free-forked-unshared", "content"},
	{"free-checks-mapcount", "madvise_free", "    folio_mapcount_one else unlock\n", "",
		"free-forked-unshared", "content"},
	{"v6.12", "replace_page", "    pte_same else out\n", "    have_folio else out\n",
		"ksm-vs-store", "refcount"},
	{"v6.12", "do_wp_page", "    SetPageAnonExclusive\n", "",
		"fork-pinned-reused", "pin"},
	{"v6.12", "follow_page", "    if foll_write and not orig_write\n        goto fault_in\n", "",
		"get-write-shared", "content"},
	{"v6.12", "wp_page_copy", "    oom\n    folio_put\n", "    oom\n",
		"fail-cow", "leak"},

	{"v6.12", "change_pte", "        ptep_get_and_clear\n", "",
		"mprotect-vs-store", "content"},

	// MADV_FREE and KSM
	{"v6.12", "folio_free_swap", "    folio_mark_dirty\n", "",
		"free-shared-swap-full", "content"},
	{"v6.12", "add_to_swap", "    folio_mark_dirty\n", "",
		"free-vs-reclaim", "content"},
	{"v6.12", "madvise_free", "        folio_clear_dirty\n        folio_unlock\n", "        folio_clear_dirty\n",
		"free-in-swap-cache", "refcount"},
	{"v6.12", "write_protect_page", "    folio_refs_expected else restore\n", "",
		"ksm-vs-get", "content"},
	{"v6.12", "write_protect_page", "    page_vma_mapped_walk else fail\n", "",
		"ksm-vs-reclaim", "counters"},

	// shared anonymous memory
	{"v6.12", "shmem_swapin_held", "    lock_page_cache\n    page_cache_has_entry else lost\n", "    swap_free\n    lock_page_cache\n    page_cache_has_entry else lost\n",
		"shmem-munmap-vs-swapoff", "refcount"},
	{"v6.12", "shmem_evict", "            free_swap_and_cache\n", "",
		"shmem-munmap-swapped", "leak"},
	{"v6.12", "try_to_unuse", "    shmem_unuse\n", "",
		"shmem-unuse", "livelock"},
	{"v6.12", "shmem_swapin_held", "    folio_mark_dirty\n    swap_free\n", "    swap_free\n",
		"shmem-swap-again", "refcount"},
	{"v6.12", "shmem_alloc", "    discard_folio\n", "",
		"shmem-first-touch", "leak"},
	{"v6.12", "shmem_fault", "    if not folio_try_get\n        cpu_relax\n        goto again\n", "    folio_get\n",
		"shmem-fault-vs-reclaim", "use-after-free"},

	// from the kernel's history
	{"v6.12", "try_to_reclaim_swap", "            folio_free_swap\n", "            if folio_test_swapcache and not folio_test_writeback\n                delete_from_swap_cache\n                folio_mark_dirty\n",
		"dontneed-vs-reclaim", "content"},
	{"v6.12", "read_swap_cache_locked", "    if not swap_swapcount and slot_cache_enabled\n        return false\n", "",
		"willneed-vs-dontneed", "livelock"},
	{"v5.10", "do_wp_page", "    if folio_test_ksm or folio_ref_above 1\n        goto copy\n    folio_trylock else copy\n    if folio_test_ksm or not folio_mapcount_one or not folio_ref_count 1\n",
		"    folio_trylock else copy\n    if folio_test_ksm or not folio_mapcount_one\n",
		"cow-ignores-refs", "content"},
	{"v6.12", "do_wp_page", "    if folio_test_swapcache\n        folio_free_swap\n", "    if folio_test_swapcache\n        delete_from_swap_cache\n        folio_mark_dirty\n",
		"cow-in-swap-cache", "content"},
	{"v6.12", "do_swap_page", "    folio_lock_or_retry else out_release\n", "    folio_lock_or_retry else out_release\n    arch_swap_restore\n",
		"swapin-foreign-tags", "tags"},
	{"v6.12", "try_to_unmap_one", "    pte_offset_map_lock\n    page_vma_mapped_walk else out\n    read_anon_exclusive\n", "    read_anon_exclusive\n    pte_offset_map_lock\n    page_vma_mapped_walk else out\n",
		"fork-vs-reclaim", "exclusive"},
	{"v6.12", "fork_pte", "    pte_offset_map_lock\n    read_pte\n", "    read_pte\n    pte_offset_map_lock\n",
		"fork-vs-reclaim", "counters"},
	{"v6.12", "try_to_unmap_one", "            swap_duplicate else restore\n", "            swap_duplicate\n",
		"fail-swap-duplicate", "livelock"},
	{"v6.12", "copy_nonpresent_pte", "    swap_duplicate else return false\n", "    swap_duplicate else return\n",
		"fail-fork", "content"},
	{"v7.2", "swapoff", "    clear_writeok else gone\n    unlock_swap_device\n", "    if not clear_writeok and inuse_zero\n        goto gone\n    unlock_swap_device\n",
		"swapoff-twice", "use-after-free"},
	{"v6.12", "swap_out", "        folio_mapping else keep_locked\n        remove_mapping else keep_locked\n", "        remove_mapping else keep_locked\n",
		"shmem-munmap-vs-reclaim", "refcount"},
	{"v6.12", "shmem_writepage", "    swap_duplicate\n    lock_page_cache\n    page_cache_store_entry\n    unlock_page_cache\n", "    lock_page_cache\n    page_cache_store_entry\n    unlock_page_cache\n    swap_duplicate\n",
		"shmem-munmap-vs-reclaim", "refcount"},
	{"v7.2", "delete_from_swap_cache", "        swap_range_free\n    unlock_cluster\n", "    unlock_cluster\n    if usage_zero\n        swap_range_free\n",
		"slot-reuse-other", "tags"},
	{"v7.2", "unuse_pte_range", "    unuse_pte\n    folio_free_swap\n", "    unuse_pte\n    if folio_test_swapcache\n        delete_from_swap_cache\n",
		"unuse-deletes-foreign-cache", "content"},
	{"v6.12", "swapoff", "    slot_cache_disable\n    slot_cache_drain\n", "    slot_cache_drain\n    slot_cache_disable\n",
		"swapoff-vs-park", "livelock"},
}

func TestMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.test+"/"+m.base+"/"+m.fn, func(t *testing.T) {
			l, err := litmus.Lookup(m.test)
			if err != nil {
				t.Fatal(err)
			}
			r := check.Run(l, mutant(t, m.base, m.fn, m.old, m.new), check.Options{Budget: 20 * time.Second})
			if !slices.Contains(r.Properties(), m.property) {
				t.Errorf("%s without\n%s\nsays %s %v, want %s to fail", m.test, m.old, r.Verdict, r.Properties(), m.property)
			}
		})
	}
}
