package mm

import (
	"fmt"

	"tagswap/mte"
)

// Signal is what a user access may end in.
type Signal int

// Signals, by the names that litmus tests use.
const (
	NoSignal    Signal = iota
	TagCheck           // SIGSEGV, SEGV_MTESERR
	Translation        // SIGSEGV, SEGV_MAPERR or SEGV_ACCERR
	BusError           // SIGBUS
)

func (s Signal) String() string {
	return [...]string{"", "TagCheck", "Translation", "Bus"}[s]
}

// Access is one load, store, LDG or STG of a task, within one page. Under the
// explorer the contents of a page are one word, and it has mte.Granules granules;
// natively it has PageSize bytes, and a granule for each 16 of them.
type Access struct {
	Var     int
	Write   bool
	Value   uint64 // stored, eight bytes little-endian
	Offset  int    // natively: the first byte of the page that is loaded or stored
	Data    []byte // natively, not nil: what is stored, or where to load to, instead of Value
	Granule int    // of LDG and STG; of a checked access under the explorer
	Checked bool   // the pointer has a tag, and the access is checked against it
	Pointer uint8  // that tag
	Tag     bool   // LDG or STG instead of a load or store
	NewTag  uint8  // STG
	Whole   bool   // STG on every granule of the page, as one event
}

// Do makes one access, faulting pages in as the processor would. It returns what
// was loaded, or the tag.
//
// The walk of the page table and the access are one event: a TLB flush waits
// for accesses that are under way, so that nobody can come between them.
func (k *Kernel) Do(t *Task, a Access) (uint64, Signal) {
	t.tried, t.rests = false, 0
	if k.nat != nil {
		a.mustFit()
	}
	for t.misses = 0; ; t.misses++ {
		t.seen, t.runs = seen{}, 0
		k.X.Forgotten()
		var val uint64
		var sig Signal
		done := false
		if k.nat != nil {
			val, sig, done = k.accessNative(t, &a)
		} else {
			k.X.Atomically("access", func() { val, sig, done = k.access(t, &a) })
		}
		if done {
			return val, sig
		}
		t.ret = Done
		switch r := k.fault(t, a.Var, a.Write); {
		case r == Segv:
			return 0, Translation
		case r == Bus:
			return 0, BusError
		case r == Sleep || r == Spin:
			k.wait(t, r == Spin)
			t.misses = 0
		case r == Again || r == NoMem || k.mapped(t, &a):
			// NoMem: mm/oom_kill.c:pagefault_out_of_memory (v6.1) leaves the fault to
			// the next try.
			t.misses = 0
		case t.misses > 1:
			// The fault did not help, and not for the first time: another round
			// makes sense only when something has changed. It did not sleep
			// either, so a task that keeps its CPU keeps it.
			k.wait(t, true)
			t.misses = 0
		}
	}
}

// mapped says whether the access would find its entry now. It is no event.
func (k *Kernel) mapped(t *Task, a *Access) bool {
	p := PTE(t.MM.at[a.Var].pte.Peek())
	return p.present() && (p.write() || !a.Write)
}

// translate is the walk of the page table: the page of an access, nil when the
// table has no suitable entry.
func (k *Kernel) translate(t *Task, a *Access) (PTE, *Folio) {
	p := PTE(t.MM.at[a.Var].pte.Load())
	if !p.present() || a.Write && !p.write() {
		return p, nil
	}
	k.jitter(t)
	f := k.folio(p.pfn())
	k.use(f, "user access")
	return p, f
}

// setDirty is hardware management of the dirty bit.
func (k *Kernel) setDirty(t *Task, a *Access, p PTE) {
	if a.Write && !p.dirty() {
		t.MM.at[a.Var].pte.Store(uint64(p | pteDirty))
	}
}

// access is the processor's part: it is done unless the page table has no
// suitable entry.
func (k *Kernel) access(t *Task, a *Access) (uint64, Signal, bool) {
	p, f := k.translate(t, a)
	if f == nil {
		return 0, NoSignal, false
	}
	if a.Checked && p.tagged() {
		if got := mte.Tag(k.tagWord(f, t.MM, a.Var, a.Granule), a.Granule); got != a.Pointer {
			return 0, TagCheck, true
		}
	}
	k.setDirty(t, a, p)
	o := &k.oracle.pages[k.oracle.page(t.MM, a.Var)]
	switch {
	case a.Tag && a.Write:
		switch {
		case p.tagged() && a.Whole:
			f.tags.Store(mte.Splat(a.NewTag))
			o.setTags(mte.Splat(a.NewTag))
		case p.tagged():
			was := f.tags.Load()
			f.tags.Store(mte.With(was, a.Granule, a.NewTag))
			o.setTag(was, a.Granule, a.NewTag)
		}
		return 0, NoSignal, true
	case a.Tag:
		if !p.tagged() {
			return 0, NoSignal, true
		}
		return uint64(mte.Tag(k.tagWord(f, t.MM, a.Var, a.Granule), a.Granule)), NoSignal, true
	case a.Write:
		f.data.Store(a.Value)
		o.store(a.Value)
		return 0, NoSignal, true
	}
	return k.read(f, o), NoSignal, true
}

// read loads the contents and holds them against the oracle.
func (k *Kernel) read(f *Folio, o *opage) uint64 {
	got := f.data.Load()
	if want, ok := o.load(got); !ok {
		k.violation("content", fmt.Sprintf("a load sees %s where %d was stored last", word(got), want))
	}
	return got
}

// tagWord reads the tags of a page and holds the granule's against the oracle.
func (k *Kernel) tagWord(f *Folio, m *MM, v, g int) uint64 {
	w := f.tags.Load()
	o := &k.oracle.pages[k.oracle.page(m, v)]
	if want, ok := o.readTag(g, mte.Tag(w, g)); !ok {
		k.violation("tags", fmt.Sprintf("a page has tag %s where %s was set last", mte.Name(mte.Tag(w, g)), mte.Name(want)))
	}
	return w
}

// word shows contents; what a page held before anybody wrote it has a name.
func word(v uint64) string {
	if v == garbage {
		return "stale memory"
	}
	return fmt.Sprint(v)
}

// fault is handle_mm_fault under the mmap lock (arch/arm64/mm/fault.c:
// do_page_fault, v6.1; without the per-VMA locks of v6.4 and later, which swap
// faults did not use before v6.7).
func (k *Kernel) fault(t *Task, v int, write bool) Ret {
	k.costs(t).Faults++
	m := t.MM
	m.Lock.RLock()
	t.mmapped = true
	vma := m.at[v].vma.Load()
	ret := Segv
	if vma&VMMapped != 0 && vma&VMRead != 0 && (!write || vma&VMWrite != 0) {
		k.run(listFault, t, func(f *Frame) { f.v, f.write = v, write })
		ret = t.ret
	}
	if t.mmapped {
		m.Lock.RUnlock()
		t.mmapped = false
	}
	return ret
}

// Held accesses: through a page that pin or get holds, as a device does it or
// vmsplice. They need no mapping.

// LoadHeld reads the page that the task holds of v.
func (k *Kernel) LoadHeld(t *Task, v int) uint64 {
	h := &t.held[v]
	var got uint64
	k.passing("access through a pin", k.oracle.owner(k, h.page), v, func() {
		k.use(h.folio, "access through a pin")
		if k.nat != nil {
			got = k.loadHeld(h)
			return
		}
		got = h.folio.data.Load()
		if want, ok := k.oracle.pages[h.page].load(got); !ok {
			k.violation(h.property(), fmt.Sprintf("a read through a held page sees %s where %d was stored last", word(got), want))
		}
	})
	return got
}

// StoreHeld writes to the page that the task holds of v.
func (k *Kernel) StoreHeld(t *Task, v int, val uint64) {
	h := &t.held[v]
	k.passing("access through a pin", k.oracle.owner(k, h.page), v, func() {
		k.use(h.folio, "access through a pin")
		if k.nat != nil {
			k.storeHeld(h, val)
			return
		}
		h.folio.data.Store(val)
		k.oracle.pages[h.page].store(val)
	})
}

// property is what breaks when a held page and its mapping part.
func (h *hold) property() string {
	if h.pin {
		return "pin"
	}
	return "content"
}

// GUP takes a reference on the page of v: FOLL_PIN or FOLL_GET, for writing or
// not (mm/gup.c:get_user_pages, v6.1).
func (k *Kernel) GUP(t *Task, v int, pin, write bool) Signal {
	t.tried, t.rests = false, 0
	for t.misses = 0; ; t.misses++ {
		t.seen, t.runs = seen{}, 0
		k.X.Forgotten()
		t.ret = Done
		m := t.MM
		m.Lock.RLock()
		t.mmapped = true
		vma := m.at[v].vma.Load()
		ok, got := vma&VMMapped != 0 && (!write || vma&VMWrite != 0), false
		if ok {
			got = k.run(listFollow, t, func(f *Frame) { f.v, f.pin, f.write = v, pin, write })
		}
		if t.mmapped {
			m.Lock.RUnlock()
			t.mmapped = false
		}
		switch {
		case got:
			return NoSignal
		case !ok:
			return Translation
		case t.ret == Bus:
			return BusError
		case t.ret == Again || t.seen.mapped:
			// The page came, and whoever took it away again has moved.
			t.misses = 0
		case t.ret == Sleep || t.ret == Spin || t.misses > 2:
			k.wait(t, t.ret != Sleep)
		}
	}
}

// PutPage gives back what GUP took.
func (k *Kernel) PutPage(t *Task, v int) {
	h := t.held[v]
	t.held[v] = hold{}
	n := int64(1)
	if h.pin {
		n = pinBias
	}
	if h.write {
		k.set(h.folio, flagDirty)
	}
	k.oracle.drop(h.page)
	k.put(h.folio, n)
}

// Holds says whether the task holds a page of v.
func (t *Task) Holds(v int) bool { return t.held[v].folio != nil }
