package mm

import "tagswap/explore"

// quarantine hands out numbers and takes them back. A number comes back to use
// when every operation that was under way when it was freed has ended, so that
// whoever still uses what it stands for finds it dead. Only when nothing else is
// left, the one that was freed first is used earlier.
type quarantine struct {
	clock  *epochs
	shards [quarantineShards]shard
}

const quarantineShards = 16

// shard keeps the numbers that are its own index modulo quarantineShards.
type shard struct {
	mu    explore.Mutex
	ready []int   // protected by mu; nobody knows them; the last is used first, since it is in the cache
	limbo []freed // protected by mu; a ring, oldest at head
	head  int     // protected by mu
	n     int     // protected by mu; in limbo
	puts  int     // protected by mu; since the shard has looked at the clock
	_     [64]byte
}

type freed struct {
	num  int
	when uint64
}

// lookEvery is after how many freed numbers a shard makes the clock go on, and looks
// which of them are ready. Both are seen by all tasks, so not at every number.
const lookEvery = 32

func (q *quarantine) reset(clock *epochs, first, n int) {
	q.clock = clock
	for i := range q.shards {
		each := (first+n)/quarantineShards + 1
		q.shards[i] = shard{ready: make([]int, 0, each), limbo: make([]freed, each)}
	}
	for num := first + n - 1; num >= first; num-- {
		s := &q.shards[num%quarantineShards]
		s.ready = append(s.ready, num)
	}
}

// Put takes num back.
func (q *quarantine) Put(num int) {
	s := &q.shards[num%quarantineShards]
	s.mu.Lock()
	tail := s.head + s.n
	if tail >= len(s.limbo) {
		tail -= len(s.limbo)
	}
	s.limbo[tail] = freed{num, q.clock.now.Load()}
	s.n++
	if s.puts++; s.puts == lookEvery || len(s.ready) == 0 {
		q.clock.now.AddBlind(1) // who begins from now on knows nothing of what was freed
	}
	s.mu.Unlock()
}

// Get hands a number out, from the shard of hint if it has one; -1: all are used.
func (q *quarantine) Get(hint int) int {
	if num := q.take(&q.shards[hint%quarantineShards], false); num >= 0 {
		return num
	}
	q.clock.now.AddBlind(1)
	for _, early := range [...]bool{false, true} {
		for i := range q.shards {
			if num := q.take(&q.shards[(hint+i)%quarantineShards], early); num >= 0 {
				return num
			}
		}
	}
	return -1
}

func (q *quarantine) take(s *shard, early bool) int {
	s.mu.Lock()
	num := s.pop(q.clock, early)
	s.mu.Unlock()
	return num
}

// pop takes a number, -1 if there is none or, unless early, if somebody at work may
// know it. Preconditions: mu is held.
func (s *shard) pop(clock *epochs, early bool) int {
	if s.puts >= lookEvery || s.n > 0 && len(s.ready) == 0 {
		s.puts = 0
		for safe := clock.oldest(); s.n > 0 && s.limbo[s.head].when < safe; {
			s.ready = append(s.ready, s.leave())
		}
	}
	if last := len(s.ready) - 1; last >= 0 {
		num := s.ready[last]
		s.ready = s.ready[:last]
		return num
	}
	if early && s.n > 0 {
		return s.leave()
	}
	return -1
}

// leave takes the oldest number out of limbo. Preconditions: mu is held, and there
// is one.
func (s *shard) leave() int {
	num := s.limbo[s.head].num
	if s.head++; s.head == len(s.limbo) {
		s.head = 0
	}
	s.n--
	return num
}
