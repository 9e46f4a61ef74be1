package mm

import (
	"encoding/binary"
	"fmt"

	"tagswap/mte"
)

// accessNative is access behind the gate: the same walk, and then bytes. One that
// finds no entry need not have the gate for it.
func (k *Kernel) accessNative(t *Task, a *Access) (uint64, Signal, bool) {
	if !k.mapped(t, a) {
		return 0, NoSignal, false
	}
	g := k.gate(t.MM, a.Var)
	g.Lock()
	p, f := k.translate(t, a)
	if f == nil {
		g.Unlock()
		return 0, NoSignal, false
	}
	f.bus.Lock()
	val, sig := k.touch(t, a, p, f)
	f.bus.Unlock()
	g.Unlock()
	return val, sig, true
}

// touch makes the access to the memory of f. Preconditions: the gate and the bus
// of f are held.
func (k *Kernel) touch(t *Task, a *Access, p PTE, f *Folio) (uint64, Signal) {
	page, tags := &k.nat.memory.data[f.pfn], &k.nat.memory.tags[f.pfn]
	s := k.oracle.shadow(k.oracle.page(t.MM, a.Var))
	if k.Cfg.CheckPages {
		k.checkData(s, page, 0, PageSize, "content", "an access")
		if p.tagged() {
			k.checkTags(s, tags, 0, len(tags)*16)
		}
	}
	k.setDirty(t, a, p)
	switch lo, hi := a.granules(); {
	case a.Tag && !p.tagged():
		return 0, NoSignal
	case a.Tag && a.Write:
		s.before(page, tags)
		if a.Whole {
			tags.Fill(a.NewTag)
			s.tags = *tags
		} else {
			tags.Set(a.Granule, a.NewTag)
			s.tags.Set(a.Granule, a.NewTag)
		}
		return 0, NoSignal
	case a.Tag:
		k.checkTags(s, tags, a.Granule, a.Granule+1)
		return uint64(tags.Get(a.Granule)), NoSignal
	case a.Checked && p.tagged():
		k.checkTags(s, tags, lo, hi)
		for g := lo; g < hi; g++ {
			if tags.Get(g) != a.Pointer {
				return 0, TagCheck
			}
		}
	}
	return k.carry(s, page, tags, a), NoSignal
}

// carry loads or stores what a says.
func (k *Kernel) carry(s *shadow, page *[PageSize]byte, tags *mte.Tags, a *Access) uint64 {
	var word [8]byte
	data := a.Data
	if data == nil {
		data = word[:]
		if a.Write {
			binary.LittleEndian.PutUint64(data, a.Value)
		}
	}
	lo, hi := a.Offset, a.Offset+len(data)
	if a.Write {
		s.before(page, tags)
		copy(page[lo:hi], data)
		copy(s.data[lo:hi], data)
		return 0
	}
	k.checkData(s, page, lo, hi, "content", "a load")
	copy(data, page[lo:hi])
	return binary.LittleEndian.Uint64(word[:])
}

// granules are those that a covers.
func (a *Access) granules() (lo, hi int) {
	n := len(a.Data)
	if a.Data == nil {
		n = 8
	}
	return a.Offset / granule, (a.Offset + max(n, 1) + granule - 1) / granule
}

const granule = 16 // bytes that share one tag

// mustFit panics when a is not within a page, which is its program's error.
func (a *Access) mustFit() {
	n := 8
	if a.Data != nil {
		n = len(a.Data)
	}
	if a.Offset < 0 || a.Offset+n > PageSize {
		panic(fmt.Sprintf("mm: an access to bytes %d to %d of a page of %d", a.Offset, a.Offset+n, PageSize))
	}
	if a.Granule < 0 || a.Granule >= PageSize/granule {
		panic(fmt.Sprintf("mm: an access to granule %d of a page of %d", a.Granule, PageSize/granule))
	}
}

// loadHeld reads the first eight bytes of a held page. Preconditions: the gate of
// the page's owner is held.
func (k *Kernel) loadHeld(h *hold) uint64 {
	f := h.folio
	f.bus.Lock()
	defer f.bus.Unlock()
	page := &k.nat.memory.data[f.pfn]
	k.checkData(k.oracle.shadow(h.page), page, 0, 8, h.property(), "a read through a held page")
	return binary.LittleEndian.Uint64(page[:])
}

// storeHeld writes them.
func (k *Kernel) storeHeld(h *hold, val uint64) {
	f, s := h.folio, k.oracle.shadow(h.page)
	f.bus.Lock()
	defer f.bus.Unlock()
	page := &k.nat.memory.data[f.pfn]
	s.before(page, &k.nat.memory.tags[f.pfn])
	binary.LittleEndian.PutUint64(page[:], val)
	binary.LittleEndian.PutUint64(s.data[:], val)
}

// peekTag reads the tag of a granule of f, which is v of m. Preconditions: the gate
// of v in m is held, or it is one event.
func (k *Kernel) peekTag(f *Folio, m *MM, v, g int) uint8 {
	if k.nat == nil {
		return mte.Tag(k.tagWord(f, m, v, g), g)
	}
	f.bus.Lock()
	defer f.bus.Unlock()
	tags := &k.nat.memory.tags[f.pfn]
	k.checkTags(k.oracle.shadow(k.oracle.page(m, v)), tags, g, g+1)
	return tags.Get(g)
}
