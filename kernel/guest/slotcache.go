//go:build linux

package guest

// A kernel has no switch for its slot cache: it looks at how many slots are free,
// on all areas together, whenever a page wants one (mm/swap_slots.c:
// check_cache_active (v6.1)). So the operations move pages of a memfd that is
// there for nothing else: with all of them out few slots are free and the cache is
// drained and off; with them gone many are free, and the next page out finds it on.
// Releases from 6.14 on have no slot cache; there the same happens and changes
// nothing, as in the model.

const (
	fdFiller   = 90
	fillerBase = varBase - 0x10000000
	iovMax     = 1024
)

// slotCache appends the operation off, on or drain.
func (b *build) slotCache(p *prog, what string) {
	if what == "drain" { // swapfile.c:swapoff (v6.1) empties every CPU's cache
		spare := b.code.CString(b.paths[len(b.t.Machine.Areas)])
		p.sys(0, sysSwapon, spare, 0)
		p.sys(0, sysSwapoff, spare)
		return
	}
	if b.p.Filler == 0 {
		return
	}
	pages := b.p.Filler
	if what == "on" {
		p.sys(0, sysFallocate, fdFiller, fallocPunch|fallocKeepSize, 0, pages*pageSize)
		pages = 1 // the one whose way out switches the cache on
	}
	b.fillFiller(p, pages)
	p.sys(0, sysMmap, fillerBase, pages*pageSize, protOf(true, false), mapFixed|mapShared|mapPopulate, fdFiller, 0)
	p.sys(0, sysMadvise, fillerBase, pages*pageSize, madvPageout)
	p.sys(0, sysMunmap, fillerBase, pages*pageSize)
}

// fillFiller writes pages of the filler: clean ones would be dropped.
func (b *build) fillFiller(p *prog, pages int) {
	if b.vec == 0 {
		page := b.code.Alloc(pageSize)
		b.vec = b.code.Words(2 * iovMax)
		for i := range uint64(iovMax) {
			b.code.Set(b.vec+16*i, page)
			b.code.Set(b.vec+16*i+8, pageSize)
		}
	}
	for at := 0; at < pages; at += iovMax {
		p.sys(0, sysPwritev, fdFiller, b.vec, min(iovMax, pages-at), at*pageSize, 0)
	}
}

// probe pages two pages out and reads the free slots before and after: with the
// cache off that takes two, with the cache on a batch or none.
func (b *build) probe(p *prog, k int) {
	if b.p.Filler == 0 || !b.p.Probe {
		return
	}
	const scratch = fillerBase - 0x100000
	in := b.inst[k]
	in.probe = [2]uint64{b.data.Words(16), b.data.Words(16)}
	p.sys(0, sysMmap, scratch, 2*pageSize, protOf(true, false), mapFixed|mapPrivate|mapAnon|mapPopulate, -1, 0)
	p.sys(0, sysSysinfo, in.probe[0])
	p.sys(0, sysMadvise, scratch, 2*pageSize, madvPageout)
	p.sys(0, sysSysinfo, in.probe[1])
	p.sys(0, sysMunmap, scratch, 2*pageSize)
}

// cacheAsAsked says whether an instance began with the slot cache as the test says.
func (b *build) cacheAsAsked(k int) bool {
	in := b.inst[k]
	if in.probe[0] == 0 {
		return true
	}
	took := sysinfoUsed(b.data, in.probe[1]) - sysinfoUsed(b.data, in.probe[0])
	return (took == 2) != b.t.Machine.SlotCache.On
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
