package swapdev

import (
	"sync"

	"github.com/klauspost/compress/s2"
)

// Objects come in sizes of classStep bytes, as those of zsmalloc do; one of
// hugeSize or more is a whole page (zs_huge_class_size).
const (
	classStep = 64
	hugeSize  = PageSize * 7 / 8
	slabSize  = 16 * PageSize
)

func class(n int) int     { return (n + classStep - 1) / classStep }
func classSize(n int) int { return class(n) * classStep }

// pool has free objects of each size. It takes memory in slabs and keeps it.
type pool struct {
	mu   sync.Mutex
	free [PageSize/classStep + 1][][]byte // protected by mu
	slab []byte                           // protected by mu; the rest of the last slab
	bufs [][]byte                         // protected by mu; to compress into
}

// work returns a buffer that a page can be compressed into.
func (p *pool) work() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.bufs) - 1; last >= 0 {
		buf := p.bufs[last]
		p.bufs = p.bufs[:last]
		return buf
	}
	return make([]byte, s2.MaxEncodedLen(PageSize))
}

// worked takes it back.
func (p *pool) worked(buf []byte) {
	p.mu.Lock()
	p.bufs = append(p.bufs, buf)
	p.mu.Unlock()
}

// get returns an object of at least n bytes, up to PageSize.
func (p *pool) get(n int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := &p.free[class(n)]
	if last := len(*list) - 1; last >= 0 {
		obj := (*list)[last]
		*list = (*list)[:last]
		return obj
	}
	size := classSize(n)
	if len(p.slab) < size {
		p.slab = make([]byte, slabSize)
	}
	obj := p.slab[:size:size]
	p.slab = p.slab[size:]
	return obj
}

// put takes an object back.
func (p *pool) put(obj []byte) {
	p.mu.Lock()
	list := &p.free[class(len(obj))]
	*list = append(*list, obj)
	p.mu.Unlock()
}
