package litmus

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Same says whether two locations are the same thing, wherever they stand in
// the file.
func (l Loc) Same(m Loc) bool {
	return l.Task == m.Task && l.Func == m.Func && l.Name == m.Name && l.Fault == m.Fault && l.Offset == m.Offset
}

// String returns the location as it is written in a condition.
func (l Loc) String() string {
	if l.Func == "fault" {
		s := fmt.Sprintf("fault(P%d", l.Task)
		if l.Name != "" {
			s += "," + l.Name
		}
		if l.Fault != "" {
			s += "," + l.Fault
		}
		return s + ")"
	}
	s := l.Name
	if l.Offset != 0 {
		s += "+" + strconv.Itoa(l.Offset)
	}
	switch l.Func {
	case "":
	case "slots", "records":
		return l.Func
	default:
		s = l.Func + "(" + s + ")"
	}
	if l.Task >= 0 {
		s = strconv.Itoa(l.Task) + ":" + s
	}
	return s
}

// Format returns a value of the location as it is written in a condition: tags
// by colour, all else as a number.
func (l Loc) Format(value int) string {
	return Value{N: value, IsTag: l.IsTag}.String()
}

// String returns the value as it is written in a condition.
func (v Value) String() string {
	if v.IsTag && v.N >= 0 && v.N <= MaxTag {
		return Tag(v.N).String()
	}
	return strconv.Itoa(v.N)
}

// Clone returns a deep copy; nil stays nil.
func (p *Prop) Clone() *Prop {
	if p == nil {
		return nil
	}
	c := *p
	c.Kids = nil
	for _, k := range p.Kids {
		c.Kids = append(c.Kids, k.Clone())
	}
	if p.Right != nil {
		right := *p.Right
		c.Right = &right
	}
	return &c
}

// walk calls f for each atom, from left to right. A nil proposition has none.
func (p *Prop) walk(f func(atom *Prop)) {
	if p == nil {
		return
	}
	if p.Kind == PropAtom {
		f(p)
	}
	for _, k := range p.Kids {
		k.walk(f)
	}
}

// Locs returns all locations a proposition mentions, each once, from left to
// right. A nil proposition mentions none.
func (p *Prop) Locs() []Loc {
	var locs []Loc
	add := func(l Loc) {
		if !slices.ContainsFunc(locs, l.Same) {
			locs = append(locs, l)
		}
	}
	p.walk(func(atom *Prop) {
		add(atom.Loc)
		if atom.Right != nil {
			add(*atom.Right)
		}
	})
	return locs
}

// Eval says whether the proposition is true of the final state that lookup
// gives; nil is true. Every location is looked up, so that a state that lacks
// one is an error whatever the others hold.
func (p *Prop) Eval(lookup func(Loc) (int, bool)) (bool, error) {
	if p == nil {
		return true, nil
	}
	if p.Kind == PropAtom {
		return p.evalAtom(lookup)
	}
	kids := make([]bool, len(p.Kids))
	for i, k := range p.Kids {
		var err error
		if kids[i], err = k.Eval(lookup); err != nil {
			return false, err
		}
	}
	switch p.Kind {
	case PropAnd:
		return !slices.Contains(kids, false), nil
	case PropOr:
		return slices.Contains(kids, true), nil
	case PropNot:
		return !kids[0], nil
	case PropImplies:
		return !kids[0] || kids[1], nil
	}
	return p.Kind == PropTrue, nil
}

func (p *Prop) evalAtom(lookup func(Loc) (int, bool)) (bool, error) {
	left, ok := lookup(p.Loc)
	if !ok {
		return false, fmt.Errorf("the final state has no value for %s", p.Loc)
	}
	right := p.Value.N
	if p.Right != nil {
		if right, ok = lookup(*p.Right); !ok {
			return false, fmt.Errorf("the final state has no value for %s", *p.Right)
		}
	}
	return (left == right) != p.Neq, nil
}

// String prints the proposition as herd7 does: without outer parentheses, =>
// always in them beside other operators, negation as not (…). nil prints as true.
func (p *Prop) String() string {
	if p == nil {
		return "true"
	}
	return p.print(PropTrue)
}

// print prints for a place inside a node of kind above; PropTrue is the outside.
func (p *Prop) print(above PropKind) string {
	switch p.Kind {
	case PropTrue:
		return "true"
	case PropFalse:
		return "false"
	case PropAtom:
		return p.printAtom()
	case PropNot:
		return "not (" + p.Kids[0].print(PropTrue) + ")"
	}
	kids := make([]string, len(p.Kids))
	for i, k := range p.Kids {
		kids[i] = k.print(p.Kind)
	}
	op := map[PropKind]string{PropAnd: ` /\ `, PropOr: ` \/ `, PropImplies: " => "}[p.Kind]
	s := strings.Join(kids, op)
	if above == PropTrue || above == p.Kind && above != PropImplies || above == PropOr && p.Kind == PropAnd {
		return s
	}
	return "(" + s + ")"
}

func (p *Prop) printAtom() string {
	s := p.Loc.String()
	switch {
	case p.Right != nil:
		s += "=" + p.Right.String()
	case isFlag(p.Loc) && p.Value.N == 1:
	default:
		s += "=" + p.Value.String()
	}
	if p.Neq {
		return "not (" + s + ")"
	}
	return s
}
