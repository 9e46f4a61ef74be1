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

// Ref names a record of saved tags, as the kernel's pointer to 128 bytes of kmalloc
// does; 0 is NULL. A record lives until it is freed and must not be used after that.
type Ref int

// record is saved tags under the explorer, one word.
type record struct {
	life explore.Atomic // 1 while allocated
	tags explore.Var
}

// Store keeps the tags of pages that are out, by swap entry (arm64's mte_pages
// xarray). Lookups take no lock; insertion and erasure take Lock.
type Store struct {
	_       [64]byte
	Lock    explore.Mutex // xa_lock; protects writes of entries
	_       [64]byte      // natively all tasks take Lock, and read what follows
	x       *explore.X
	entries []explore.Atomic // Ref
	pool    [][]record       // by owner; never reused within one execution
	used    []int
	marked  []int          // used, as Mark found it
	kept    explore.Atomic // records that are allocated; for the leak check

	nat     *native // nil under the explorer
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
		s.pool = make([][]record, owners)
		s.used = make([]int, owners)
	}
	clear(s.used)
	s.kept.Init(x, "tag records", -1, 0)
}

// Mark notes how many records there are, for Rewind.
func (s *Store) Mark() { s.marked = append(s.marked[:0], s.used...) }

// Rewind puts back what Mark noted. The explorer does it for its objects.
func (s *Store) Rewind() { copy(s.used, s.marked) }

// recordsEach is how many records one task may allocate in one execution.
const recordsEach = 32

// Alloc is mte_allocate_tag_storage: a record for owner, 0 when the owner has had
// its share (an execution that long is cut by the caller).
func (s *Store) Alloc(owner int) Ref {
	if s.nat != nil {
		return s.allocNative(owner)
	}
	if s.pool[owner] == nil {
		s.pool[owner] = make([]record, recordsEach)
	}
	n := s.used[owner]
	if n == recordsEach {
		return 0
	}
	s.used[owner]++
	r, num := &s.pool[owner][n], owner<<8|n
	r.life.Init(s.x, "tag record", num, 1)
	r.tags.Init(s.x, "saved tags", num, 0)
	s.kept.AddBlind(1)
	return Ref(num + 1)
}

func (s *Store) record(ref Ref) *record {
	num := int(ref) - 1
	return &s.pool[num>>8][num&255]
}

// Free is mte_free_tag_storage. ref may be 0.
func (s *Store) Free(ref Ref) {
	if ref == 0 {
		return
	}
	if s.nat != nil {
		s.freeNative(ref)
		return
	}
	r := s.alive(ref, "frees")
	r.life.Store(0)
	r.tags.Drop()
	s.kept.AddBlind(-1)
}

// Load is xa_load: the record of a slot or 0. It is as good as whatever keeps the
// slot from being freed.
func (s *Store) Load(slot int) Ref { return Ref(s.entries[slot].Load()) }

// Exchange stores ref (0: erases) and returns what was there. Lock is held.
func (s *Store) Exchange(slot int, ref Ref) Ref { return Ref(s.entries[slot].Swap(uint64(ref))) }

// Read returns the saved tags of a record, under the explorer.
func (s *Store) Read(ref Ref) uint64 { return s.alive(ref, "reads").tags.Get() }

// Write saves tags into a record, under the explorer.
func (s *Store) Write(ref Ref, tags uint64) { s.alive(ref, "writes").tags.Set(tags) }

// alive is the record for a use of it; one that was freed is a finding.
func (s *Store) alive(ref Ref, verb string) *record {
	r := s.record(ref)
	if r.life.Load() == 0 {
		s.dead(verb)
	}
	return r
}

func (s *Store) dead(verb string) {
	if s.x == nil {
		s.OnFatal("use-after-free", verb+" saved tags that were freed")
		return
	}
	s.x.Fatal("use-after-free", verb+" saved tags that were freed")
}

// Kept returns how many records are allocated. It is no event.
func (s *Store) Kept() int {
	if s.nat != nil {
		return s.nat.kept()
	}
	return int(s.kept.Peek())
}

// Holds says whether a slot has a record. It is no event.
func (s *Store) Holds(slot int) bool { return s.entries[slot].Peek() != 0 }

// Name is the colour by which herd7 and the litmus tests call a tag; tags above 7
// are numbers.
func Name(tag uint8) string {
	if int(tag) < len(names) {
		return names[tag]
	}
	return string([]byte{'0' + tag/10, '0' + tag%10})
}

var names = [...]string{"green", "red", "blue", "black", "white", "cyan", "yellow", "magenta"}
