package design

import (
	"slices"
)

// Parse reads one design file. It knows the language but not the steps: that
// names mean something is Check's affair. On errors it returns Errors.
func Parse(file string, src []byte) (*Design, error) {
	var errs Errors
	p := &parser{file: file, errs: &errs}
	p.lines, p.tail = scan(file, src, &errs)
	d := p.design()
	if len(errs) > 0 {
		return nil, errs.sorted()
	}
	return d, nil
}

type parser struct {
	file  string
	lines []*line
	tail  []string
	i     int // the next line
	errs  *Errors
}

func (p *parser) peek() *line {
	if p.i < len(p.lines) {
		return p.lines[p.i]
	}
	return nil
}

func (p *parser) fail(pos Pos, format string, args ...any) { p.errs.add(p.file, pos, format, args...) }

// design reads the whole file.
func (p *parser) design() *Design {
	d := &Design{File: p.file, Tail: p.tail, NamePos: Pos{1, 1}}
	if l := p.peek(); l == nil || l.word() != "design" {
		p.fail(Pos{1, 1}, `a design file starts with "design NAME"`)
	}
	for l := p.peek(); l != nil; l = p.peek() {
		switch {
		case l.level > 0 && !l.label():
			p.fail(l.pos(), "indented, but outside of any function")
			p.i++
		case l.doc != nil:
			p.docLine(d, l)
		case l.word() == "design" || l.word() == "base" || l.word() == "allow":
			p.headerLine(d, l)
		case l.word() == "fn":
			p.fn(d, l)
		case l.label():
			p.fail(l.pos(), "a label outside of any function")
			p.i++
		default:
			p.fail(l.pos(), "%s is not what can stand here; statements are indented below their fn%s",
				quoted(l), hint(l.word(), []string{"fn", "design", "base", "allow"}))
			p.i++
		}
	}
	return d
}

// quoted shows how a line begins.
func quoted(l *line) string {
	if len(l.toks) == 0 {
		return "this"
	}
	return `"` + l.toks[0].text + `"`
}

func (p *parser) docLine(d *Design, l *line) {
	p.i++
	if d.Doc != "" || len(d.Fns) > 0 {
		p.fail(l.pos(), "the doc string stands once, above the functions")
		return
	}
	d.Doc, d.DocLine = *l.doc, l.Trivia
}

// headerLine reads design NAME, base NAME or allow WORD.
func (p *parser) headerLine(d *Design, l *line) {
	p.i++
	key := l.toks[0].text
	if len(l.toks) != 2 || !l.toks[1].word {
		p.fail(l.pos(), "write %q and one name", key)
		return
	}
	w := l.toks[1]
	if len(d.Fns) > 0 {
		p.fail(l.pos(), "%q belongs into the header, above the functions", key)
		return
	}
	switch {
	case key == "allow":
		if w.text != AllowMissingLock {
			p.fail(w.pos, "%q cannot be allowed%s", w.text, hint(w.text, []string{AllowMissingLock}))
		} else if slices.ContainsFunc(d.Allow, func(a *Allow) bool { return a.Word == w.text }) {
			p.fail(l.pos(), "allowed twice")
		}
		d.Allow = append(d.Allow, &Allow{Pos: w.pos, Word: w.text, Trivia: l.Trivia})
	case key == "design" && d.Name == "":
		d.Name, d.NamePos, d.NameLine = w.text, w.pos, l.Trivia
	case key == "base" && d.Base == "":
		d.Base, d.BasePos, d.BaseLine = w.text, w.pos, l.Trivia
	default:
		p.fail(l.pos(), "%q stands once in a file", key)
	}
}

// fn reads a function: its head, its statements and its labels.
func (p *parser) fn(d *Design, l *line) {
	p.i++
	f := &Fn{Pos: l.pos(), Trivia: l.Trivia}
	c := &cursor{p: p, l: l, i: 1}
	if w, ok := c.name("function"); ok {
		f.Name, f.Pos = w.Text, w.Pos
		if c.take("->") {
			f.Returns = c.regs()
		}
		c.end()
	}
	if prior := d.Fn(f.Name); prior != nil && f.Name != "" {
		p.fail(f.Pos, "function %s stands already in line %d", f.Name, prior.Pos.Line)
	}
	for {
		f.Body = append(f.Body, p.block(1)...)
		l := p.peek()
		if l == nil || l.level > 0 || !l.label() {
			break
		}
		p.i++
		f.Body = append(f.Body, p.label(l))
	}
	p.labels(f)
	d.Fns = append(d.Fns, f)
}

// label reads NAME and a colon.
func (p *parser) label(l *line) *Stmt {
	c := &cursor{p: p, l: l}
	w, _ := c.name("label")
	c.take(":")
	c.end()
	return &Stmt{Kind: Label, Pos: w.Pos, Name: w.Text, Trivia: l.Trivia}
}

// labels checks that a function's labels are unique and its jumps have one.
func (p *parser) labels(f *Fn) {
	at := map[string]int{}
	var names []string
	walk(f.Body, func(s *Stmt) {
		if s.Kind != Label || s.Name == "" {
			return
		}
		if prior, ok := at[s.Name]; ok {
			p.fail(s.Pos, "label %s stands already in line %d", s.Name, prior)
			return
		}
		at[s.Name] = s.Pos.Line
		names = append(names, s.Name)
	})
	walk(f.Body, func(s *Stmt) {
		if s.To == nil || s.To.Exit || s.To.Label == "" {
			return
		}
		if _, ok := at[s.To.Label]; !ok {
			p.fail(s.To.Pos, "function %s has no label %q%s", f.Name, s.To.Label, hint(s.To.Label, names))
		}
	})
}

// cursor reads the tokens of one line.
type cursor struct {
	p   *parser
	l   *line
	i   int
	bad bool // an error was reported; say no more about this line
}

func (c *cursor) peek() token {
	if c.i < len(c.l.toks) {
		return c.l.toks[c.i]
	}
	end := c.l.pos()
	if n := len(c.l.toks); n > 0 {
		last := c.l.toks[n-1]
		end = Pos{last.pos.Line, last.pos.Col + len(last.text)}
	}
	return token{pos: end}
}

func (c *cursor) fail(pos Pos, format string, args ...any) {
	if !c.bad {
		c.p.fail(pos, format, args...)
	}
	c.bad = true
}

// take moves over a token with the given text.
func (c *cursor) take(text string) bool {
	if c.peek().text != text {
		return false
	}
	c.i++
	return true
}

// name reads a name of the given kind.
func (c *cursor) name(kind string) (Word, bool) {
	t := c.peek()
	switch {
	case !t.word:
		c.fail(t.pos, "the name of a %s is missing", kind)
		return Word{Pos: t.pos}, false
	case reserved[t.text]:
		c.fail(t.pos, "%q is a word of the language and cannot name a %s", t.text, kind)
	case !name(t.text):
		c.fail(t.pos, "%q cannot name a %s: letters, digits and _ only", t.text, kind)
	}
	c.i++
	return Word{t.pos, t.text}, !c.bad
}

// regs reads the registers behind ->.
func (c *cursor) regs() []Word {
	var regs []Word
	for {
		w, ok := c.name("register")
		if !ok {
			return regs
		}
		if slices.ContainsFunc(regs, func(r Word) bool { return r.Text == w.Text }) {
			c.fail(w.Pos, "register %s stands twice", w.Text)
		}
		regs = append(regs, w)
		if !c.take(",") {
			return regs
		}
	}
}

// end reports what is left on the line.
func (c *cursor) end() {
	if t := c.peek(); c.i < len(c.l.toks) {
		c.fail(t.pos, "%q is too much here", t.text)
	}
}
