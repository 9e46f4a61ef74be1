package kernel

import (
	"strings"

	"tagswap/kernel/guest"
	"tagswap/litmus"
)

// Model says what a design allows. The command gives one that explores.
type Model interface {
	// Allowed returns the final states, keyed by StateKey over Visible(t), that
	// some execution of t under the design ends in. complete says that there are
	// no others. The error is of the design or the test: unknown, out of reach.
	Allowed(design string, t *litmus.Test) (states map[string]bool, complete bool, err error)
}

// Rarity is what a Model may also know: in how many of the executions that it
// explored for the last call of Allowed a state came up. An explorer leaves out
// executions that are the same, so this is a hint of rarity, not a probability.
type Rarity interface {
	Rarity(state string) (executions, total int64)
}

// Visible are the observed locations of a test that a real kernel shows; the
// number of tag records and exclusive() are the model's alone.
func Visible(t *litmus.Test) []litmus.Loc { return guest.Visible(t) }

// StateKey is the canonical form of a final state, "x=2; 0:r1=red;": every
// location with its value, in the given order. A Model keys its states with it.
func StateKey(locs []litmus.Loc, value func(litmus.Loc) int) string {
	return guest.StateKey(locs, value)
}

// Project drops from a state of all of a test's observed locations those that a
// real kernel does not show: the checker's states become keys for a Model.
func Project(t *litmus.Test, state string) string {
	hidden := map[string]bool{}
	for _, l := range t.Observed() {
		hidden[l.String()] = true
	}
	for _, l := range Visible(t) {
		delete(hidden, l.String())
	}
	var keep []string
	for _, part := range strings.Split(state, ";") {
		part = strings.TrimSpace(part)
		if i := strings.LastIndexByte(part, '='); i >= 0 && !hidden[part[:i]] {
			keep = append(keep, part+";")
		}
	}
	return strings.Join(keep, " ")
}

// releases maps the beginning of uname -r to the design that describes it.
var releases = []struct{ prefix, design string }{
	{"5.10.", "v5.10-debian"},
	{"6.1.", "v6.1-debian"},
	{"6.12.", "v6.12"},
	{"7.2.", "v7.2"},
}

// DesignOf names the catalogue's design for a kernel release; ok is false for a
// release that no design describes.
func DesignOf(release string) (design string, ok bool) {
	for _, r := range releases {
		if strings.HasPrefix(release, r.prefix) {
			return r.design, true
		}
	}
	return "", false
}
