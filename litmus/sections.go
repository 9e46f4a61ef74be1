package litmus

import "slices"

// sections reads what follows the program: locations, filter, condition.
func (p *parser) sections() {
	for seen := ""; p.tok.kind != tokEOF; {
		pos := p.tok.pos
		switch {
		case p.at("locations") && seen == "":
			seen = p.tok.text
			p.next()
			p.locations()
		case p.at("filter") && (seen == "" || seen == "locations"):
			seen = p.tok.text
			p.next()
			p.test.Filter = p.prop()
		case p.atAny("~", "forall", "exists"):
			p.condition()
			return
		case p.atAny("locations", "filter"):
			p.errorf(pos, "%s stands once, in the order locations, filter, condition", p.tok)
			p.next()
			p.skipTo(false, "filter", "forall", "exists", "~")
		default:
			p.expected("locations, filter or a condition (forall, exists, ~exists)")
			p.next()
			p.skipTo(false, sectionWords...)
		}
	}
}

// locations reads [ loc; loc; … ].
func (p *parser) locations() {
	if !p.expect("[", "after locations") {
		return
	}
	for !p.at("]") && p.tok.kind != tokEOF && !p.atSection() {
		if loc, ok := p.loc(); ok {
			p.test.Observe = append(p.test.Observe, loc)
		} else {
			p.skipTo(true, ";", "]")
		}
		if !p.accept(";") {
			break
		}
	}
	if !p.expect("]", "after the locations") {
		p.skipTo(true, "]")
		p.accept("]")
	}
}

// condition reads the quantifier and its proposition, up to the end of the file.
func (p *parser) condition() {
	p.test.Quant = Forall
	if p.accept("~") {
		p.test.Quant = NotExists
		if !p.expect("exists", `after "~"`) {
			return
		}
	} else if p.at("exists") {
		p.test.Quant = Exists
		p.next()
	} else {
		p.next()
	}
	if p.test.Cond = p.prop(); p.test.Cond == nil {
		return
	}
	p.accept(";")
	if p.tok.kind != tokEOF && p.tok.kind != tokBad {
		p.errorf(p.tok.pos, "nothing may follow the condition, found %s", p.tok)
	}
}

// maxDepth bounds the nesting of a condition.
const maxDepth = 100

// prop reads a proposition: \/ binds loosest, then /\, =>, ~. It returns nil
// after an error, having moved to the next section.
func (p *parser) prop() *Prop {
	prop := p.or()
	if prop == nil {
		p.skipTo(false, "filter", "forall", "exists")
	}
	return prop
}

func (p *parser) or() *Prop  { return p.chain(PropOr, `\/`, p.and) }
func (p *parser) and() *Prop { return p.chain(PropAnd, `/\`, p.implies) }

// chain reads operands joined by one operator into one node. Operands of the
// same kind are merged into it, since both operators are associative.
func (p *parser) chain(kind PropKind, op string, operand func() *Prop) *Prop {
	left := operand()
	if left == nil || !p.at(op) {
		return left
	}
	node := &Prop{Kind: kind, Pos: left.Pos}
	for {
		if left == p.bare {
			p.errorf(left.Pos, `put parentheses around "=>" when it stands beside "%s"`, op)
		}
		if left.Kind == kind {
			node.Kids = append(node.Kids, left.Kids...)
		} else {
			node.Kids = append(node.Kids, left)
		}
		if !p.accept(op) {
			return node
		}
		if left = operand(); left == nil {
			return nil
		}
	}
}

func (p *parser) implies() *Prop {
	left := p.not()
	if left == nil || !p.accept("=>") {
		return left
	}
	right := p.not()
	if right == nil {
		return nil
	}
	if p.at("=>") {
		p.errorf(p.tok.pos, `put parentheses around one "=>" when there are two`)
		return nil
	}
	p.bare = &Prop{Kind: PropImplies, Kids: []*Prop{left, right}, Pos: left.Pos}
	return p.bare
}

func (p *parser) not() *Prop {
	pos := p.tok.pos
	if p.depth++; p.depth > maxDepth {
		p.errorf(pos, "this condition is nested more than %d deep", maxDepth)
		return nil
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept("~"), p.accept("not"):
		kid := p.not()
		if kid == nil {
			return nil
		}
		return &Prop{Kind: PropNot, Kids: []*Prop{kid}, Pos: pos}
	case p.accept("("):
		inner := p.or()
		if inner == nil || !p.expect(")", "at the end of the proposition") {
			return nil
		}
		p.bare = nil
		return inner
	case p.accept("true"):
		return &Prop{Kind: PropTrue, Pos: pos}
	case p.accept("false"):
		return &Prop{Kind: PropFalse, Pos: pos}
	}
	return p.atom()
}

// atom reads loc=value, loc!=value, loc=loc, or a state function alone (=1).
func (p *parser) atom() *Prop {
	loc, ok := p.loc()
	if !ok {
		return nil
	}
	prop := &Prop{Kind: PropAtom, Loc: loc, Pos: loc.Pos}
	switch {
	case p.accept("="), p.accept("=="):
	case p.accept("!="), p.accept("<>"):
		prop.Neq = true
	case isFlag(loc):
		prop.Value.N = 1
		return prop
	default:
		p.expected(`"=" or "!=" after ` + loc.String())
		return nil
	}
	return p.right(prop)
}

// right reads the right side of an atom.
func (p *parser) right(prop *Prop) *Prop {
	colon := p.accept(":")
	t := p.tok
	switch {
	case colon, t.kind == tokIdent && slices.Contains(tagNames, t.text):
		tag, ok := p.tag()
		if !ok {
			return nil
		}
		prop.Value = Value{N: int(tag), IsTag: true}
	case t.kind == tokNumber && !p.lex.has(":"):
		n, ok := p.number("a value", 0, MaxValue)
		if !ok {
			return nil
		}
		prop.Value.N = n
	default:
		loc, ok := p.loc()
		if !ok {
			return nil
		}
		prop.Right = &loc
	}
	return prop
}

// isFlag says whether a location is 0 or 1, so that it can stand alone.
func isFlag(l Loc) bool {
	return slices.Contains([]string{"fault", "swapped", "cached", "exclusive"}, l.Func)
}
