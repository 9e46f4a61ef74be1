package litmus

import "strings"

type tokenKind int

const (
	tokEOF    tokenKind = iota
	tokIdent            // letters, digits and _, not starting with a digit
	tokNumber           // decimal or 0x, an optional minus in front
	tokPunct            // one of puncts
	tokBad              // a byte no token starts with; an error was recorded
)

type token struct {
	kind tokenKind
	text string
	pos  Pos
}

// String names the token in messages.
func (t token) String() string {
	if t.kind == tokEOF {
		return "the end of the file"
	}
	return `"` + t.text + `"`
}

// puncts holds the longer ones first, so that the first match is the longest.
var puncts = []string{
	`/\`, `\/`, "=>", "==", "!=", "<>",
	"{", "}", "(", ")", "[", "]", ";", "|", ":", ",", "=", "~", "+",
}

// lexer cuts a file into tokens. The header and the metadata lines are read
// with its raw methods, which must not be mixed with a token of lookahead.
type lexer struct {
	src  []byte
	file string
	off  int
	line int
	col  int
	errs *Errors
}

func newLexer(file string, src []byte, errs *Errors) *lexer {
	return &lexer{src: src, file: file, line: 1, col: 1, errs: errs}
}

func (l *lexer) pos() Pos { return Pos{File: l.file, Line: l.line, Col: l.col} }

// byte returns the next byte, 0 at the end. A NUL in the file is no token either.
func (l *lexer) byte() byte {
	if l.off < len(l.src) {
		return l.src[l.off]
	}
	return 0
}

func (l *lexer) eof() bool { return l.off >= len(l.src) }

func (l *lexer) has(s string) bool {
	return len(l.src)-l.off >= len(s) && string(l.src[l.off:l.off+len(s)]) == s
}

// skip moves over n bytes.
func (l *lexer) skip(n int) {
	for ; n > 0 && !l.eof(); n-- {
		if l.src[l.off] == '\n' {
			l.line++
			l.col = 1
		} else {
			l.col++
		}
		l.off++
	}
}

// blank skips white space within a line, and comments.
func (l *lexer) blank() {
	for l.byte() == ' ' || l.byte() == '\t' || l.byte() == '\r' || l.has("(*") {
		if l.has("(*") {
			l.comment()
		} else {
			l.skip(1)
		}
	}
}

// space skips white space, line ends and comments.
func (l *lexer) space() {
	for l.blank(); l.byte() == '\n'; l.blank() {
		l.skip(1)
	}
}

// comment skips one comment with those nested in it.
func (l *lexer) comment() {
	start, depth := l.pos(), 0
	for !l.eof() {
		switch {
		case l.has("(*"):
			depth++
			l.skip(2)
		case l.has("*)"):
			depth--
			l.skip(2)
			if depth == 0 {
				return
			}
		default:
			l.skip(1)
		}
	}
	l.errs.add(start, `this comment is never closed; end it with "*)"`)
}

// take reads the bytes that ok accepts.
func (l *lexer) take(ok func(byte) bool) string {
	start := l.off
	for !l.eof() && ok(l.byte()) {
		l.skip(1)
	}
	return string(l.src[start:l.off])
}

// restOfLine reads up to the end of the line, without comments.
func (l *lexer) restOfLine() string {
	var b strings.Builder
	for !l.eof() && l.byte() != '\n' {
		if l.has("(*") {
			l.comment()
			b.WriteByte(' ')
			continue
		}
		b.WriteByte(l.byte())
		l.skip(1)
	}
	return b.String()
}

// quoted reads a doc string; the next byte is its opening quote. \" and \\
// stand for themselves; lines are trimmed.
func (l *lexer) quoted() string {
	start := l.pos()
	var b strings.Builder
	for l.skip(1); ; l.skip(1) {
		switch c := l.byte(); {
		case l.eof():
			l.errs.add(start, `this doc string is never closed; end it with a double quote`)
			return ""
		case c == '"':
			l.skip(1)
			return trimLines(b.String())
		case c == '\\':
			at := l.pos()
			l.skip(1)
			if c = l.byte(); c != '"' && c != '\\' {
				l.errs.add(at, `a backslash in a doc string stands before " or \ only`)
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
}

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// next returns the next token. Bad bytes are recorded and returned as tokBad,
// one for a run of them.
func (l *lexer) next() token {
	l.space()
	t := token{pos: l.pos()}
	switch c := l.byte(); {
	case l.eof():
		return t
	case isLetter(c):
		t.kind, t.text = tokIdent, l.take(isWord)
	case isDigit(c):
		t.kind, t.text = tokNumber, l.take(isWord)
	case c == '-' && l.off+1 < len(l.src) && isDigit(l.src[l.off+1]):
		l.skip(1)
		t.kind, t.text = tokNumber, "-"+l.take(isWord)
	default:
		for _, p := range puncts {
			if l.has(p) {
				l.skip(len(p))
				t.kind, t.text = tokPunct, p
				return t
			}
		}
		t.kind, t.text = tokBad, l.take(isBad)
		if t.text == "" { // the first half of a longer mark
			t.text = string(c)
			l.skip(1)
		}
		l.errs.add(t.pos, "%q means nothing here; comments are written (* … *)", t.text)
	}
	return t
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) }

// isName says which bytes herd allows in the name of a test.
func isName(c byte) bool { return isWord(c) || strings.IndexByte("/.-+[]:", c) >= 0 }

func isBad(c byte) bool {
	return !isWord(c) && c != ' ' && c != '\t' && c != '\r' && c != '\n' &&
		strings.IndexByte(`/\=!<{}()[];|:,~+`, c) < 0
}
