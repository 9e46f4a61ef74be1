package mm

// regSet is a set of a frame's registers.
type regSet uint32

const (
	setMM regSet = 1 << iota
	setV
	setWrite
	setUnshare
	setPin
	setOrig
	setOld
	setPTE
	setEntry
	setFolio
	setSwapcache
	setFresh
	setExclusive
	setAnonExcl
	setNeedClear
	setUsage
	setErr
	setRec
	setOldrec
	setChild
	setArea
	setIt
	setZap

	allRegs regSet = 1<<iota - 1
)

// regsOf are the registers that a step list names.
var regsOf = map[Reg]regSet{
	RegFolio: setFolio, RegSwapcache: setSwapcache, RegNew: setFresh, RegEntry: setEntry, RegOrig: setOrig,
	RegPTE: setPTE, RegExclusive: setExclusive, RegRecord: setRec, RegUsage: setUsage | setErr,
	RegWrite: setWrite, RegMM: setMM | setIt,
}

// take copies registers of g.
func (f *Frame) take(g *Frame, what regSet) {
	if what == 0 {
		return
	}
	if what&setMM != 0 {
		f.mm = g.mm
	}
	if what&setV != 0 {
		f.v = g.v
	}
	if what&setWrite != 0 {
		f.write = g.write
	}
	if what&setUnshare != 0 {
		f.unshare = g.unshare
	}
	if what&setPin != 0 {
		f.pin = g.pin
	}
	if what&setOrig != 0 {
		f.orig = g.orig
	}
	if what&setOld != 0 {
		f.old = g.old
	}
	if what&setPTE != 0 {
		f.pte = g.pte
	}
	if what&setEntry != 0 {
		f.entry = g.entry
	}
	if what&setFolio != 0 {
		f.folio = g.folio
	}
	if what&setSwapcache != 0 {
		f.swapcache = g.swapcache
	}
	if what&setFresh != 0 {
		f.fresh = g.fresh
	}
	f.takeRest(g, what)
}

func (f *Frame) takeRest(g *Frame, what regSet) {
	if what&setExclusive != 0 {
		f.exclusive = g.exclusive
	}
	if what&setAnonExcl != 0 {
		f.anonExcl = g.anonExcl
	}
	if what&setNeedClear != 0 {
		f.needClear = g.needClear
	}
	if what&setUsage != 0 {
		f.usage = g.usage
	}
	if what&setErr != 0 {
		f.err = g.err
	}
	if what&setRec != 0 {
		f.rec = g.rec
	}
	if what&setOldrec != 0 {
		f.oldrec = g.oldrec
	}
	if what&setChild != 0 {
		f.child = g.child
	}
	if what&setArea != 0 {
		f.area = g.area
	}
	if what&setIt != 0 {
		f.it = g.it
	}
	if what&setZap != 0 {
		f.zap = g.zap
	}
}

// effect is what a step does with registers: those that it may read, those that it
// may write, and those that it writes whatever happens.
type effect struct{ reads, writes, sure regSet }

// effectOf is what s does with registers; everything, if that is not known.
func effectOf(s *Step) effect {
	if e, ok := effects[s.Name]; ok {
		return e
	}
	return effect{reads: allRegs, writes: allRegs}
}
