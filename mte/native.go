package mte

import (
	"sync/atomic"

	"tagswap/explore"
)

// Recycler hands out record numbers and takes them back, to tasks that are
// goroutines. It decides when a number may be used again.
type Recycler interface {
	Get(hint int) int // -1: none is left
	Put(num int)
}

// native is a Store for tasks that are goroutines. A record is a word, which has
// the tags if they are a few runs; the number of a block of 128 bytes otherwise.
type native struct {
	numbers Recycler
	words   []atomic.Uint64 // by record, see word
	each    int
	blocks  blocks
	counts  [shards]counter // records that are allocated, by number modulo shards
}

// shards is how many tasks can be at work on records of their own without sharing
// cache lines, when each uses numbers that are equal modulo shards.
const shards = 16

// word is where record num is: those that are equal modulo shards lie together.
func (n *native) word(num int) *atomic.Uint64 { return &n.words[num%shards*n.each+num/shards] }

// counter is a part of a sum, alone on its cache line.
type counter struct {
	n atomic.Int64
	_ [56]byte
}

// What a record's word says besides what pack puts into it.
const (
	recAlive = 1 << 63
	recBlock = 1 << 62 // the low half is the number of a block
)

var _ [62 - packBits]struct{} // pack leaves both bits alone

// Recycle makes s, which was reset without an explorer, use n records again and
// again.
func (s *Store) Recycle(numbers Recycler, n int) {
	const line = 8 // words of a cache line
	each := (n/shards + 1 + line - 1) / line * line
	s.nat = &native{numbers: numbers, words: make([]atomic.Uint64, shards*each), each: each}
}

func (s *Store) allocNative(owner int) Ref {
	num := s.nat.numbers.Get(owner)
	if num < 0 {
		return 0
	}
	s.nat.word(num).Store(recAlive)
	s.nat.counts[num%shards].n.Add(1)
	return Ref(num + 1)
}

func (s *Store) freeNative(ref Ref) {
	n, num := s.nat, int(ref)-1
	old := n.word(num).Swap(0)
	if old == 0 {
		s.dead("frees")
		return
	}
	if old&recBlock != 0 {
		n.blocks.put(uint32(old))
	}
	n.counts[num%shards].n.Add(-1)
	n.numbers.Put(num)
}

// Save writes t into a record, natively.
func (s *Store) Save(ref Ref, t *Tags) {
	n := s.nat
	at := n.word(int(ref) - 1)
	old := at.Load()
	if old == 0 {
		s.dead("writes")
		return
	}
	word, ok := t.pack()
	switch {
	case ok:
		word |= recAlive
	case old&recBlock != 0:
		n.blocks.write(uint32(old), t)
		return
	default:
		b := n.blocks.get()
		n.blocks.write(b, t)
		word = recAlive | recBlock | uint64(b)
	}
	if !at.CompareAndSwap(old, word) {
		// Freed at the same moment, or written by somebody else.
		if word&recBlock != 0 {
			n.blocks.put(uint32(word))
		}
		s.dead("writes")
		return
	}
	if old&recBlock != 0 {
		n.blocks.put(uint32(old))
	}
}

// Restore reads a record into t, natively.
func (s *Store) Restore(ref Ref, t *Tags) {
	word := s.nat.word(int(ref) - 1).Load()
	switch {
	case word == 0:
		s.dead("reads")
		t.Fill(0)
	case word&recBlock != 0:
		s.nat.blocks.read(uint32(word), t)
	default:
		t.unpack(word)
	}
}

func (n *native) kept() int {
	sum := int64(0)
	for i := range n.counts {
		sum += n.counts[i].n.Load()
	}
	return int(sum)
}

// Use is what a native store keeps: records, and the bytes that tags take. Tags in
// up to five runs are in the table of records itself, which has 8 bytes for each as
// an xarray has a pointer; others are 128 bytes elsewhere.
type Use struct{ Records, Bytes int }

// Use says what s keeps now. What tasks are at work on may be missed.
func (s *Store) Use() Use {
	if s.nat == nil {
		return Use{}
	}
	kept, blocks := s.nat.kept(), s.nat.blocks.used()
	return Use{Records: kept, Bytes: 8*(kept-blocks) + blockSize*blocks}
}

// blocks are pieces of 128 bytes, in slabs that are made when they are needed.
// The block that was freed last is used first, so that few slabs are in use.
type blocks struct {
	mu    explore.Mutex
	free  []uint32 // protected by mu
	n     uint32   // protected by mu; blocks that were ever used
	slabs [maxSlabs]atomic.Pointer[slab]
	locks [64]struct { // by block number; each protects what is in its blocks
		explore.Mutex
		_ [32]byte
	}
}

const (
	blockSize  = 128
	slabBlocks = 512
	maxSlabs   = 1 << 14
)

type slab [slabBlocks]Tags

func (b *blocks) get() uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if last := len(b.free) - 1; last >= 0 {
		num := b.free[last]
		b.free = b.free[:last]
		return num
	}
	num := b.n
	b.n++
	if num%slabBlocks == 0 {
		if num/slabBlocks == maxSlabs {
			panic("tagswap internal: more saved tags than fit")
		}
		b.slabs[num/slabBlocks].Store(new(slab))
	}
	return num
}

func (b *blocks) put(num uint32) {
	b.mu.Lock()
	b.free = append(b.free, num)
	b.mu.Unlock()
}

func (b *blocks) used() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int(b.n) - len(b.free)
}

func (b *blocks) at(num uint32) *Tags { return &b.slabs[num/slabBlocks].Load()[num%slabBlocks] }

func (b *blocks) write(num uint32, t *Tags) {
	l := &b.locks[num%64]
	l.Lock()
	*b.at(num) = *t
	l.Unlock()
}

func (b *blocks) read(num uint32, t *Tags) {
	l := &b.locks[num%64]
	l.Lock()
	*t = *b.at(num)
	l.Unlock()
}
