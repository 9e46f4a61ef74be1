package design

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Resolved is a function and the design of the chain that states it.
type Resolved struct {
	*Fn
	Design *Design
}

// Resolve returns all functions of a linked design by name: its own, and those
// of its bases that it does not replace.
func (d *Design) Resolve() map[string]Resolved {
	all := map[string]Resolved{}
	for ; d != nil; d = d.base {
		for _, f := range d.Fns {
			if _, ok := all[f.Name]; !ok {
				all[f.Name] = Resolved{f, d}
			}
		}
	}
	return all
}

// Lookup returns one function of a linked design.
func (d *Design) Lookup(name string) (Resolved, error) {
	f, ok := d.Resolve()[name]
	if !ok {
		return f, fmt.Errorf("design %s has no function %q%s", d.Name, name, hint(name, d.Order()))
	}
	return f, nil
}

// Order returns the names of all functions in reading order: as the root states
// them, then what each derived design adds.
func (d *Design) Order() []string {
	var chain []*Design
	for ; d != nil; d = d.base {
		chain = append(chain, d)
	}
	var names []string
	seen := map[string]bool{}
	for _, d := range slices.Backward(chain) {
		for _, f := range d.Fns {
			if !seen[f.Name] {
				seen[f.Name] = true
				names = append(names, f.Name)
			}
		}
	}
	return names
}

// Hash returns 12 hexadecimal digits that stand for all resolved step lists:
// not for names of designs, comments, or which design of the chain states what.
func (d *Design) Hash() string {
	h := sha256.New()
	all := d.Resolve()
	for _, n := range slices.Sorted(maps.Keys(all)) {
		h.Write([]byte(all[n].Text()))
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// Flat prints all resolved functions as one design without a base.
func (d *Design) Flat() string {
	flat := *d
	flat.base, flat.Base, flat.Fns = nil, "", nil
	flat.NameLine, flat.BaseLine, flat.Tail = Trivia{}, Trivia{}, nil
	all := d.Resolve()
	for _, n := range d.Order() {
		flat.Fns = append(flat.Fns, all[n].Fn)
	}
	return strings.TrimSuffix(flat.Format(), "\n") + "\n"
}
