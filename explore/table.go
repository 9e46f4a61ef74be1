package explore

// table is the set of states that a merging search has been to, by 128-bit hash,
// each with the tasks that were asleep there: what is left to explore from it.
// Open addressing, no deletion.
type table struct {
	slots []slot
	n     int
	full  bool  // the limit was reached: nothing is stored any more
	limit int64 // bytes
}

type slot struct {
	key   hash128
	sleep uint32
	used  uint32
}

const slotBytes = 24

// smallTable is how many slots a table starts with.
const smallTable = 1 << 8

func (t *table) reset() {
	clear(t.slots)
	t.n, t.full = 0, false
}

func (t *table) bytes() int64 { return int64(len(t.slots)) * slotBytes }

// lookup returns the entry of key, a new one with used == 0 that the caller
// fills, or nil if the state is new and there is no room for it.
func (t *table) lookup(key hash128) *slot {
	if t.n*4 >= len(t.slots)*3 {
		t.grow()
	}
	mask := uint64(len(t.slots) - 1)
	for i := key.a & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.used == 0 {
			if t.full {
				return nil
			}
			t.n++
			s.key = key
			return s
		}
		if s.key == key {
			return s
		}
	}
}

func (t *table) grow() {
	size := 2 * len(t.slots)
	if size == 0 {
		size = smallTable
	}
	// While it grows, both tables are there.
	if t.limit > 0 && len(t.slots) > 0 && int64(size)*slotBytes*3/2 > t.limit {
		t.full = true
		return
	}
	old := t.slots
	t.slots = make([]slot, size)
	mask := uint64(size - 1)
	for _, s := range old {
		if s.used == 0 {
			continue
		}
		i := s.key.a & mask
		for t.slots[i].used != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = s
	}
}
