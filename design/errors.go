package design

import (
	"fmt"
	"sort"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Error is one thing that is wrong with a design.
type Error struct {
	File      string
	Line, Col int
	Msg       string // what is wrong and what would be right
	Warning   bool   // worth saying, but the design can run
}

// Error returns file:line:col: message.
func (e *Error) Error() string {
	word := ""
	if e.Warning {
		word = "warning: "
	}
	return fmt.Sprintf("%s:%d:%d: %s%s", e.File, e.Line, e.Col, word, e.Msg)
}

// Errors is everything found wrong, in the order of the files. It is never
// empty when it is returned as an error.
type Errors []*Error

// Error returns one line for each error.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// maxErrors bounds what one run can say: past it the rest is noise.
const maxErrors = 20

// add records an error, at most one of each severity for each place.
func (es *Errors) add(file string, pos Pos, format string, args ...any) {
	es.put(&Error{File: file, Line: pos.Line, Col: pos.Col, Msg: fmt.Sprintf(format, args...)})
}

func (es *Errors) warn(file string, pos Pos, format string, args ...any) {
	es.put(&Error{File: file, Line: pos.Line, Col: pos.Col, Msg: fmt.Sprintf(format, args...), Warning: true})
}

func (es *Errors) put(n *Error) {
	same := 0
	for _, e := range *es {
		if e.Warning != n.Warning {
			continue
		}
		if same++; e.File == n.File && e.Line == n.Line && e.Col == n.Col {
			return
		}
	}
	if same < maxErrors {
		*es = append(*es, n)
	}
}

// full says whether further errors would be dropped.
func (es Errors) full() bool {
	return len(es) >= 2*maxErrors || len(es)-len(es.Warnings()) >= maxErrors
}

// sorted returns the list in the order of the files.
func (es Errors) sorted() Errors {
	sort.SliceStable(es, func(i, j int) bool {
		a, b := es[i], es[j]
		if a.File != b.File {
			return a.File < b.File
		}
		return a.Line < b.Line || a.Line == b.Line && a.Col < b.Col
	})
	return es
}

// Fatal returns the errors without the warnings, nil when there are none.
func (es Errors) Fatal() error {
	var out Errors
	for _, e := range es {
		if !e.Warning {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// Warnings returns the warnings alone.
func (es Errors) Warnings() Errors {
	var out Errors
	for _, e := range es {
		if e.Warning {
			out = append(out, e)
		}
	}
	return out
}

// nearest returns the known word that a word was probably meant to be, or "".
func nearest(word string, known []string) string {
	best, dist := "", len(word)/3+2
	for _, k := range known {
		if d := levenshtein.ComputeDistance(word, k); d < dist && d < len(k) {
			best, dist = k, d
		}
	}
	return best
}

// hint ends a message about an unknown word: with the nearest known word, or
// with all of them when none is near and they are few.
func hint(word string, known []string) string {
	if best := nearest(word, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	if len(known) > 0 && len(known) <= 16 {
		return "; known: " + strings.Join(known, ", ")
	}
	return ""
}
