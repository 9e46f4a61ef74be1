package litmus

import (
	"fmt"
	"slices"
	"strings"
)

// Parse reads one litmus test. file is the name used in positions. Its error is
// an Errors with everything that is wrong; the test is nil then. src is not kept.
func Parse(file string, src []byte) (*Test, error) {
	p := &parser{test: &Test{Machine: defaultMachine()}}
	p.lex = newLexer(file, src, &p.errs)
	p.file()
	if len(p.errs) == 0 {
		check(p.test, p.spots, &p.errs)
	}
	if err := p.errs.err(); err != nil {
		return nil, err
	}
	return p.test, nil
}

// parser is a recursive-descent parser with one token of lookahead. It records
// errors and goes on at the next item, cell or line.
type parser struct {
	lex   *lexer
	tok   token // the next token; not valid before the init block
	end   Pos   // the end of the token before it
	line  int   // the line where the item being read (cell, declaration, location) begins
	errs  Errors
	test  *Test
	spots [][]spot // for each task and operation
	depth int      // of parentheses, bounded by maxDepth
	bare  *Prop    // the last implication read, while no parentheses are around it
}

// spot holds the places of an operation's operands, for messages.
type spot struct {
	name, name2, tag, task, area, value Pos
}

func (p *parser) next() {
	p.end = p.lex.pos()
	p.tok = p.lex.next()
}

// expected reports that what should come next does not. When the line of the
// item ends first, the place is the end of the line.
func (p *parser) expected(what string) {
	switch {
	case p.tok.kind == tokBad: // reported by the lexer
	case p.end.Line > 0 && p.tok.pos.Line > max(p.end.Line, p.line):
		p.errorf(p.end, "expected %s, found the end of the line", what)
	default:
		p.errorf(p.tok.pos, "expected %s, found %s", what, p.tok)
	}
}

func (p *parser) errorf(pos Pos, format string, args ...any) { p.errs.add(pos, format, args...) }

func (p *parser) at(text string) bool {
	return p.tok.text == text && (p.tok.kind == tokPunct || p.tok.kind == tokIdent)
}

func (p *parser) atAny(texts ...string) bool { return slices.ContainsFunc(texts, p.at) }

func (p *parser) accept(text string) bool {
	if !p.at(text) {
		return false
	}
	p.next()
	return true
}

// expect reads text; where says what it belongs to.
func (p *parser) expect(text, where string) bool {
	if p.accept(text) {
		return true
	}
	p.expected(`"` + text + `" ` + where)
	return false
}

// ident reads a name; what says of what.
func (p *parser) ident(what string) (string, bool) {
	if p.tok.kind != tokIdent {
		p.expected(what)
		return "", false
	}
	name := p.tok.text
	p.next()
	return name, true
}

// oneOf reads one of a list of words.
func (p *parser) oneOf(what string, words []string) (string, bool) {
	t := p.tok
	word, ok := p.ident(what + " (" + strings.Join(words, ", ") + ")")
	if ok && !slices.Contains(words, word) {
		p.errorf(t.pos, "unknown %s %q%s", what, word, hint(word, words))
		return "", false
	}
	return word, ok
}

// number reads a number from lo to hi.
func (p *parser) number(what string, lo, hi int) (int, bool) {
	t := p.tok
	if t.kind != tokNumber {
		p.expected(fmt.Sprintf("%s (%d to %d)", what, lo, hi))
		return 0, false
	}
	p.next()
	n, ok := number(t.text)
	if !ok || n < lo || n > hi {
		p.errorf(t.pos, "%s is a number from %d to %d, not %s", what, lo, hi, t.text)
		return 0, false
	}
	return n, true
}

// tag reads an allocation tag: a colour or a number.
func (p *parser) tag() (Tag, bool) {
	if t := p.tok; t.kind == tokIdent {
		p.next()
		if i := slices.Index(tagNames, t.text); i >= 0 {
			return Tag(i), true
		}
		p.errorf(t.pos, "unknown tag %q%s", t.text, hint(t.text, tagNames))
		return 0, false
	}
	n, ok := p.number("a tag", 0, MaxTag)
	return Tag(n), ok
}

// task reads P0, P1, …; bare numbers are read where herd has them (0:r1).
func (p *parser) task() (int, bool) {
	t := p.tok
	if n, ok := taskNumber(t.text); ok && t.kind == tokIdent {
		p.next()
		return n, true
	}
	p.expected("a task (P0, P1, …)")
	return 0, false
}

// variable reads x or [x].
func (p *parser) variable() (string, Pos, bool) {
	bracket := p.accept("[")
	pos := p.tok.pos
	name, ok := p.ident("a variable")
	if ok && bracket {
		ok = p.expect("]", "after the variable")
	}
	return name, pos, ok
}

// skipTo moves to the next token that is one of texts, or to the first token
// after the line of the item when line is true.
func (p *parser) skipTo(line bool, texts ...string) {
	for p.tok.kind != tokEOF && !p.atAny(texts...) {
		if line && p.tok.pos.Line > p.line {
			return
		}
		p.next()
	}
}

// file reads the whole file.
func (p *parser) file() {
	p.header()
	p.metadata()
	if p.lex.eof() && len(p.errs) > 0 {
		return // something was never closed
	}
	p.next()
	if p.at("{") {
		p.initBlock()
	} else {
		p.errorf(p.tok.pos, `expected the init block "{ … }" before the program, found %s`, p.tok)
		p.skipTo(false, "P0")
	}
	if p.columns() {
		p.rows()
	}
	p.sections()
	resolve(p.test)
}

// header reads the first line and the doc string.
func (p *parser) header() {
	l := p.lex
	l.space()
	p.test.Pos = l.pos()
	if arch := l.take(isWord); arch != "LinuxMM" {
		p.errorf(p.test.Pos, `a test begins with "LinuxMM NAME", not with %q`, arch)
		l.restOfLine()
	} else {
		l.blank()
		pos := l.pos()
		if p.test.Name = l.take(isName); p.test.Name == "" {
			p.errorf(pos, `the test has no name; the first line is "LinuxMM NAME"`)
		}
	}
	l.space()
	if l.byte() == '"' {
		p.test.Doc = l.quoted()
		l.space()
	}
	if l.byte() == ';' {
		l.skip(1)
	}
}

// metadata reads Key=value lines up to the init block.
func (p *parser) metadata() {
	l := p.lex
	for l.space(); isLetter(l.byte()); l.space() {
		m := Meta{Pos: l.pos(), Key: l.take(isWord)}
		if _, isTask := taskNumber(m.Key); isTask {
			// The init block is missing; file says so. Give the table back.
			l.off -= len(m.Key)
			l.col -= len(m.Key)
			return
		}
		if l.blank(); l.byte() != '=' {
			p.errorf(m.Pos, `expected "Key=value" or the init block, found %q`, m.Key)
			l.restOfLine()
			continue
		}
		l.skip(1)
		l.blank()
		at := l.pos()
		m.Value = strings.TrimSpace(l.restOfLine())
		p.meta(m, at)
	}
}

// columns reads the header row of the program.
func (p *parser) columns() bool {
	if p.tok.kind == tokEOF {
		p.errorf(p.tok.pos, `expected the program, beginning with a row "P0 | P1 | … ;"`)
		return false
	}
	for {
		p.column()
		if !p.accept("|") {
			break
		}
	}
	if !p.expect(";", "at the end of the row of tasks") {
		if p.skipTo(true, ";"); p.tok.pos.Line == p.line {
			p.accept(";")
		}
	}
	p.spots = make([][]spot, len(p.test.Tasks))
	return true
}

// column reads one cell of the header row: P1, P1:child, P1:thread(P2).
func (p *parser) column() {
	p.line = p.tok.pos.Line
	t := Task{ID: len(p.test.Tasks), Pos: p.tok.pos}
	id, ok := p.task()
	if ok && id != t.ID {
		p.errorf(t.Pos, "expected column P%d, found P%d; columns are P0, P1, … without gaps", t.ID, id)
	}
	if ok && p.accept(":") {
		ok = p.relation(&t)
	} else if t.ID > 0 {
		t.Relation, t.Of = Thread, 0
	}
	if !ok {
		p.skipTo(true, "|", ";")
	}
	p.test.Tasks = append(p.test.Tasks, t)
}

func (p *parser) relation(t *Task) bool {
	pos := p.tok.pos
	word, ok := p.oneOf("relation", relations)
	if !ok {
		return false
	}
	t.Relation = Relation(slices.Index(relations, word))
	if t.ID == 0 {
		p.errorf(pos, "P0 is where the address space comes from; write it without a relation")
		return true
	}
	if t.Relation == Process {
		t.Of = t.ID
		return true
	}
	if p.accept("(") {
		if t.Of, ok = p.task(); !ok {
			return false
		}
		return p.expect(")", "after the task")
	}
	return true
}

// rows reads the rows of operations.
func (p *parser) rows() {
	for p.tok.kind != tokEOF && !p.atSection() {
		p.row()
	}
}

func (p *parser) atSection() bool {
	return p.tok.kind == tokIdent && slices.Contains(sectionWords, p.tok.text) || p.at("~")
}

func (p *parser) row() {
	pos, cells := p.tok.pos, 0
	for {
		p.cell(cells)
		cells++
		if p.accept("|") {
			continue
		}
		if p.accept(";") {
			break
		}
		p.expected(`"|" or ";" after the operation`)
		if p.skipTo(true, "|", ";"); p.accept("|") {
			continue
		}
		if p.tok.pos.Line == p.line {
			p.accept(";")
		}
		return
	}
	if n := len(p.test.Tasks); cells != n {
		p.errorf(pos, "cells: %d in this row, %d in the row of tasks; an empty cell is nothing between bars", cells, n)
	}
}
