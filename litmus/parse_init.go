package litmus

import "slices"

// initBlock reads { item; item; … }; the next token is its brace.
func (p *parser) initBlock() {
	p.next()
	for !p.at("}") && p.tok.kind != tokEOF {
		if p.accept(";") {
			continue
		}
		if !p.initItem() {
			p.skipTo(true, ";", "}")
			continue
		}
		if !p.at("}") && !p.expect(";", "after the item of the init block") {
			p.skipTo(true, ";", "}")
		}
	}
	p.expect("}", "at the end of the init block")
}

// initItem reads a variable, a state function, or herd's [tag(x)]=:red.
func (p *parser) initItem() bool {
	p.line = p.tok.pos.Line
	_, isTask := taskNumber(p.tok.text)
	switch {
	case p.tok.kind == tokNumber, p.tok.kind == tokIdent && isTask:
		return p.initState()
	case p.at("["):
		p.next()
		if p.at("tag") {
			return p.initTag(true)
		}
		return p.initVar("]")
	case p.at("tag"):
		return p.initTag(false)
	}
	return p.initVar("")
}

// initState reads 0:swapped(x).
func (p *parser) initState() bool {
	loc := Loc{Task: -1}
	s := InitState{Pos: p.tok.pos}
	if !p.locTask(&loc) {
		return false
	}
	s.Task = loc.Task
	if p.tok.kind == tokIdent && isReg(p.tok.text) {
		p.errorf(s.Pos, "registers start at 0 and cannot be set; give the value to the operation")
		return false
	}
	var ok bool
	if s.Func, ok = p.oneOf("state function", initFuncs); !ok {
		return false
	}
	if !p.expect("(", "after "+s.Func) {
		return false
	}
	if s.Var, _, ok = p.variable(); !ok {
		return false
	}
	p.test.Init = append(p.test.Init, s)
	return p.expect(")", "after the variable")
}

// initTag reads tag(x)=:red, for a variable that stands before it.
func (p *parser) initTag(bracket bool) bool {
	p.next()
	if !p.expect("(", "after tag") {
		return false
	}
	name, pos, ok := p.variable()
	if !ok || !p.expect(")", "after the variable") || bracket && !p.expect("]", "after the tag") ||
		!p.expect("=", "before the tag") {
		return false
	}
	p.accept(":")
	tag, ok := p.tag()
	if !ok {
		return false
	}
	v := p.test.Var(name)
	if v == nil {
		p.errorf(pos, "%q is not declared before its tag; write \"anon %s = 0:%s\"", name, name, tag)
		return false
	}
	v.Tag, v.HasTag, v.MTE = tag, true, true
	return true
}

// initVar reads [kind] [words] name [= value[:tag]]; close is the bracket that
// ends the name in herd's [x]=1.
func (p *parser) initVar(close string) bool {
	v := Var{Pos: p.tok.pos}
	if close == "" && !p.varWords(&v) {
		return false
	}
	v.Pos = p.tok.pos
	var ok bool
	if v.Name, ok = p.ident("the name of a variable"); !ok {
		return false
	}
	if isReserved(v.Name) {
		p.errorf(v.Pos, "%q is a word of the language; a variable needs another name", v.Name)
		return false
	}
	if p.tok.kind == tokIdent {
		p.errorf(v.Pos, "unknown word %q before a variable%s", v.Name, hint(v.Name, slices.Concat(kindWords, varWords)))
		return false
	}
	if close != "" && !p.expect(close, "after the variable") {
		return false
	}
	if p.accept("=") && !p.varValue(&v) {
		return false
	}
	if old := p.test.Var(v.Name); old != nil {
		p.errorf(v.Pos, "%q is declared already, at line %d", v.Name, old.Pos.Line)
		return false
	}
	if len(p.test.Vars) == MaxVars {
		p.errorf(v.Pos, "a test has at most %d variables", MaxVars)
		return false
	}
	p.test.Vars = append(p.test.Vars, v)
	return true
}

// varWords reads anon(P1), shared(P0,P1:plain) and the words after it.
func (p *parser) varWords(v *Var) bool {
	switch {
	case p.accept("anon"):
		if p.at("(") && !p.varTasks(v) {
			return false
		}
	case p.accept("shared"):
		v.Kind = Shared
		if p.at("(") && !p.varTasks(v) {
			return false
		}
	}
	flags := map[string]*bool{"mte": &v.MTE, "locked": &v.Locked, "readonly": &v.ReadOnly, "unmapped": &v.Unmapped}
	for p.tok.kind == tokIdent && flags[p.tok.text] != nil {
		if flag := flags[p.tok.text]; !*flag {
			*flag = true
		} else {
			p.errorf(p.tok.pos, "%s stands twice", p.tok)
		}
		p.next()
	}
	return true
}

// varTasks reads (P0,P1:plain).
func (p *parser) varTasks(v *Var) bool {
	pos := p.tok.pos
	p.next()
	for {
		t, ok := p.task()
		if !ok {
			return false
		}
		v.Tasks = append(v.Tasks, t)
		if p.accept(":") {
			if !p.expect("plain", "(mapped without PROT_MTE) after the task") {
				return false
			}
			v.Plain = append(v.Plain, t)
		}
		if !p.accept(",") {
			break
		}
	}
	if v.Kind == Anon && (len(v.Tasks) > 1 || v.Plain != nil) {
		p.errorf(pos, "an anonymous variable belongs to one task; write shared(…) for several")
		return false
	}
	return p.expect(")", "after the tasks")
}

func (p *parser) varValue(v *Var) (ok bool) {
	if v.Value, ok = p.number("the contents of a variable", 0, MaxValue); !ok {
		return false
	}
	if p.accept(":") {
		v.HasTag, v.MTE = true, true
		if v.Tag, ok = p.tag(); !ok {
			return false
		}
	}
	return true
}
