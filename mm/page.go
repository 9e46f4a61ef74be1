package mm

import (
	"bytes"

	"tagswap/mte"
)

// The contents and the tag memory of a page. Under the explorer each is a word of
// its Folio. Natively they are 4096 bytes and 128 bytes of tags, and Folio.bus
// stands for the memory bus: who reads or writes them has it. So what the kernel
// leaves to race, as a store with the write to a device, comes in some order here.
// A page is torn only if Jitter is set, which lets others in between the pieces of
// a copy.
//
// Lock order: gate, buses by pfn, the lock of a slot that is memory.

// copyPieces is how many pieces a page is copied in when Jitter is set.
const copyPieces = 8

// memory is all pages of a native machine, by pfn.
type memory struct {
	data [][PageSize]byte
	tags []mte.Tags
}

func (m *memory) reset(pages int) {
	m.data, m.tags = make([][PageSize]byte, pages), make([]mte.Tags, pages)
}

// slotMemory is a native device that is memory.
type slotMemory struct {
	data [][PageSize]byte
	lock []paddedMutex // of each slot
}

func (s *slotMemory) reset(slots int) {
	s.data, s.lock = make([][PageSize]byte, slots), make([]paddedMutex, slots)
}

// fresh gives a page that is used for the first time what memory holds that
// somebody else had.
func (m *memory) fresh(pfn int) {
	for i := range m.data[pfn] {
		m.data[pfn][i] = stalePattern[i&1]
	}
	m.tags[pfn].Fill(mte.Stale & 15)
}

// stalePattern is garbage, in bytes.
var stalePattern = [2]byte{garbage & 0xff, garbage >> 8}

// inPieces calls copy for all of a page with both locks held, which it leaves
// now and then if Jitter is set.
func (k *Kernel) inPieces(t *Task, lock, unlock func(), copy func(from, to int)) {
	if k.Jitter == nil {
		lock()
		copy(0, PageSize)
		unlock()
		return
	}
	for i := range copyPieces {
		lock()
		copy(i*PageSize/copyPieces, (i+1)*PageSize/copyPieces)
		unlock()
		k.jitter(t)
	}
}

// lockBuses takes the buses of two pages, which may be one.
func lockBuses(a, b *Folio) {
	if a.pfn > b.pfn {
		a, b = b, a
	}
	a.bus.Lock()
	if a != b {
		b.bus.Lock()
	}
}

func unlockBuses(a, b *Folio) {
	a.bus.Unlock()
	if a != b {
		b.bus.Unlock()
	}
}

// zeroPage is clear_highpage.
func (k *Kernel) zeroPage(f *Folio) {
	if k.nat == nil {
		f.data.Store(0)
		return
	}
	f.bus.Lock()
	clear(k.nat.memory.data[f.pfn][:])
	f.bus.Unlock()
}

// copyPage is copy_page: the contents of from go to to.
func (k *Kernel) copyPage(t *Task, to, from *Folio) {
	if k.nat == nil {
		to.data.Store(from.data.Load())
		return
	}
	dst, src := &k.nat.memory.data[to.pfn], &k.nat.memory.data[from.pfn]
	k.inPieces(t, func() { lockBuses(to, from) }, func() { unlockBuses(to, from) },
		func(lo, hi int) { copy(dst[lo:hi], src[lo:hi]) })
}

// samePage is memcmp of two pages.
func (k *Kernel) samePage(a, b *Folio) bool {
	if k.nat == nil {
		return a.data.Load() == b.data.Load()
	}
	lockBuses(a, b)
	defer unlockBuses(a, b)
	return k.nat.memory.data[a.pfn] == k.nat.memory.data[b.pfn]
}

// zeroTags is mte_clear_page_tags.
func (k *Kernel) zeroTags(f *Folio) {
	if k.nat == nil {
		f.tags.Store(0)
		return
	}
	f.bus.Lock()
	k.nat.memory.tags[f.pfn].Fill(0)
	f.bus.Unlock()
}

// copyTags is mte_copy_page_tags.
func (k *Kernel) copyTags(to, from *Folio) {
	if k.nat == nil {
		to.tags.Store(from.tags.Load())
		return
	}
	lockBuses(to, from)
	k.nat.memory.tags[to.pfn] = k.nat.memory.tags[from.pfn]
	unlockBuses(to, from)
}

// saveTags is mte_save_page_tags.
func (k *Kernel) saveTags(ref mte.Ref, f *Folio) {
	if k.nat == nil {
		k.Tags.Write(ref, f.tags.Load())
		return
	}
	f.bus.Lock()
	k.Tags.Save(ref, &k.nat.memory.tags[f.pfn])
	f.bus.Unlock()
}

// restoreTags is mte_restore_page_tags.
func (k *Kernel) restoreTags(f *Folio, ref mte.Ref) {
	if k.nat == nil {
		f.tags.Store(k.Tags.Read(ref))
		return
	}
	f.bus.Lock()
	k.Tags.Restore(ref, &k.nat.memory.tags[f.pfn])
	f.bus.Unlock()
}

// readDevice reads entry's slot into folio; false: the device failed.
func (k *Kernel) readDevice(f *Frame) bool {
	si, slot := k.area(f.entry), f.entry.Slot()
	if k.nat == nil {
		v := si.data[slot].Load()
		if v != 0 {
			v--
		}
		f.folio.data.Store(v)
		return true
	}
	fo, page := f.folio, &k.nat.memory.data[f.folio.pfn]
	if si.cfg.Device == nil {
		l, from := &si.memory.lock[slot], &si.memory.data[slot]
		written := si.data[slot].Load() != 0
		k.inPieces(f.t, func() { fo.bus.Lock(); l.Lock() }, func() { l.Unlock(); fo.bus.Unlock() }, func(lo, hi int) {
			if written {
				copy(page[lo:hi], from[lo:hi])
			} else {
				clear(page[lo:hi])
			}
		})
		return true
	}
	buf := f.t.buffer()
	if err := si.cfg.Device.ReadPage(slot, buf[:]); err != nil {
		k.nat.readErrors.AddBlind(1)
		return false
	}
	k.inPieces(f.t, fo.bus.Lock, fo.bus.Unlock, func(lo, hi int) { copy(page[lo:hi], buf[lo:hi]) })
	return true
}

// writeDevice writes folio to entry's slot; false: the device failed.
func (k *Kernel) writeDevice(f *Frame) bool {
	si, slot := k.area(f.entry), f.entry.Slot()
	if k.nat == nil {
		v := f.folio.data.Load()
		if si.cfg.Stable && f.folio.data.Load() != v {
			k.unstable()
		}
		si.data[slot].Store(v + 1)
		return true
	}
	fo, page := f.folio, &k.nat.memory.data[f.folio.pfn]
	if si.cfg.Device == nil {
		l, to := &si.memory.lock[slot], &si.memory.data[slot]
		k.inPieces(f.t, func() { fo.bus.Lock(); l.Lock() }, func() { l.Unlock(); fo.bus.Unlock() },
			func(lo, hi int) { copy(to[lo:hi], page[lo:hi]) })
	} else {
		buf := f.t.buffer()
		k.inPieces(f.t, fo.bus.Lock, fo.bus.Unlock, func(lo, hi int) { copy(buf[lo:hi], page[lo:hi]) })
		if err := si.cfg.Device.WritePage(slot, buf[:]); err != nil {
			k.nat.writeErrors.AddBlind(1)
			return false
		}
		if si.cfg.Stable {
			fo.bus.Lock()
			same := bytes.Equal(buf[:], page[:])
			fo.bus.Unlock()
			if !same {
				k.unstable()
			}
		}
	}
	si.data[slot].Store(1)
	return true
}

func (k *Kernel) unstable() {
	k.violation("content", "a page changes while a device that needs stable pages writes it")
}

// freeSlot makes a synchronous device forget slot.
func (k *Kernel) freeSlot(si *SwapInfo, slot int) {
	si.data[slot].Store(0)
	if k.nat != nil && si.cfg.Device != nil {
		si.cfg.Device.FreeSlot(slot)
	}
}

// buffer is a page of t's own, for devices.
func (t *Task) buffer() *[PageSize]byte {
	if t.page == nil {
		t.page = new([PageSize]byte)
	}
	return t.page
}
