package swapdev

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/s2"
)

// Zram keeps pages compressed in memory, as drivers/block/zram does (v6.1): a page
// of one repeated word is that word alone, one that does not shrink is kept as it
// is. It is a synchronous device: a slot that is freed is forgotten and reads as
// zeros.
type Zram struct {
	slots  []zslot
	pool   pool
	limit  int64        // bytes, 0: none
	used   atomic.Int64 // bytes of objects
	same   atomic.Int64 // slots that are one word
	stored atomic.Int64 // slots that hold something
}

type zslot struct {
	mu   sync.Mutex
	kind zkind  // protected by mu
	word uint64 // protected by mu; of zSame
	size int    // protected by mu; of obj that is used
	obj  []byte // protected by mu; from the pool
}

// zkind is what a slot holds: nothing, one word, a compressed page, a page.
type zkind uint8

const (
	zNone zkind = iota
	zSame
	zPacked
	zHuge
)

// NewZram makes a device of slots pages that keeps at most limit bytes of objects;
// 0 is no limit.
func NewZram(slots int, limit int64) *Zram {
	return &Zram{slots: make([]zslot, slots), limit: limit}
}

// WritePage keeps page, PageSize bytes, as slot's contents. ErrFull when that
// would need more than the limit: the slot then holds nothing.
func (z *Zram) WritePage(slot int, page []byte) error {
	s := &z.slots[slot]
	s.mu.Lock()
	defer s.mu.Unlock()
	z.forget(s)
	if w, ok := sameFilled(page); ok {
		s.kind, s.word = zSame, w
		z.same.Add(1)
		z.stored.Add(1)
		return nil
	}
	buf := z.pool.work()
	defer z.pool.worked(buf)
	data, kind := s2.Encode(buf, page), zPacked
	if len(data) >= hugeSize {
		data, kind = page, zHuge
	}
	size := int64(classSize(len(data)))
	if used := z.used.Add(size); z.limit != 0 && used > z.limit {
		z.used.Add(-size)
		return fmt.Errorf("slot %d: %w", slot, ErrFull)
	}
	s.obj = z.pool.get(len(data))
	s.size, s.kind = copy(s.obj, data), kind
	z.stored.Add(1)
	return nil
}

// ReadPage fills page with what slot holds; zeros when it holds nothing.
func (z *Zram) ReadPage(slot int, page []byte) error {
	s := &z.slots[slot]
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.kind {
	case zNone:
		clear(page)
	case zSame:
		for i := 0; i < PageSize; i += 8 {
			binary.LittleEndian.PutUint64(page[i:], s.word)
		}
	case zPacked:
		out, err := s2.Decode(page, s.obj[:s.size])
		if err != nil || len(out) != PageSize {
			return fmt.Errorf("slot %d does not unpack: %v", slot, err)
		}
	case zHuge:
		copy(page, s.obj[:s.size])
	}
	return nil
}

// FreeSlot forgets slot (zram_slot_free_notify).
func (z *Zram) FreeSlot(slot int) {
	s := &z.slots[slot]
	s.mu.Lock()
	z.forget(s)
	s.mu.Unlock()
}

// forget empties s. Preconditions: s.mu is held.
func (z *Zram) forget(s *zslot) {
	switch s.kind {
	case zNone:
		return
	case zSame:
		z.same.Add(-1)
	default:
		z.used.Add(-int64(classSize(s.size)))
		z.pool.put(s.obj)
		s.obj = nil
	}
	s.kind = zNone
	z.stored.Add(-1)
}

// ZramUse is what a Zram holds: pages, those of them that are one word, and the
// bytes that the others take.
type ZramUse struct{ Pages, Same, Bytes int64 }

// Use says what z holds now.
func (z *Zram) Use() ZramUse {
	return ZramUse{z.stored.Load(), z.same.Load(), z.used.Load()}
}

// sameFilled says whether page is one word again and again.
func sameFilled(page []byte) (uint64, bool) {
	w := binary.LittleEndian.Uint64(page)
	for i := 8; i < PageSize; i += 8 {
		if binary.LittleEndian.Uint64(page[i:]) != w {
			return 0, false
		}
	}
	return w, true
}
