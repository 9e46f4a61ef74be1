package mm

// FlipByte changes a byte of the page that m has of v, behind everybody's back.
func (k *Kernel) FlipByte(m *MM, v, at int) {
	k.nat.memory.data[PTE(m.at[v].pte.Peek()).pfn()][at] ^= 1
}

// FlipTag changes the tag of a granule.
func (k *Kernel) FlipTag(m *MM, v, g int) {
	t := &k.nat.memory.tags[PTE(m.at[v].pte.Peek()).pfn()]
	t.Set(g, t.Get(g)^1)
}
