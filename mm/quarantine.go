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
	queue []freed // protected by mu; a ring, oldest at head
	head  int     // protected by mu
	n     int     // protected by mu
	safe  uint64  // protected by mu; what clock.oldest said last: who is at work began then or later
	_     [64]byte
}

type freed struct {
	num  int
	when uint64
}

func (q *quarantine) reset(clock *epochs, first, n int) {
	q.clock = clock
	for i := range q.shards {
		q.shards[i].queue = make([]freed, (first+n)/quarantineShards+1)
		q.shards[i].head, q.shards[i].n, q.shards[i].safe = 0, 0, 0
	}
	for num := first; num < first+n; num++ {
		q.shards[num%quarantineShards].push(freed{num: num})
	}
}

func (s *shard) push(f freed) {
	tail := s.head + s.n
	if tail >= len(s.queue) {
		tail -= len(s.queue)
	}
	s.queue[tail] = f
	s.n++
}

// Put takes num back.
func (q *quarantine) Put(num int) {
	s := &q.shards[num%quarantineShards]
	s.mu.Lock()
	s.push(freed{num, q.clock.now.Load()})
	s.mu.Unlock()
}

// Get hands a number out, from the shard of hint if it has one; -1: all are used.
func (q *quarantine) Get(hint int) int {
	if num := q.take(&q.shards[hint%quarantineShards], false); num >= 0 {
		return num
	}
	q.clock.now.AddBlind(1) // who begins from now on knows nothing of what was freed
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

// pop takes the oldest number, -1 if there is none or, unless early, if somebody at
// work may know it. Preconditions: mu is held.
func (s *shard) pop(clock *epochs, early bool) int {
	if s.n == 0 {
		return -1
	}
	f := s.queue[s.head]
	if f.when >= s.safe && !early {
		if s.safe = clock.oldest(); f.when >= s.safe {
			return -1
		}
	}
	if s.head++; s.head == len(s.queue) {
		s.head = 0
	}
	s.n--
	return f.num
}
