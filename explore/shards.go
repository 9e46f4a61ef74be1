package explore

import "sync"

// shards is the table of states of a search by several workers.
type shards struct {
	list  [64]shard
	limit int64
	keep  bool // what is new is logged, for a checkpoint
}

type shard struct {
	mu  sync.Mutex
	t   table  // protected by mu
	log []slot // protected by mu
	_   [40]byte
}

// newShards takes over the states of t.
func newShards(t *table, limit int64, keep bool) *shards {
	s := &shards{limit: limit, keep: keep}
	s.reset()
	for i := range t.slots {
		if e := &t.slots[i]; e.used != 0 {
			s.add(*e, false)
		}
	}
	return s
}

func (s *shards) reset() {
	for i := range s.list {
		sh := &s.list[i]
		sh.t.reset()
		sh.t.limit = max(s.limit/int64(len(s.list)), 1)
		sh.log = sh.log[:0]
	}
}

// of returns the part that a key belongs to.
func (s *shards) of(key hash128) *shard { return &s.list[key.b>>58] }

// note is called when e has changed, with the part locked.
func (s *shards) note(sh *shard, e *slot) {
	if s.keep {
		sh.log = append(sh.log, *e)
	}
}

// add stores a state that was kept elsewhere; a later one of the same key counts. both
// says that who slept has to sleep in the two of them.
func (s *shards) add(e slot, both bool) {
	sh := s.of(e.key)
	if to := sh.t.lookup(e.key); to != nil {
		if both && to.used != 0 {
			e.sleep &= to.sleep
		}
		*to = e
		s.note(sh, to)
	}
}

func (s *shards) states() (n, bytes int64) {
	for i := range s.list {
		sh := &s.list[i]
		sh.mu.Lock()
		n += int64(sh.t.n)
		bytes += sh.t.bytes()
		sh.mu.Unlock()
	}
	return n, bytes
}
