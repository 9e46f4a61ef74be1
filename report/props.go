package report

import (
	"slices"
	"strings"

	"tagswap/check"
)

// property is one of the properties that are judged, as the matrix shows it.
type property struct {
	letter byte
	name   string
	means  string
}

// properties go from the one that says most about a bug to the one that says
// least: what failed is reported in this order.
var properties = []property{
	{'!', "panic", "the model itself went wrong: please report it"},
	{'U', "use-after-free", "something is used after it was freed"},
	{'T', "tags", "a page has other tags than the program set"},
	{'C', "content", "a load sees what was not stored last"},
	{'E', "exclusive", "a page is writable in one process and mapped in another"},
	{'P', "pin", "a pin and its mapping see different pages"},
	{'R', "refcount", "a count is not what it counts"},
	{'L', "leak", "a page, slot or tag record is never freed"},
	{'N', "counters", "MM_ANONPAGES or MM_SWAPENTS is wrong"},
	{'D', "deadlock", "tasks wait for each other"},
	{'V', "livelock", "tasks go round without getting on"},
	{'X', "data-race", "two plain accesses are not ordered"},
	{'O', "condition", "the test's own condition, and nothing else"},
}

// Properties returns the names of all properties, the most telling first.
func Properties() []string {
	names := make([]string, len(properties))
	for i, p := range properties {
		names[i] = p.name
	}
	return names
}

// rank is a property's place in properties.
func rank(name string) int {
	i := slices.IndexFunc(properties, func(p property) bool { return p.name == name })
	if i < 0 {
		return len(properties)
	}
	return i
}

// Failing returns the properties that fail in r, the most telling first.
func Failing(r *check.Result) []string {
	names := r.Properties()
	slices.SortFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names
}

// letters are a cell of the matrix: '.' holds, '?' bounded, else a letter for each
// property that fails. The condition shows only if nothing else does.
func letters(r *check.Result) string {
	switch r.Verdict {
	case check.Holds:
		return "."
	case check.Bounded:
		return "?"
	}
	names := Failing(r)
	var b strings.Builder
	for _, n := range names {
		if n == "condition" && len(names) > 1 {
			continue
		}
		if i := rank(n); i < len(properties) {
			b.WriteByte(properties[i].letter)
		} else {
			b.WriteByte('!')
		}
	}
	return b.String()
}

// whyBounded says in words why a check is not complete.
func whyBounded(cut string) string {
	switch cut {
	case check.CutStopped:
		return "interrupted"
	case check.CutNotRun:
		return "interrupted before it began"
	case check.CutTime:
		return "out of time"
	case check.CutExecutions:
		return "bound reached"
	case check.CutEvents:
		return "an execution without end was cut"
	case check.CutPriorities:
		return "a FIFO task, which this search does not take"
	}
	return cut
}
