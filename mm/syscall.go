package mm

import "tagswap/explore"

// The system calls of the litmus language. Each takes the locks that the kernel
// takes around the step lists.

// Map makes v readable and writable in m as flags say, without an event: it is
// for setting a machine up.
func (k *Kernel) Map(m *MM, v int, flags uint64) {
	k.maps(m, v)
	m.at[v].vma.Init(k.X, "vma", m.ID<<8|v, flags|VMMapped|VMRead)
	k.oracle.add(m, v)
	k.vars[v].maps.AddBlind(1)
}

// MapShared is Map for shared memory that owner has already.
func (k *Kernel) MapShared(m, owner *MM, v int, flags uint64) {
	k.maps(m, v)
	m.at[v].vma.Init(k.X, "vma", m.ID<<8|v, flags|VMMapped|VMRead)
	k.oracle.share(m, owner, v)
	k.vars[v].maps.AddBlind(1)
}

// Reserve makes v known in m, but not mapped.
func (k *Kernel) Reserve(m *MM, v int) { k.oracle.add(m, v) }

// ReserveShared is Reserve for shared memory that owner knows already.
func (k *Kernel) ReserveShared(m, owner *MM, v int) { k.oracle.share(m, owner, v) }

// Mmap maps v anew: fresh zero memory.
func (k *Kernel) Mmap(t *Task, v int, flags uint64) {
	m := t.MM
	m.Lock.Lock()
	k.maps(m, v)
	m.at[v].vma.Store(flags | VMMapped | VMRead)
	file := k.fileLock(v)
	k.vars[v].maps.AddBlind(1)
	if file != nil {
		file.Unlock()
	}
	m.Lock.Unlock()
}

// fileLock takes the lock that makes a name of shared memory a new file when it is
// mapped after its last mapping went: who maps it waits until the old one is gone.
// The kernel has two files then, and no such lock.
func (k *Kernel) fileLock(v int) *explore.Mutex {
	if d := &k.Cfg.Vars[v]; !d.Shared || k.X != nil && !d.Mapped {
		return nil
	}
	k.vars[v].file.Lock()
	return &k.vars[v].file
}

// Munmap removes the mapping of v.
func (k *Kernel) Munmap(t *Task, v int) {
	m := t.MM
	m.Lock.Lock()
	m.at[v].vma.Store(0)
	k.zap(t, m, v)
	m.Lock.Unlock()
}

func (k *Kernel) zap(t *Task, m *MM, v int) {
	k.run(listZap, t, func(f *Frame) { f.mm, f.v, f.zap = m, v, !k.Cfg.Vars[v].Shared })
	if !k.Cfg.Vars[v].Shared {
		return
	}
	file := k.fileLock(v)
	if k.vars[v].maps.SubAndTest(1) {
		k.run(listEvict, t, func(f *Frame) { f.mm, f.v = m, v })
		k.shut(m, v)
		k.oracle.evict(m, v, k.nmm)
		k.open(m, v)
	}
	if file != nil {
		file.Unlock()
	}
}

// Mprotect changes the protection of v. PROT_MTE stays once it was given.
func (k *Kernel) Mprotect(t *Task, v int, flags uint64) {
	m := t.MM
	m.Lock.Lock()
	old := m.at[v].vma.Load()
	m.at[v].vma.Store(old&(VMMapped|VMMTE|VMLocked) | flags)
	k.run(listChange, t, func(f *Frame) { f.v = v })
	m.Lock.Unlock()
}

// MadviseDontneed drops the page of v.
func (k *Kernel) MadviseDontneed(t *Task, v int) { k.madvise(t, t.MM, v, listDontneed, true) }

// MadviseFree lets reclaim drop the page of v.
func (k *Kernel) MadviseFree(t *Task, v int) {
	if k.Cfg.Vars[v].Shared {
		return // EINVAL: private anonymous memory only
	}
	k.passing("MADV_FREE begins", t.MM, v, func() { k.oracle.free(t.MM, v) })
	k.madvise(t, t.MM, v, listFree, true)
	k.passing("MADV_FREE ends", t.MM, v, func() { k.oracle.freed(t.MM, v) })
}

// MadviseWillneed reads the page of v ahead.
func (k *Kernel) MadviseWillneed(t *Task, v int) { k.madvise(t, t.MM, v, listWillneed, false) }

// MadvisePageout pages v of m out, which may be another process's
// (process_madvise).
func (k *Kernel) MadvisePageout(t *Task, m *MM, v int) { k.madvise(t, m, v, listPageout, false) }

func (k *Kernel) madvise(t *Task, m *MM, v int, what list, zap bool) {
	if m != t.MM && !m.users.AddUnlessZero(1) {
		return
	}
	m.Lock.RLock()
	if m.at[v].vma.Load()&VMMapped != 0 {
		k.run(what, t, func(f *Frame) { f.mm, f.v, f.zap = m, v, zap && !k.Cfg.Vars[v].Shared })
	}
	m.Lock.RUnlock()
	if m != t.MM {
		k.mmput(t, m)
	}
}

// Reclaim is kswapd with the oldest page of v.
func (k *Kernel) Reclaim(t *Task, v int) { k.run(listReclaim, t, func(f *Frame) { f.v = v }) }

// ReclaimAll is memory pressure after the end: every page that is still on the LRU
// is looked at once. What nobody uses any more, as a page left in the swap cache,
// goes then.
func (k *Kernel) ReclaimAll(t *Task) {
	k.eachFolio(func(fo *Folio) {
		if fo.life.Peek() == 0 || !fo.flags.TestAndClear(flagLRU) {
			return
		}
		k.get(fo, 1)
		k.lruDel(fo)
		k.run(listSwapOut, t, func(f *Frame) { f.v, f.folio = fo.v, fo })
	})
}

// Merge is ksmd with the pages of x and y.
func (k *Kernel) Merge(t *Task, x, y int) {
	t.MM.Lock.RLock()
	k.run(listMerge, t, func(f *Frame) { f.v, f.t.other = x, y })
	t.MM.Lock.RUnlock()
}

// Fork copies the address space of t to child (kernel/fork.c:dup_mmap).
func (k *Kernel) Fork(t *Task, child *MM) {
	m := t.MM
	m.Lock.Lock()
	for v := range k.Cfg.Vars {
		flags := m.at[v].vma.Load()
		if flags&VMMapped != 0 {
			k.maps(child, v)
		}
		child.at[v].vma.Store(flags)
		if k.Cfg.Vars[v].Shared {
			if flags&VMMapped != 0 {
				k.vars[v].maps.AddBlind(1)
			}
			k.oracle.cur[child.ID][v].Store(k.oracle.cur[m.ID][v].Load())
			continue
		}
		lock := &k.vars[v].anon
		lock.Lock()
		child.linked.Store(1)
		lock.Unlock()
		if flags&VMMapped != 0 {
			k.forkPage(t, m, child, v)
		}
	}
	if k.nat != nil {
		child.users.Store(1)
	}
	m.Lock.Unlock()
}

// forkPage copies one entry; the oracle's copy is made with it. A store of
// another thread that races with it may be in the child's memory or not.
func (k *Kernel) forkPage(t *Task, m, child *MM, v int) {
	if k.nat != nil {
		k.forked(m, child, v)
		k.run(listFork, t, func(f *Frame) { f.v, f.child = v, child })
		return
	}
	k.oracle.fork(m, child, v)
	before := k.oracle.pages[k.oracle.page(child, v)].val.Peek()
	k.run(listFork, t, func(f *Frame) { f.v, f.child = v, child })
	p := &k.oracle.pages[k.oracle.page(m, v)]
	if now := p.val.Load(); now != before {
		c := &k.oracle.pages[k.oracle.page(child, v)]
		c.alt.Store(now + 1)
		c.alts.Store(p.tags.Load() + 1)
	}
}

// Exit ends the use of m by t; the last user frees the memory.
func (k *Kernel) Exit(t *Task) { k.mmput(t, t.MM) }

// Enter notes one more task that uses m, without an event.
func (k *Kernel) Enter(m *MM, tasks int) {
	m.users.Init(k.X, "mm_users", m.ID, uint64(tasks))
}

// mmput is kernel/fork.c:mmput with mm/mmap.c:exit_mmap (v6.1).
func (k *Kernel) mmput(t *Task, m *MM) {
	if !m.users.SubAndTest(1) {
		return
	}
	m.Lock.RLock()
	for v := range k.Cfg.Vars {
		if m.at[v].vma.Load()&VMMapped != 0 {
			k.zap(t, m, v)
		}
	}
	m.Lock.RUnlock()
	m.Lock.Lock()
	for v := range k.Cfg.Vars {
		m.at[v].vma.Store(0)
	}
	m.Lock.Unlock()
	if m.list.Load() != 0 {
		m.list.Store(0)
	}
	if k.nat != nil {
		k.unmaps(m)
		k.retire(m)
	}
}

// Swapoff is swapoff(2) on device area. It returns false when there is nothing
// to swap off, and when a page cannot be read: the device stays on then (as up to
// v5.18; v5.19 and later leave an error entry in the page table instead).
func (k *Kernel) Swapoff(t *Task, area int) bool {
	if !k.areas[area].flags.Test(areaWriteOK) {
		return false
	}
	t.ret = Done
	return k.run(listSwapoff, t, func(f *Frame) { f.area = area })
}

// Swapon is swapon(2) on device area, which was off.
func (k *Kernel) Swapon(t *Task, area int) {
	si := &k.areas[area]
	if si.flags.Test(areaWriteOK) {
		return
	}
	si.gone.Store(0)
	si.flags.Set(areaUsed)
	si.flags.Set(areaAlive)
	si.lock.Lock()
	si.flags.Set(areaWriteOK)
	si.lock.Unlock()
}

// SetSlotCache turns slot caches active or not, as the number of free slots does
// (mm/swap_slots.c:check_cache_active, v6.1); turning them off drains them.
func (k *Kernel) SetSlotCache(t *Task, on bool) {
	if on {
		k.slotCacheActive.Store(1)
		return
	}
	k.slotCacheActive.Store(0)
	k.DrainSlotCaches(t)
}

// DrainSlotCaches flushes the slot caches of all CPUs.
func (k *Kernel) DrainSlotCaches(t *Task) { k.run(listDrain, t, func(*Frame) {}) }

// PeekTags is ptrace's PEEKMTETAGS by t on v of m: it reads the tags of the
// page if PG_mte_tagged says that they are valid (arch/arm64/kernel/mte.c:
// __access_remote_tags, v6.1).
func (k *Kernel) PeekTags(t *Task, m *MM, v, g int) (uint8, Signal) {
	me := t.MM
	t.MM = m
	sig := k.GUP(t, v, false, false)
	t.MM = me
	if sig != NoSignal {
		return 0, sig
	}
	h := t.held[v]
	tag := uint8(0)
	if k.test(h.folio, flagMTETagged) {
		k.passing("read of tags", m, v, func() { tag = k.peekTag(h.folio, m, v, g) })
	}
	k.PutPage(t, v)
	return tag, NoSignal
}
