package litmus

import (
	"maps"
	"slices"
)

// opParser reads the operands of one operation, after its word.
type opParser struct {
	kind   OpKind
	result bool // it can have a register for its result
	parse  func(p *parser, op *Op, at *spot) bool
}

// opParsers is every operation of the language, and opNames their words by kind.
// They are filled in by init, since the parsers of operands ask isReserved,
// which asks this map.
var (
	opParsers map[string]opParser
	opNames   [OpCopyTags + 1]string
)

func init() {
	opParsers = map[string]opParser{
		"store":     {OpStore, false, (*parser).opStore},
		"load":      {OpLoad, true, (*parser).access},
		"tag":       {OpTag, false, (*parser).opTag},
		"fork":      {OpFork, false, (*parser).opTask},
		"exit":      {OpExit, false, func(*parser, *Op, *spot) bool { return true }},
		"mmap":      {OpMmap, false, (*parser).opMmap},
		"munmap":    {OpMunmap, false, (*parser).opVar},
		"mprotect":  {OpMprotect, false, (*parser).opMprotect},
		"madvise":   {OpMadvise, false, (*parser).opMadvise},
		"pageout":   {OpPageout, false, (*parser).opTaskVar},
		"reclaim":   {OpReclaim, false, (*parser).opReclaim},
		"merge":     {OpMerge, false, (*parser).opMerge},
		"pin":       {OpPin, false, (*parser).opHold},
		"unpin":     {OpUnpin, false, (*parser).opVar},
		"get":       {OpGet, false, (*parser).opHold},
		"put":       {OpPut, false, (*parser).opVar},
		"swapoff":   {OpSwapoff, false, (*parser).opArea},
		"swapon":    {OpSwapon, false, (*parser).opArea},
		"slotcache": {OpSlotCache, false, (*parser).opSlotCache},
		"barrier":   {OpBarrier, false, (*parser).opBarrier},
		"peektags":  {OpCopyTags, true, (*parser).opTaskVar},
	}
	for word, op := range opParsers {
		opNames[op.kind] = word
	}
	opNames[OpReadTag] = opNames[OpTag]
}

// OpWords lists the words of all operations, sorted.
func OpWords() []string { return slices.Sorted(maps.Keys(opParsers)) }

// cell reads one cell of a row: nothing, or an operation of that task.
func (p *parser) cell(task int) {
	p.line = p.tok.pos.Line
	if p.atAny("|", ";") {
		return
	}
	op, at := Op{Pos: p.tok.pos}, spot{}
	ok := p.op(&op, &at)
	if !ok {
		p.skipTo(true, "|", ";")
		return
	}
	if task >= len(p.test.Tasks) {
		return // row reports the number of cells
	}
	t := &p.test.Tasks[task]
	if len(t.Ops) == MaxOps {
		p.errorf(op.Pos, "P%d has more than %d operations", task, MaxOps)
		return
	}
	t.Ops = append(t.Ops, op)
	p.spots[task] = append(p.spots[task], at)
}

// op reads [register =] word operands.
func (p *parser) op(op *Op, at *spot) bool {
	t := p.tok
	word, ok := p.ident("an operation")
	if !ok {
		return false
	}
	if p.at(":") {
		p.errorf(t.pos, "labels such as %q have no use here; leave it out", word+":")
		return false
	}
	if p.accept("=") {
		if !isReg(word) {
			p.errorf(t.pos, "%q is no register (r0, r1, …); a variable is written with \"store %s VALUE\"", word, word)
			return false
		}
		op.Reg = word
		t = p.tok
		if word, ok = p.ident("an operation with a result (load, tag, peektags)"); !ok {
			return false
		}
	}
	known, ok := opParsers[word]
	if !ok {
		p.errorf(t.pos, "unknown operation %q%s", word, hint(word, append(OpWords(), sectionWords...)))
		return false
	}
	if word == "tag" && p.at("(") {
		known = opParser{OpReadTag, true, (*parser).opReadTag}
	}
	op.Kind = known.kind
	if op.Reg != "" && !known.result {
		p.errorf(t.pos, "%q has no result; write it without \"%s =\"", word, op.Reg)
		return false
	}
	if op.Reg == "" && known.result && op.Kind != OpLoad {
		p.errorf(t.pos, "the result of %q is lost; write \"r1 = %s …\"", word, word)
		return false
	}
	return known.parse(p, op, at)
}

// access reads x, x+16, x:red, x+16:red or pin(x).
func (p *parser) access(op *Op, at *spot) (ok bool) {
	if p.at("pin") {
		op.Pin = true
		p.next()
		if !p.expect("(", "after pin") {
			return false
		}
		if op.Var, at.name, ok = p.variable(); !ok {
			return false
		}
		return p.expect(")", "after the variable")
	}
	if !p.place(op, at) {
		return false
	}
	if p.accept(":") {
		at.tag = p.tok.pos
		op.HasTag = true
		if op.Tag, ok = p.tag(); !ok {
			return false
		}
	}
	if op.Offset != 0 && !op.HasTag {
		p.errorf(at.value, "an offset chooses a tag; an access without one has none (write %s+%d:red)", op.Var, op.Offset)
		return false
	}
	return true
}

// place reads a variable and an offset into its page.
func (p *parser) place(op *Op, at *spot) (ok bool) {
	if op.Var, at.name, ok = p.variable(); !ok {
		return false
	}
	op.Offset, at.value, ok = p.offset()
	return ok
}

// offset reads +N, a multiple of the granule within the page, or nothing.
func (p *parser) offset() (int, Pos, bool) {
	if !p.accept("+") {
		return 0, Pos{}, true
	}
	pos := p.tok.pos
	n, ok := p.number("an offset", 0, PageSize-Granule)
	if ok && n%Granule != 0 {
		p.errorf(pos, "offset %d is not a multiple of %d, the bytes that share a tag; nearest: %d",
			n, Granule, n/Granule*Granule)
		return 0, pos, false
	}
	return n, pos, ok
}

func (p *parser) opStore(op *Op, at *spot) (ok bool) {
	if !p.access(op, at) {
		return false
	}
	op.Value, ok = p.number("the value of a store", 0, MaxValue)
	return ok
}

func (p *parser) opTag(op *Op, at *spot) (ok bool) {
	if !p.place(op, at) {
		return false
	}
	p.accept(":")
	at.tag = p.tok.pos
	op.HasTag = true
	op.Tag, ok = p.tag()
	return ok
}

func (p *parser) opReadTag(op *Op, at *spot) bool {
	return p.expect("(", "after tag") && p.place(op, at) && p.expect(")", "after the variable")
}

func (p *parser) opVar(op *Op, at *spot) (ok bool) {
	op.Var, at.name, ok = p.variable()
	return ok
}

func (p *parser) opTask(op *Op, at *spot) (ok bool) {
	at.task = p.tok.pos
	op.Task, ok = p.task()
	return ok
}

func (p *parser) opTaskVar(op *Op, at *spot) bool {
	return p.opTask(op, at) && p.opVar(op, at)
}

func (p *parser) opMmap(op *Op, at *spot) bool {
	if !p.opVar(op, at) {
		return false
	}
	op.MTE = p.accept("mte")
	return true
}

func (p *parser) opMprotect(op *Op, at *spot) (ok bool) {
	if !p.opVar(op, at) {
		return false
	}
	if op.Advice, ok = p.oneOf("protection", protections); !ok {
		return false
	}
	op.MTE = p.accept("mte")
	return true
}

func (p *parser) opMadvise(op *Op, at *spot) (ok bool) {
	if !p.opVar(op, at) {
		return false
	}
	op.Advice, ok = p.oneOf("advice", advices)
	return ok
}

func (p *parser) opReclaim(op *Op, at *spot) bool {
	return p.tok.kind != tokIdent && !p.at("[") || p.opVar(op, at)
}

func (p *parser) opMerge(op *Op, at *spot) (ok bool) {
	if !p.opVar(op, at) {
		return false
	}
	op.Var2, at.name2, ok = p.variable()
	return ok
}

// opHold reads x or x write.
func (p *parser) opHold(op *Op, at *spot) bool {
	if !p.opVar(op, at) {
		return false
	}
	op.Write = p.accept("write")
	return true
}

func (p *parser) opArea(op *Op, at *spot) (ok bool) {
	at.area = p.tok.pos
	if p.tok.kind != tokNumber {
		return true
	}
	op.Area, ok = p.number("a swap area", 0, maxAreas-1)
	return ok
}

func (p *parser) opSlotCache(op *Op, _ *spot) (ok bool) {
	op.Advice, ok = p.oneOf("verb", cacheVerbs)
	return ok
}

func (p *parser) opBarrier(op *Op, _ *spot) bool {
	if p.tok.kind == tokIdent {
		op.Name = p.tok.text
		p.next()
	}
	return true
}
