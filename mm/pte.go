package mm

import "fmt"

// PTE is a page-table entry: none (0), present, or a swap entry.
//
//	bit 0 present   bit 1 writable   bit 2 tagged (Normal-Tagged memory)
//	bit 3 dirty     bit 4 swap       bit 5 exclusive (swap only)
//	bit 8 up: pfn, or swap entry
type PTE uint64

const (
	ptePresent PTE = 1 << iota
	pteWrite
	pteTagged
	pteDirty
	pteSwap
	pteExclusive
)

// Entry is a swap entry; 0 is none. Of the first MaxSlots slots of each device it is
// 1 + area*MaxSlots + slot; those of the next MaxSlots, natively, follow.
type Entry int

func mkEntry(area, slot int) Entry {
	return Entry(1 + (slot/MaxSlots*MaxAreas+area)*MaxSlots + slot%MaxSlots)
}

// Index is the entry's place in tables over all areas.
func (e Entry) Index() int { return int(e) - 1 }

// Area is the number of the swap device, Slot the offset in it.
func (e Entry) Area() int { return int(uint(e-1) / MaxSlots % MaxAreas) }

// Slot is the offset in the area, in pages.
func (e Entry) Slot() int {
	i := uint(e - 1)
	return int(i/(MaxSlots*MaxAreas)*MaxSlots + i%MaxSlots)
}

func mkPTE(pfn int, flags PTE) PTE     { return PTE(pfn)<<8 | ptePresent | flags }
func mkSwapPTE(e Entry, flags PTE) PTE { return PTE(e)<<8 | pteSwap | flags }

func (p PTE) none() bool      { return p == 0 }
func (p PTE) present() bool   { return p&ptePresent != 0 }
func (p PTE) swap() bool      { return p&pteSwap != 0 }
func (p PTE) write() bool     { return p&pteWrite != 0 }
func (p PTE) tagged() bool    { return p&pteTagged != 0 }
func (p PTE) dirty() bool     { return p&pteDirty != 0 }
func (p PTE) exclusive() bool { return p&pteExclusive != 0 }
func (p PTE) pfn() int        { return int(p >> 8) }
func (p PTE) entry() Entry    { return Entry(p >> 8) }

// String shows the entry for traces.
func (p PTE) String() string {
	switch {
	case p.none():
		return "none"
	case p.present():
		s := fmt.Sprintf("page %d", p.pfn())
		if p.write() {
			s += " rw"
		} else {
			s += " ro"
		}
		if p.tagged() {
			s += " tagged"
		}
		return s
	}
	s := fmt.Sprintf("swap %d:%d", p.entry().Area(), p.entry().Slot())
	if p.exclusive() {
		s += " exclusive"
	}
	return s
}
