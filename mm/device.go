package mm

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
