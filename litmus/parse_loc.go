package litmus

import "slices"

// loc reads something observable: 0:r1, P0:r1, x, [x], 0:x, tag(x+16),
// [tag(x)], 0:tag(x), fault(P0,x,TagCheck), swapped(x), slots, records.
func (p *parser) loc() (Loc, bool) {
	p.line = p.tok.pos.Line
	loc := Loc{Task: -1, Pos: p.tok.pos}
	if ok := p.locTask(&loc); !ok {
		return loc, false
	}
	if p.accept("[") {
		return loc, p.locBody(&loc) && p.expect("]", "after the location")
	}
	return loc, p.locBody(&loc)
}

// locTask reads 0: or P0: in front of a location, if it is there.
func (p *parser) locTask(loc *Loc) (ok bool) {
	_, isTask := taskNumber(p.tok.text)
	switch {
	case p.tok.kind == tokNumber:
		loc.Task, ok = p.number("a task", 0, MaxTasks-1)
	case p.tok.kind == tokIdent && isTask:
		loc.Task, ok = p.task()
	default:
		return true
	}
	return ok && p.expect(":", "after the task")
}

func (p *parser) locBody(loc *Loc) bool {
	t := p.tok
	name, ok := p.ident("a register, a variable or a state function")
	if !ok {
		return false
	}
	if name == "Fault" {
		name = "fault"
	}
	switch {
	case name == "slots", name == "records":
		loc.Func = name
		if loc.Task >= 0 {
			p.errorf(loc.Pos, "%s counts for the whole machine; write it without a task", name)
			return false
		}
		return true
	case !p.at("("):
		loc.Name = name
		if isReg(name) && loc.Task < 0 {
			p.errorf(t.pos, "whose register is %s? write 0:%s for the one of P0", name, name)
			return false
		}
		return p.locPlain(name, t)
	}
	if !slices.Contains(locFuncs, name) {
		p.errorf(t.pos, "unknown state function %q%s", name, hint(name, locFuncs))
		return false
	}
	p.next()
	loc.Func = name
	if name == "fault" {
		return p.locFault(loc) && p.expect(")", "after the fault")
	}
	if loc.Name, _, ok = p.variable(); !ok {
		return false
	}
	if name == "tag" {
		loc.IsTag = true
		if loc.Offset, _, ok = p.offset(); !ok {
			return false
		}
	}
	return p.expect(")", "after the variable")
}

// locPlain refuses a state function without its argument.
func (p *parser) locPlain(name string, t token) bool {
	if slices.Contains(locFuncs, name) {
		p.errorf(t.pos, "%s has an argument: %s(x)", name, name)
		return false
	}
	return true
}

// locFault reads P0[,x][,TagCheck] after the opening parenthesis.
func (p *parser) locFault(loc *Loc) (ok bool) {
	if loc.Task >= 0 {
		p.errorf(loc.Pos, "the task of a fault is its first argument: fault(P%d)", loc.Task)
		return false
	}
	if loc.Task, ok = p.task(); !ok {
		return false
	}
	if p.at(":") {
		p.errorf(p.tok.pos, "there are no labels here; write fault(P%d,x)", loc.Task)
		return false
	}
	if !p.accept(",") {
		return true
	}
	if !slices.Contains(faultTypes, p.tok.text) && !p.at("MMU") {
		if loc.Name, _, ok = p.variable(); !ok {
			return false
		}
		if !p.accept(",") {
			return true
		}
	}
	if p.accept("MMU") && !p.expect(":", "after MMU") {
		return false
	}
	loc.Fault, ok = p.oneOf("fault type", faultTypes)
	return ok
}
