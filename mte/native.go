package mte

// Recycler hands out record numbers and takes them back, to tasks that are
// goroutines. It decides when a number may be used again.
type Recycler interface {
	Get(hint int) int // -1: none is left
	Put(num int)
}

// Recycle makes s, which was reset without an explorer, use n records again and
// again.
func (s *Store) Recycle(numbers Recycler, n int) {
	s.numbers = numbers
	s.shared = make([]Record, n)
	for i := range s.shared {
		s.shared[i].num = i
	}
}

func (s *Store) allocShared(owner int) *Record {
	num := s.numbers.Get(owner)
	if num < 0 {
		return nil
	}
	r := &s.shared[num]
	r.tags.Set(0)
	r.life.Store(1)
	s.kept.AddBlind(1)
	return r
}

func (s *Store) freeShared(r *Record) {
	if r.life.Swap(0) == 0 {
		return
	}
	s.kept.AddBlind(-1)
	s.numbers.Put(r.num)
}
