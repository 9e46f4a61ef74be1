package mte

import "tagswap/explore"

// Granules is how many 16-byte granules of a page the model keeps.
const Granules = 16

// Stale is what the tag memory of a page holds before anybody wrote it: the tags
// of whoever had the page before.
const Stale = 0xffff_ffff_ffff_ffff

// Splat returns the word in which every granule has the tag.
func Splat(tag uint8) uint64 { return uint64(tag&15) * 0x1111_1111_1111_1111 }

// Tag returns the tag of granule g of word.
func Tag(word uint64, g int) uint8 { return uint8(word >> (4 * g) & 15) }

// With returns word with the tag of granule g replaced.
func With(word uint64, g int, tag uint8) uint64 {
	return word&^(15<<(4*g)) | uint64(tag&15)<<(4*g)
}

// Record is saved tags: 128 bytes of kmalloc in the kernel, one word here. It
// lives until it is freed and must not be used after that.
type Record struct {
	life explore.Atomic // 1 while allocated
	tags explore.Var
	num  int
}

// Num identifies the record: owner<<8 | how many the owner had before.
func (r *Record) Num() int { return r.num }

// Store keeps the tags of pages that are out, by swap entry (arm64's mte_pages
// xarray). Lookups take no lock; insertion and erasure take Lock.
type Store struct {
	x       *explore.X
	Lock    explore.Mutex    // xa_lock; protects writes of entries
	entries []explore.Atomic // record number + 1, 0: none
	pool    [][]Record       // by owner; never reused within one execution
	used    []int
	kept    explore.Atomic // records that are allocated; for the leak check

	// Natively:
	shared  []Record
	numbers Recycler
	OnFatal func(property, detail string)
}

// Reset makes s empty, for a machine with slots swap entries, of which used says
// whether there is such a slot, and owners tasks.
func (s *Store) Reset(x *explore.X, slots, owners int, used func(slot int) bool) {
	s.x = x
	s.Lock.Init(x, "mte_pages lock", -1)
	if len(s.entries) != slots {
		s.entries = make([]explore.Atomic, slots)
	}
	for i := range s.entries {
		if used(i) {
			s.entries[i].Init(x, "mte_pages", i, 0)
		}
	}
	if len(s.pool) != owners {
		s.pool = make([][]Record, owners)
		s.used = make([]int, owners)
	}
	clear(s.used)
	s.kept.Init(x, "tag records", -1, 0)
}

// recordsEach is how many records one task may allocate in one execution.
const recordsEach = 32

// Alloc is mte_allocate_tag_storage: a record for owner, nil when the owner has
// had its share (an execution that long is cut by the caller).
func (s *Store) Alloc(owner int) *Record {
	if s.numbers != nil {
		return s.allocShared(owner)
	}
	if s.pool[owner] == nil {
		s.pool[owner] = make([]Record, recordsEach)
	}
	n := s.used[owner]
	if n == recordsEach {
		return nil
	}
	s.used[owner]++
	r := &s.pool[owner][n]
	r.num = owner<<8 | n
	r.life.Init(s.x, "tag record", r.num, 1)
	r.tags.Init(s.x, "saved tags", r.num, 0)
	s.kept.AddBlind(1)
	return r
}

// record finds a record by number.
func (s *Store) record(num int) *Record {
	if s.numbers != nil {
		return &s.shared[num]
	}
	return &s.pool[num>>8][num&255]
}

// Free is mte_free_tag_storage. r may be nil.
func (s *Store) Free(r *Record) {
	if r == nil {
		return
	}
	if r.life.Load() == 0 {
		s.dead(r, "frees")
	}
	if s.numbers != nil {
		s.freeShared(r)
		return
	}
	r.life.Store(0)
	r.tags.Drop()
	s.kept.AddBlind(-1)
}

// Load is xa_load: the record of a slot or nil. The pointer is as good as
// whatever keeps the slot from being freed.
func (s *Store) Load(slot int) *Record {
	n := s.entries[slot].Load()
	if n == 0 {
		return nil
	}
	return s.record(int(n) - 1)
}

// Exchange stores r (nil: erases) and returns what was there. Lock is held.
func (s *Store) Exchange(slot int, r *Record) *Record {
	v := uint64(0)
	if r != nil {
		v = uint64(r.num) + 1
	}
	old := s.entries[slot].Swap(v)
	if old == 0 {
		return nil
	}
	return s.record(int(old) - 1)
}

// Read returns the saved tags of r.
func (s *Store) Read(r *Record) uint64 {
	if r.life.Load() == 0 {
		s.dead(r, "reads")
	}
	return r.tags.Get()
}

// Write saves tags into r.
func (s *Store) Write(r *Record, tags uint64) {
	if r.life.Load() == 0 {
		s.dead(r, "writes")
	}
	r.tags.Set(tags)
}

func (s *Store) dead(r *Record, verb string) {
	if s.x == nil {
		s.OnFatal("use-after-free", verb+" saved tags that were freed")
		return
	}
	s.x.Fatal("use-after-free", verb+" saved tags that were freed")
}

// Kept returns how many records are allocated. It is no event.
func (s *Store) Kept() int { return int(s.kept.Peek()) }

// Holds says whether a slot has a record. It is no event.
func (s *Store) Holds(slot int) bool { return s.entries[slot].Peek() != 0 }

// At returns record num, which Alloc or Load has given out before.
func (s *Store) At(num int) *Record { return s.record(num) }

// Name is the colour by which herd7 and the litmus tests call a tag; tags above 7
// are numbers.
func Name(tag uint8) string {
	if int(tag) < len(names) {
		return names[tag]
	}
	return string([]byte{'0' + tag/10, '0' + tag%10})
}

var names = [...]string{"green", "red", "blue", "black", "white", "cyan", "yellow", "magenta"}
