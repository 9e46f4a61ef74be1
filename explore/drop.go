package explore

// drop sets the value to 0 in the same event as the access before, so that all
// dead objects are alike in the state.
func (o *obj) drop() {
	if o.x == nil {
		return
	}
	o.x.drops = true
	if x := o.x; !x.fast {
		x.dropped(o.p)
	}
	o.set(0)
	o.held(0, 0)
}

// dropped notes that p dies in the event of the access before. On what was read there it
// depends that it does, so such events may do more where they see something else.
func (x *X) dropped(p *object) {
	t := x.cur
	a := t.foot.join(p, kindWrite, t.first)
	if !x.nohash {
		return
	}
	t.foot.open = t.foot.open || a.first
	if !x.together && p.protect(t, kindWrite, a.first) {
		x.open = true
	}
	if g := a.group; g != nil && g.mode&opens == 0 {
		g.mode |= opens
		x.refine = append(x.refine, g)
	}
}

// join adds what happens to o in the event of the last access; first says whether that
// is the block's visible operation if there has been no access.
func (f *footprint) join(o *object, k kind, first bool) *access {
	n := len(f.acc) - 1
	for n >= 0 && f.acc[n].kind == kindSpawn {
		n--
	}
	if n < 0 {
		f.add(o, nil, k, first)
		return &f.acc[len(f.acc)-1]
	}
	last := f.acc[n]
	f.add(o, last.group, k, last.first)
	a := &f.acc[len(f.acc)-1]
	a.behind = last.behind || isRelease(last.kind)
	return a
}
