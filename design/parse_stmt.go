package design

// block reads the statements that stand at a level.
func (p *parser) block(level int) []*Stmt {
	var body []*Stmt
	for l := p.peek(); l != nil && l.level >= level; l = p.peek() {
		if l.level > level {
			p.fail(l.pos(), "indented deeper than the statement above, which opens no block")
			p.skip(level)
			continue
		}
		if s := p.stmt(l, level); s != nil {
			body = append(body, s)
		}
	}
	return body
}

// skip moves over the lines deeper than a level.
func (p *parser) skip(level int) {
	for l := p.peek(); l != nil && l.level > level; l = p.peek() {
		p.i++
	}
}

// stmt reads the statement that starts with line l.
func (p *parser) stmt(l *line, level int) *Stmt {
	if l.doc != nil {
		p.fail(l.pos(), "a doc string belongs to the header; a comment starts with #")
		p.i++
		return nil
	}
	if l.label() {
		if level > 1 {
			p.fail(l.pos(), "a label stands at the margin or at the level of the function's body")
		}
		p.i++
		return p.label(l)
	}
	switch w := l.word(); w {
	case "if":
		return p.ifStmt(level)
	case "while":
		p.i++
		s := &Stmt{Kind: While, Pos: l.pos(), Trivia: l.Trivia, Cond: p.cond(l, 1)}
		s.Body = p.inner(l, level)
		return s
	case "else":
		p.fail(l.pos(), "else without an if above it at this indentation")
		p.i++
		p.skip(level)
		return nil
	case "fn", "design", "base", "allow":
		p.fail(l.pos(), "%q stands at the margin", w)
		p.i++
		p.skip(level)
		return nil
	}
	p.i++
	return p.simple(l)
}

// simple reads a statement of one line: goto, return, a step or a call.
func (p *parser) simple(l *line) *Stmt {
	s := &Stmt{Kind: Do, Pos: l.pos(), Trivia: l.Trivia}
	c := &cursor{p: p, l: l}
	switch l.word() {
	case "goto":
		c.i++
		w, _ := c.name("label")
		s.Kind, s.To = Goto, &Target{Pos: w.Pos, Label: w.Text}
	case "return":
		s.Kind, s.To = Exit, c.target()
	default:
		s.Call = c.term()
		if t := c.peek(); c.take("else") {
			if c.i == len(c.l.toks) {
				c.fail(t.pos, `else needs a label, or "return"`)
			}
			s.To = c.target()
		}
	}
	c.end()
	return s
}

// target reads LABEL, return or return false.
func (c *cursor) target() *Target {
	t := c.peek()
	if c.take("return") {
		to := &Target{Pos: t.pos, Exit: true}
		if c.take("false") {
			to.False = true
		} else {
			c.take("true")
		}
		return to
	}
	if c.take("goto") {
		c.fail(t.pos, `write "else LABEL", without goto`)
	}
	w, _ := c.name("label")
	return &Target{Pos: w.Pos, Label: w.Text}
}

// term reads NAME and, if one follows, its argument.
func (c *cursor) term() Term {
	var t Term
	t.Name, _ = c.name("step")
	if a := c.peek(); a.word && !reserved[a.text] {
		t.Arg = Word{a.pos, a.text}
		c.i++
	}
	return t
}

// cond reads the condition of a line from token i on.
func (p *parser) cond(l *line, i int) Cond {
	c := &cursor{p: p, l: l, i: i}
	var cond Cond
	op := ""
	for {
		not := c.take("not")
		t := c.term()
		t.Not = not
		cond.Terms = append(cond.Terms, t)
		next := c.peek()
		if next.text != "and" && next.text != "or" {
			break
		}
		if op != "" && next.text != op {
			c.fail(next.pos, "and with or in one condition; nest two ifs, or make a function")
		}
		op = next.text
		c.i++
	}
	c.end()
	cond.Or = op == "or"
	return cond
}

// inner reads the block that line l opens.
func (p *parser) inner(l *line, level int) []*Stmt {
	body := p.block(level + 1)
	if len(body) == 0 {
		p.fail(l.pos(), "nothing is indented below this %s", l.word())
	}
	return body
}

// ifStmt reads an if and the elses that belong to it.
func (p *parser) ifStmt(level int) *Stmt {
	first := p.peek()
	s := &Stmt{Kind: If, Pos: first.pos(), Trivia: first.Trivia}
	for l := first; l != nil; l = p.peek() {
		arm := &Arm{Pos: l.pos(), Trivia: l.Trivia}
		last := false
		switch {
		case l == first:
			arm.Cond, arm.Trivia = p.cond(l, 1), Trivia{}
		case l.level != level || l.word() != "else" || l.label():
			return s
		case len(l.toks) > 1 && l.toks[1].text == "if":
			arm.Cond = p.cond(l, 2)
		default:
			(&cursor{p: p, l: l, i: 1}).end()
			last = true
		}
		p.i++
		arm.Body = p.inner(l, level)
		s.Arms = append(s.Arms, arm)
		if last {
			break
		}
	}
	return s
}
