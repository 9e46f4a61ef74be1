package mm

import (
	"tagswap/explore"
	"tagswap/mte"
)

// oracle is memory without swap: what every load must see. It changes in the
// same event as the access or the page-table change that it mirrors. A page of
// the oracle is a page as the program thinks of it; fork copies it, a pin holds
// on to it.
type oracle struct {
	x     *explore.X
	holds bool // pages may be held
	vars  int  // for which there is room
	pages []opage

	shadows []shadow           // natively, instead of pages
	cur     [][]explore.Atomic // page in use, by address space and variable
}

// generations is how many pages one address may have had before numbers repeat.
const generations = 3

// opage is one page. alt is a second value it may have: what a page had before
// MADV_FREE or a fork that raced with a store.
type opage struct {
	val   explore.Atomic
	alt   explore.Atomic // value + 1, 0: none
	tags  explore.Atomic
	alts  explore.Atomic // tags + 1 that go with alt
	holds explore.Atomic
	lazy  explore.Atomic // MADV_FREE calls under way
}

func (o *oracle) page0(m *MM, v int) int { return (m.ID*o.vars + v) * generations }

func (o *oracle) reset(k *Kernel) {
	o.x, o.holds = k.X, k.Cfg.Holds
	if k.X == nil {
		o.shadows = make([]shadow, len(k.mms)*len(k.vars)*o.each())
	}
	if o.vars == len(k.vars) && len(o.cur) == len(k.mms) {
		return
	}
	o.vars = len(k.vars)
	if k.X != nil {
		o.pages = make([]opage, len(k.mms)*o.vars*generations)
	}
	o.cur = make([][]explore.Atomic, len(k.mms))
	for i := range o.cur {
		o.cur[i] = make([]explore.Atomic, o.vars)
	}
}

// add makes the page of v in m, or of all address spaces when m is the first of
// a shared one.
func (o *oracle) add(m *MM, v int) {
	for g := range o.each() {
		n := o.page0(m, v) + g
		if o.x == nil {
			o.shadow(n).reset()
			continue
		}
		p := &o.pages[n]
		p.val.Init(o.x, "memory", n, 0)
		p.alt.Init(o.x, "memory alt", n, 0)
		p.tags.Init(o.x, "memory tags", n, 0)
		p.alts.Init(o.x, "memory tags alt", n, 0)
		p.holds.Init(o.x, "memory holds", n, 0)
		p.lazy.Init(o.x, "memory lazy", n, 0)
	}
	o.cur[m.ID][v].Init(o.x, "memory map", m.ID<<8|v, uint64(o.page0(m, v)))
}

// owner is the address space that a page of the oracle was made for.
func (o *oracle) owner(k *Kernel, page int) *MM { return &k.mms[page/generations/o.vars] }

// share makes m see the page of v that owner has.
func (o *oracle) share(m, owner *MM, v int) {
	o.cur[m.ID][v].Init(o.x, "memory map", m.ID<<8|v, o.cur[owner.ID][v].Peek())
}

func (o *oracle) page(m *MM, v int) int { return int(o.cur[m.ID][v].Load()) }

// hold notes that a pin keeps the page of v in m.
func (o *oracle) hold(m *MM, v int) { o.holdsOf(o.page(m, v)).AddBlind(1) }

func (o *oracle) holdsOf(page int) *explore.Atomic {
	if o.x == nil {
		return &o.shadow(page).holds
	}
	return &o.pages[page].holds
}

// drop ends a hold.
func (o *oracle) drop(page int) { o.holdsOf(page).AddBlind(-1) }

// zap makes v read as zero in m. Whoever holds the page keeps what was in it.
func (o *oracle) zap(m *MM, v int) {
	id := o.page(m, v)
	if o.holds && o.holdsOf(id).Load() != 0 {
		id = nextPage(id)
		o.cur[m.ID][v].Store(uint64(id))
	}
	o.clear(id)
}

// nextPage is the page that the address of page has after it.
func nextPage(page int) int { return page/generations*generations + (page+1)%generations }

// evict is zap for the shared memory that m was the last to map, in all of the mms
// address spaces.
func (o *oracle) evict(m *MM, v, mms int) {
	id := o.page(m, v)
	next := id
	if o.holds && o.holdsOf(id).Load() != 0 {
		next = nextPage(id)
		for i := range mms {
			if o.cur[i][v].Peek() == uint64(id) {
				o.cur[i][v].Store(uint64(next))
			}
		}
	}
	o.clear(next)
}

// clear makes a page read as zero.
func (o *oracle) clear(page int) {
	if o.x == nil {
		o.shadow(page).reset()
		return
	}
	o.pages[page].set(0, 0)
}

func (p *opage) set(val, tags uint64) {
	p.val.Store(val)
	p.tags.Store(tags)
	p.alt.Store(0)
	p.alts.Store(0)
}

// fork copies the page of v from m to child.
func (o *oracle) fork(m, child *MM, v int) {
	if o.x == nil {
		o.shadow(o.page(child, v)).fork(o.shadow(o.page(m, v)))
		return
	}
	from, to := &o.pages[o.page(m, v)], &o.pages[o.page(child, v)]
	to.val.Store(from.val.Load())
	to.alt.Store(from.alt.Load())
	to.tags.Store(from.tags.Load())
	to.alts.Store(from.alts.Load())
}

// free says that the page may become zero until somebody stores to it.
func (o *oracle) free(m *MM, v int) {
	if o.x == nil {
		o.shadow(o.page(m, v)).free()
		return
	}
	p := &o.pages[o.page(m, v)]
	p.alt.Store(1)
	p.alts.Store(1)
	p.lazy.AddBlind(1)
}

// freed ends MADV_FREE.
func (o *oracle) freed(m *MM, v int) {
	if o.x == nil {
		o.shadow(o.page(m, v)).lazy--
		return
	}
	o.pages[o.page(m, v)].lazy.AddBlind(-1)
}

// load compares what the machine read with what it must be and settles on it.
func (p *opage) load(got uint64) (want uint64, ok bool) {
	want = p.val.Load()
	if got == want {
		return want, true
	}
	if a := p.alt.Load(); a != 0 && got == a-1 {
		p.val.Store(got)
		p.alt.Store(0)
		return got, true
	}
	return want, false
}

// readTag is load for the tag of one granule; the page settles on all its tags.
func (p *opage) readTag(g int, got uint8) (want uint8, ok bool) {
	tags := p.tags.Load()
	want = mte.Tag(tags, g)
	if got == want {
		return want, true
	}
	if a := p.alts.Load(); a != 0 && got == mte.Tag(a-1, g) {
		p.tags.Store(a - 1)
		p.alts.Store(0)
		return got, true
	}
	return want, false
}

// store sets the contents. A store while MADV_FREE is under way may still be
// dropped; one after it may find the old tags or fresh ones.
func (p *opage) store(v uint64) {
	p.val.Store(v)
	p.alt.Store(p.dropped())
}

// setTag sets the tag of one granule of a page whose tags were was: by these it is
// known whether it had been dropped.
func (p *opage) setTag(was uint64, g int, tag uint8) {
	tags := p.tags.Load()
	if a := p.alts.Load(); a != 0 && was == a-1 {
		tags = was
	}
	p.tags.Store(mte.With(tags, g, tag))
	p.alts.Store(p.dropped())
}

// setTags sets all tags of the page.
func (p *opage) setTags(tags uint64) {
	p.tags.Store(tags)
	p.alts.Store(p.dropped())
}

// dropped is the other value, plus one, that a page has for what was just stored to
// it: zero while MADV_FREE is under way.
func (p *opage) dropped() uint64 {
	if p.lazy.Load() == 0 {
		return 0
	}
	return 1
}
