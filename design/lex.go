package design

import "strings"

// token is a word or one of the marks : , -> of a line.
type token struct {
	text string
	word bool
	pos  Pos
}

// line is one line with meaning, and the trivia around it.
type line struct {
	num    int
	indent int // blanks in front
	level  int // blocks deep
	toks   []token
	doc    *string // the line is a doc string
	Trivia
}

// word returns the first word of the line, "" when there is none.
func (l *line) word() string {
	if len(l.toks) > 0 && l.toks[0].word {
		return l.toks[0].text
	}
	return ""
}

// label says whether the line is NAME and a colon.
func (l *line) label() bool {
	return len(l.toks) > 1 && l.toks[0].word && l.toks[1].text == ":"
}

// pos is where the line starts to mean something.
func (l *line) pos() Pos { return Pos{l.num, l.indent + 1} }

const blanks = " \t\r"

// scanner cuts a file into lines.
type scanner struct {
	file  string
	rows  []string
	errs  *Errors
	lines []*line
	above []string
	tabs  bool // a tab was reported
}

// scan returns the lines of a file and the comments below the last.
func scan(file string, src []byte, errs *Errors) ([]*line, []string) {
	s := &scanner{file: file, rows: strings.Split(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n"), errs: errs}
	for i := 0; i < len(s.rows); i++ {
		row := s.rows[i]
		rest := strings.TrimLeft(row, blanks)
		switch {
		case rest == "":
			if n := len(s.above); n > 0 && s.above[n-1] != "" || n == 0 && len(s.lines) > 0 {
				s.above = append(s.above, "")
			}
		case rest[0] == '#':
			s.above = append(s.above, strings.TrimRight(rest, blanks))
		case rest[0] == '"':
			i = s.doc(i, len(row)-len(rest))
		default:
			s.row(i, len(row)-len(rest))
		}
	}
	s.levels()
	if n := len(s.above); n > 0 && s.above[n-1] == "" {
		s.above = s.above[:n-1]
	}
	return s.lines, s.above
}

// open starts a line and hands it the comments above.
func (s *scanner) open(i, indent int) *line {
	l := &line{num: i + 1, indent: indent}
	if t := strings.IndexAny(s.rows[i][:indent], "\t\r"); t >= 0 && !s.tabs {
		s.errs.add(s.file, Pos{i + 1, t + 1}, "a tab; indent with spaces")
		s.tabs = true
	}
	l.Above, s.above = s.above, nil
	s.lines = append(s.lines, l)
	return l
}

// doc reads a string that starts in row i and returns the row in which it ends.
func (s *scanner) doc(i, indent int) int {
	l := s.open(i, indent)
	text := s.rows[i][indent+1:]
	last := i
	for !strings.Contains(text, `"`) {
		if last++; last == len(s.rows) {
			s.errs.add(s.file, l.pos(), "the doc string is not closed")
			l.doc = new(string)
			return last
		}
		text += "\n" + s.rows[last]
	}
	text, rest, _ := strings.Cut(text, `"`)
	if rest = strings.Trim(rest, blanks); strings.HasPrefix(rest, "#") {
		l.Tail = rest
	} else if rest != "" {
		col := strings.LastIndex(s.rows[last], `"`) + 2
		s.errs.add(s.file, Pos{last + 1, col}, "text behind the doc string; it cannot contain a quotation mark")
	}
	paras := strings.Split(strings.Trim(text, blanks+"\n"), "\n")
	for j := range paras {
		paras[j] = strings.TrimRight(paras[j], blanks)
	}
	text = strings.Join(paras, "\n")
	l.doc = &text
	return last
}

// row cuts one row into tokens.
func (s *scanner) row(i, indent int) {
	l := s.open(i, indent)
	row := s.rows[i]
	for j := indent; j < len(row); {
		c := row[j]
		pos := Pos{i + 1, j + 1}
		switch {
		case strings.IndexByte(blanks, c) >= 0:
			j++
		case c == '#':
			l.Tail = strings.TrimRight(row[j:], blanks)
			return
		case strings.HasPrefix(row[j:], "->"):
			l.toks = append(l.toks, token{"->", false, pos})
			j += 2
		case c == ':' || c == ',':
			l.toks = append(l.toks, token{string(c), false, pos})
			j++
		case wordByte(c):
			k := j
			for k < len(row) && wordByte(row[k]) && !strings.HasPrefix(row[k:], "->") {
				k++
			}
			l.toks = append(l.toks, token{row[j:k], true, pos})
			j = k
		default:
			s.errs.add(s.file, pos, "%q has no meaning here", rune(c))
			j++
		}
	}
}

func wordByte(c byte) bool {
	return c == '_' || c == '.' || c == '-' || c == '+' ||
		c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// levels turns indentation into block depth. The first indented line sets the
// width for the whole file.
func (s *scanner) levels() {
	width, first := 0, 0
	for _, l := range s.lines {
		if l.indent == 0 {
			continue
		}
		if width == 0 {
			width, first = l.indent, l.num
		}
		l.level = (l.indent + width/2) / width
		if l.indent%width != 0 {
			s.errs.add(s.file, l.pos(), "indented by %d; line %d set the width of a block to %d", l.indent, first, width)
		}
	}
}

// name says whether a word can name a step, function, label or register.
func name(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !wordByte(c) || c == '-' || c == '.' || c == '+' || i == 0 && c >= '0' && c <= '9' {
			return false
		}
	}
	return s != "" && !reserved[s]
}

var reserved = map[string]bool{
	"design": true, "base": true, "allow": true, "fn": true, "if": true, "else": true, "while": true, "goto": true,
	"return": true, "true": true, "false": true, "not": true, "and": true, "or": true,
}
