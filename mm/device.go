package mm

import "encoding/binary"

// PageSize is the size of a page, and of a slot, in bytes.
const PageSize = 4096

// Device is where a swap area of a native machine keeps its pages. Several tasks
// call it at once, under wrong designs for one slot too. page has PageSize bytes
// and is the caller's again when the call returns.
//
// An error of ReadPage leaves the page without PG_uptodate, so that who needs it
// gets SIGBUS; after one of WritePage the page stays in memory, dirty
// (mm/page_io.c:end_swap_bio_read, end_swap_bio_write (v6.1)).
type Device interface {
	// ReadPage fills page with what was written to slot last. A slot that was never
	// written reads as zeros, and so does a freed one of a synchronous device.
	ReadPage(slot int, page []byte) error
	// WritePage writes page to slot.
	WritePage(slot int, page []byte) error
	// FreeSlot says, of a synchronous device, that slot is free
	// (swap_slot_free_notify).
	FreeSlot(slot int)
}

// IOErrors is how many reads and writes of swap devices have failed, natively.
func (k *Kernel) IOErrors() (reads, writes int64) {
	return int64(k.nat.readErrors.Peek()), int64(k.nat.writeErrors.Peek())
}

// readDevice reads entry's slot into folio; false: the device failed.
func (k *Kernel) readDevice(f *Frame) bool {
	si, slot := k.area(f.entry), f.entry.Slot()
	if si.cfg.Device == nil || k.nat == nil {
		v := si.data[slot].Load()
		if v != 0 {
			v--
		}
		f.folio.data.Store(v)
		return true
	}
	buf := f.t.buffer()
	if err := si.cfg.Device.ReadPage(slot, buf); err != nil {
		k.nat.readErrors.AddBlind(1)
		return false
	}
	f.folio.data.Store(binary.LittleEndian.Uint64(buf))
	return true
}

// writeDevice writes folio to entry's slot; false: the device failed.
func (k *Kernel) writeDevice(f *Frame) bool {
	si, slot := k.area(f.entry), f.entry.Slot()
	v := f.folio.data.Load()
	if si.cfg.Stable && f.folio.data.Load() != v {
		k.violation("content", "a page changes while a device that needs stable pages writes it")
	}
	if si.cfg.Device == nil || k.nat == nil {
		si.data[slot].Store(v + 1)
		return true
	}
	buf := f.t.buffer()
	binary.LittleEndian.PutUint64(buf, v)
	if err := si.cfg.Device.WritePage(slot, buf); err != nil {
		k.nat.writeErrors.AddBlind(1)
		return false
	}
	return true
}

// freeSlot tells a synchronous device that entry's slot is free.
func (k *Kernel) freeSlot(si *SwapInfo, slot int) {
	if si.cfg.Device != nil && k.nat != nil {
		si.cfg.Device.FreeSlot(slot)
		return
	}
	si.data[slot].Store(0)
}

// buffer is a page of t's own, for devices.
func (t *Task) buffer() []byte {
	if t.page == nil {
		t.page = make([]byte, PageSize)
	}
	return t.page
}
