package litmus

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Error is one thing that is wrong with a litmus file.
type Error struct {
	Pos Pos
	Msg string // what is wrong and what would be right
}

// Error returns file:line:col: message.
func (e *Error) Error() string { return e.Pos.String() + ": " + e.Msg }

// Errors is everything that Parse found wrong with one file, in the order of
// the file. It is never empty when it is returned as an error.
type Errors []*Error

// Error returns one line for each error.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// maxErrors bounds what one file can say: past it the rest is noise.
const maxErrors = 20

// add records an error, at most one for each place.
func (es *Errors) add(pos Pos, format string, args ...any) {
	if len(*es) >= maxErrors {
		return
	}
	for _, e := range *es {
		if e.Pos == pos {
			return
		}
	}
	*es = append(*es, &Error{Pos: pos, Msg: fmt.Sprintf(format, args...)})
}

// err returns the list in the order of the file, nil when it is empty.
func (es Errors) err() error {
	if len(es) == 0 {
		return nil
	}
	slices.SortStableFunc(es, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	return es
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
	if len(known) > 0 && len(known) <= 24 {
		return "; known: " + strings.Join(known, ", ")
	}
	return ""
}
