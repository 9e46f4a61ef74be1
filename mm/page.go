package mm

import (
	"bytes"

	"tagswap/explore"
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

// move copies a page from one place to another, each with its lock, in pieces with
// others in between if Jitter is set. b may be nil: a place that is t's own.
func (k *Kernel) move(t *Task, to, from *[PageSize]byte, a, b *explore.Mutex) {
	if k.Jitter == nil {
		lockTwo(a, b)
		*to = *from
		unlockTwo(a, b)
		return
	}
	for i := range copyPieces {
		lo, hi := i*PageSize/copyPieces, (i+1)*PageSize/copyPieces
		lockTwo(a, b)
		copy(to[lo:hi], from[lo:hi])
		unlockTwo(a, b)
		k.Jitter(t)
	}
}

func lockTwo(a, b *explore.Mutex) {
	a.Lock()
	if b != nil {
		b.Lock()
	}
}

func unlockTwo(a, b *explore.Mutex) {
	if b != nil {
		b.Unlock()
	}
	a.Unlock()
}

// buses are the locks of two pages in their order, the second nil if they are one.
func buses(a, b *Folio) (first, second *explore.Mutex) {
	switch {
	case a == b:
		return &a.bus, nil
	case a.pfn > b.pfn:
		return &b.bus, &a.bus
	}
	return &a.bus, &b.bus
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
	a, b := buses(to, from)
	k.move(t, &k.nat.memory.data[to.pfn], &k.nat.memory.data[from.pfn], a, b)
}

// samePage is memcmp of two pages.
func (k *Kernel) samePage(a, b *Folio) bool {
	if k.nat == nil {
		return a.data.Load() == b.data.Load()
	}
	first, second := buses(a, b)
	lockTwo(first, second)
	defer unlockTwo(first, second)
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
	a, b := buses(to, from)
	lockTwo(a, b)
	k.nat.memory.tags[to.pfn] = k.nat.memory.tags[from.pfn]
	unlockTwo(a, b)
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
		v := si.slots[slot].data.Load()
		if v != 0 {
			v--
		}
		f.folio.data.Store(v)
		return true
	}
	fo, page := f.folio, &k.nat.memory.data[f.folio.pfn]
	if si.cfg.Device == nil {
		from := &zeroes
		if si.slots[slot].data.Load() != 0 {
			from = &si.memory[slot]
		}
		k.move(f.t, page, from, &fo.bus, &si.slots[slot].lock)
		return true
	}
	buf := f.t.buffer()
	if err := si.cfg.Device.ReadPage(slot, buf[:]); err != nil {
		k.nat.readErrors.AddBlind(1)
		return false
	}
	k.move(f.t, page, buf, &fo.bus, nil)
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
		si.slots[slot].data.Store(v + 1)
		return true
	}
	fo, page := f.folio, &k.nat.memory.data[f.folio.pfn]
	if si.cfg.Device == nil {
		k.move(f.t, &si.memory[slot], page, &fo.bus, &si.slots[slot].lock)
	} else {
		buf := f.t.buffer()
		k.move(f.t, buf, page, &fo.bus, nil)
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
	si.slots[slot].data.Store(1)
	return true
}

func (k *Kernel) unstable() {
	k.violation("content", "a page changes while a device that needs stable pages writes it")
}

// freeSlot makes a synchronous device forget slot.
func (k *Kernel) freeSlot(si *SwapInfo, slot int) {
	si.slots[slot].data.Store(0)
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
