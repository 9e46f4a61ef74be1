package mm

import (
	"fmt"

	"tagswap/explore"
	"tagswap/mte"
)

// Page flags, by the kernel's names without PG_.
const (
	flagLocked = iota
	flagSwapcache
	flagWriteback
	flagDirty
	flagUptodate
	flagSwapbacked
	flagLRU
	flagAnonExclusive
	flagMTETagged
	flagMTELock
	flagKSM
	flagMlocked
)

var flagNames = [...]string{
	"PG_locked", "PG_swapcache", "PG_writeback", "PG_dirty", "PG_uptodate", "PG_swapbacked",
	"PG_lru", "PG_anon_exclusive", "PG_mte_tagged", "PG_mte_lock", "PG_ksm", "PG_mlocked",
}

// pinBias is GUP_PIN_COUNTING_BIAS (include/linux/mm.h): what a FOLL_PIN adds to
// the reference count of a small folio.
const pinBias = 1024

// garbage is what a page holds before anybody wrote it.
const garbage = 0xdead

// Folio is one page: struct folio, its contents and its tag memory. A freed folio
// is not handed out again within one execution, so whoever still uses it is seen.
type Folio struct {
	life     explore.Atomic // 1 until it is freed
	refs     explore.Atomic
	mapcount explore.Atomic
	bus      explore.Mutex // natively: see page.go
	pfn      int
	v        int            // the variable it was allocated for: its index in the mapping
	home     *MM            // whose anon_vma it hangs on; immutable
	index    explore.Atomic // natively: see bind
	known    bool           // natively: somebody has had this page before
	swap     explore.Var    // folio->swap: its entry while in the swap cache
	flags    explore.Flags  // its word comes first, the rest is the explorer's
	data     explore.Atomic
	tags     explore.Atomic
}

// newFolio is alloc_page: one reference, no flags, contents and tags of whoever
// had it before.
func (k *Kernel) newFolio(t *Task, m *MM, v int) *Folio {
	if t.nfolio == perTask {
		k.fatal("livelock", "a task allocated pages without end")
	}
	t.nfolio++
	f := &k.folios[t.ID*perTask+t.nfolio]
	x := k.X
	f.v, f.home = v, m
	f.life.Init(x, "folio", f.pfn, 1)
	f.refs.Init(x, "refcount", f.pfn, 1)
	f.mapcount.Init(x, "mapcount", f.pfn, 0)
	f.flags.Init(x, flagNames[:], f.pfn, 0)
	f.swap.Init(x, "folio->swap", f.pfn, 0)
	f.data.Init(x, "contents", f.pfn, garbage)
	f.tags.Init(x, "tags", f.pfn, mte.Stale)
	return f
}

// folio finds a folio by pfn; 0 is nil.
func (k *Kernel) folio(pfn int) *Folio {
	if pfn == 0 {
		return nil
	}
	return &k.folios[pfn]
}

// What is done to each flag, in words.
var testOf, setOf, clearOf = withVerb("test "), withVerb("set "), withVerb("clear ")

func withVerb(verb string) []string {
	words := make([]string, len(flagNames))
	for i, name := range flagNames {
		words[i] = verb + name
	}
	return words
}

// use is called before every access to a folio: using one that was freed is a
// finding.
func (k *Kernel) use(f *Folio, what string) {
	if f == nil || f.life.Load() == 0 {
		k.misuse(f, what)
	}
}

func (k *Kernel) misuse(f *Folio, what string) {
	if f == nil {
		k.oops("use-after-free", what+" through a NULL pointer")
	}
	k.fatal("use-after-free", fmt.Sprintf("%s of page %d, which was freed", what, f.pfn))
}

func (k *Kernel) test(f *Folio, bit int) bool {
	k.use(f, testOf[bit])
	return f.flags.Test(bit)
}

func (k *Kernel) set(f *Folio, bit int) {
	k.use(f, setOf[bit])
	f.flags.Set(bit)
}

func (k *Kernel) clear(f *Folio, bit int) {
	k.use(f, clearOf[bit])
	f.flags.Clear(bit)
}

// get is folio_get: the caller has or borrows a reference.
func (k *Kernel) get(f *Folio, n int64) {
	k.use(f, "folio_get")
	f.refs.AddBlind(n)
}

// put is folio_put; the last one frees the folio (mm/swap.c:__folio_put).
func (k *Kernel) put(f *Folio, n int64) {
	k.use(f, "folio_put")
	if f.refs.SubAndTest(n) {
		k.free(f)
	}
}

// free ends a folio whose reference count is 0. free_pages_prepare reports a bad
// page when somebody still maps it or has left a flag behind that
// PAGE_FLAGS_CHECK_AT_FREE names (mm/page_alloc.c (v6.1)).
func (k *Kernel) free(f *Folio) {
	if n := f.mapcount.Load(); n != 0 {
		k.violation("refcount", fmt.Sprintf("page %d is freed while mapped %d times", f.pfn, int64(n)))
	}
	if f.flags.Test(flagSwapcache) {
		k.violation("refcount", fmt.Sprintf("page %d is freed while in the swap cache", f.pfn))
	}
	if f.flags.Test(flagLocked) {
		k.violation("refcount", fmt.Sprintf("page %d is freed while locked", f.pfn))
	}
	if f.flags.Test(flagWriteback) {
		k.violation("refcount", fmt.Sprintf("page %d is freed under writeback", f.pfn))
	}
	if f.flags.Test(flagLRU) {
		k.lruDel(f)
	}
	if k.nat != nil {
		k.freeNative(f)
		return
	}
	f.life.Store(0)
	f.mapcount.Drop()
	f.flags.Drop()
	f.swap.Drop()
	f.data.Drop()
	f.tags.Drop()
}

// lruAdd is folio_add_lru, without the per-CPU batch in front of the list.
func (k *Kernel) lruAdd(f *Folio) {
	v := &k.vars[f.v]
	if !k.Cfg.LRU {
		f.flags.Set(flagLRU)
		return
	}
	v.lock.Lock()
	f.flags.Set(flagLRU)
	if k.nat != nil {
		v.old = append(v.old, f.pfn)
		v.lock.Unlock()
		return
	}
	v.lru.Store(lruPush(v.lru.Load(), f.pfn))
	v.lock.Unlock()
}

func (k *Kernel) lruDel(f *Folio) {
	if !k.Cfg.LRU {
		return
	}
	v := &k.vars[f.v]
	v.lock.Lock()
	if k.nat != nil {
		v.forget(f.pfn)
		v.lock.Unlock()
		return
	}
	v.lru.Store(lruRemove(v.lru.Load(), f.pfn))
	v.lock.Unlock()
}

// The LRU of one variable's pages is a word of up to five pfns of 12 bits.
func lruPush(l uint64, pfn int) uint64 {
	for s := 0; s < 60; s += 12 {
		if l>>s&0xfff == 0 {
			return l | uint64(pfn)<<s
		}
	}
	return l // a longer list only hides pages from kswapd
}

func lruRemove(l uint64, pfn int) uint64 {
	for s := 0; s < 60; s += 12 {
		if int(l>>s&0xfff) == pfn {
			low := l & (1<<s - 1)
			return low | l>>(s+12)<<s
		}
	}
	return l
}
