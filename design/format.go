package design

import (
	"strings"
)

const indent = "    "

// Format prints the design in the canonical form: four blanks a block, labels
// at the margin, one empty line above each function.
func (d *Design) Format() string {
	p := &printer{trivia: true}
	p.above(d.NameLine, 0, false)
	p.put(0, "design "+d.Name, d.NameLine.Tail)
	if d.Base != "" {
		p.above(d.BaseLine, 0, false)
		p.put(0, "base "+d.Base, d.BaseLine.Tail)
	}
	for _, a := range d.Allow {
		p.above(a.Trivia, 0, false)
		p.put(0, "allow "+a.Word, a.Tail)
	}
	if d.Doc != "" {
		p.above(d.DocLine, 0, false)
		p.put(0, `"`+d.Doc+`"`, d.DocLine.Tail)
	}
	for _, f := range d.Fns {
		p.blank()
		p.above(f.Trivia, 0, false)
		p.fn(f)
	}
	p.above(Trivia{Above: d.Tail}, 0, true)
	return p.String()
}

// Text prints the function alone, without comments.
func (f *Fn) Text() string {
	var p printer
	p.fn(f)
	return p.String()
}

// Source prints the function alone, with its comments.
func (f *Fn) Source() string {
	p := &printer{trivia: true}
	p.above(f.Trivia, 0, false)
	p.fn(f)
	return p.String()
}

type printer struct {
	strings.Builder
	trivia bool // print comments and empty lines
}

func (p *printer) blank() { p.WriteByte('\n') }

// put prints one line.
func (p *printer) put(level int, text, tail string) {
	p.WriteString(strings.Repeat(indent, level))
	p.WriteString(text)
	if tail != "" && p.trivia {
		p.WriteString(" " + tail)
	}
	p.WriteByte('\n')
}

// above prints the comments above a line. An empty line above the first of
// them is only kept where space says so.
func (p *printer) above(t Trivia, level int, space bool) {
	if !p.trivia {
		return
	}
	for i, c := range t.Above {
		switch {
		case c != "":
			p.put(level, c, "")
		case i > 0 || space:
			p.blank()
		}
	}
}

func (p *printer) fn(f *Fn) {
	head, sep := "fn "+f.Name, " -> "
	for _, r := range f.Returns {
		head += sep + r.Text
		sep = ", "
	}
	p.put(0, head, f.Tail)
	p.body(f.Body, 1)
}

func (p *printer) body(body []*Stmt, level int) {
	for i, s := range body {
		p.stmt(s, level, i > 0)
	}
}

// stmt prints a statement; space says whether an empty line may stand above it.
func (p *printer) stmt(s *Stmt, level int, space bool) {
	if s.Kind == Label {
		p.above(s.Trivia, 0, true)
		p.put(0, s.Name+":", s.Tail)
		return
	}
	p.above(s.Trivia, level, space)
	switch s.Kind {
	case Do:
		text := s.Call.String()
		if s.To != nil {
			text += " else " + s.To.String()
		}
		p.put(level, text, s.Tail)
	case Goto:
		p.put(level, "goto "+s.To.Label, s.Tail)
	case Exit:
		p.put(level, s.To.String(), s.Tail)
	case While:
		p.put(level, "while "+s.Cond.String(), s.Tail)
		p.body(s.Body, level+1)
	case If:
		for i, a := range s.Arms {
			head, tail := "if "+a.Cond.String(), s.Tail
			if i > 0 {
				p.above(a.Trivia, level, false)
				head, tail = "else "+head, a.Tail
			}
			if len(a.Cond.Terms) == 0 {
				head = "else"
			}
			p.put(level, head, tail)
			p.body(a.Body, level+1)
		}
	}
}

// String prints the term as in a file.
func (t Term) String() string {
	s := t.Name.Text
	if t.Not {
		s = "not " + s
	}
	if t.Arg.Text != "" {
		s += " " + t.Arg.Text
	}
	return s
}

// String prints the condition as in a file.
func (c Cond) String() string {
	op := " and "
	if c.Or {
		op = " or "
	}
	terms := make([]string, len(c.Terms))
	for i, t := range c.Terms {
		terms[i] = t.String()
	}
	return strings.Join(terms, op)
}

// String prints the target as in a file.
func (t *Target) String() string {
	switch {
	case t.False:
		return "return false"
	case t.Exit:
		return "return"
	}
	return t.Label
}
