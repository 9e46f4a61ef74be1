package mm

// private is all that a task in the middle of its step lists still knows: which
// operation it is at, where it stands in each list, the registers of its frames,
// and what its round has seen. Two executions that agree on these go on alike.
func (k *Kernel) private(t *Task) uint64 {
	h := t.base
	for d := range t.depth {
		h = t.frames[d].hash(h)
	}
	h = t.seen.hash(h)
	if k.Cfg.Holds {
		h = k.heldHash(t, h)
	}
	h = stir(h, uint64(t.ret)|b2u(t.tried)<<8|b2u(t.mmapped)<<9|uint64(uint8(t.at))<<16|uint64(uint8(t.other))<<24)
	return stir(h, uint64(t.misses)|uint64(t.runs)<<16)
}

func (k *Kernel) heldHash(t *Task, h uint64) uint64 {
	for v := range k.Cfg.Vars {
		if d := &t.held[v]; d.folio != nil {
			h = stir(h, d.folio.num()|uint64(v)<<16|uint64(d.page)<<24|b2u(d.pin)<<40|b2u(d.write)<<41)
		}
	}
	return h
}

// Base says what the task knows besides what the kernel keeps for it: a key of
// its place in its program and of its registers.
func (k *Kernel) Base(t *Task, key uint64) {
	t.base = stir(0x9e3779b97f4a7c15, key) // keys are near each other, and so are places in lists
	t.seen, t.runs = seen{}, 0
	if t.private == nil {
		t.private = func() uint64 { return k.private(t) }
	}
	k.X.ForgetAs(t.private)
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func (f *Folio) num() uint64 {
	if f == nil {
		return 0
	}
	return uint64(f.pfn)
}

func (m *MM) num() uint64 {
	if m == nil {
		return 0
	}
	return uint64(m.ID) + 1
}

// hash adds the frame to h.
func (f *Frame) hash(h uint64) uint64 {
	h = stir(h, uint64(f.fn.id)<<32|uint64(f.pc))
	h = stir(h, uint64(f.orig)|f.mm.num()<<40|f.child.num()<<48)
	h = stir(h, uint64(f.old)|uint64(f.pte)<<32)
	h = stir(h, f.folio.num()|f.swapcache.num()<<16|f.fresh.num()<<32|uint64(f.entry)<<48)
	h = stir(h, uint64(f.rec)|uint64(f.oldrec)<<32)
	return stir(h, b2u(f.write)|b2u(f.unshare)<<1|b2u(f.pin)<<2|b2u(f.exclusive)<<3|b2u(f.anonExcl)<<4|
		b2u(f.needClear)<<5|b2u(f.zap)<<6|uint64(uint8(f.v))<<8|uint64(f.usage)<<16|uint64(f.err)<<24|
		uint64(f.area)<<28|uint64(uint8(f.it))<<32)
}

func stir(h, v uint64) uint64 {
	h = (h ^ v) * 0xff51afd7ed558ccd
	return h ^ h>>32
}
