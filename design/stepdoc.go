package design

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tagswap/mm"
)

// StepDoc is what a writer of designs has to know of a step.
type StepDoc struct {
	Name   string    `json:"name"`
	Doc    string    `json:"doc"`
	Source string    `json:"source"` // kernel file:function (version)
	Args   []string  `json:"args,omitempty"`
	Test   bool      `json:"test"` // its result can be tested
	Needs  []mm.Lock `json:"needs,omitempty"`
	Takes  []mm.Lock `json:"takes,omitempty"`
	Drops  []mm.Lock `json:"drops,omitempty"`
	Uses   []mm.Reg  `json:"uses,omitempty"`
	Sets   []mm.Reg  `json:"sets,omitempty"`
}

// File returns the kernel file of the step, where it follows one.
func (s *StepDoc) File() string {
	file, _, _ := strings.Cut(s.Source, ":")
	return file
}

// Func returns the kernel function of the step, with its release.
func (s *StepDoc) Func() string {
	_, fn, _ := strings.Cut(s.Source, ":")
	return fn
}

// StepDocs returns all steps grouped by kernel file, in the order in which the
// files come up in the registry.
func (r *Registry) StepDocs() []StepDoc {
	var docs []StepDoc
	rank := map[string]int{}
	for _, s := range r.Steps {
		d := StepDoc{s.Name, s.Doc, s.Source, s.Args, s.Cond, s.Needs, s.Takes, s.Drops, s.Uses, s.Sets}
		if _, ok := rank[d.File()]; !ok {
			rank[d.File()] = len(rank)
		}
		docs = append(docs, d)
	}
	slices.SortStableFunc(docs, func(a, b StepDoc) int { return cmp.Compare(rank[a.File()], rank[b.File()]) })
	return docs
}

// StepDoc returns one step.
func (r *Registry) StepDoc(name string) (StepDoc, error) {
	var names []string
	for _, d := range r.StepDocs() {
		if d.Name == name {
			return d, nil
		}
		names = append(names, d.Name)
	}
	return StepDoc{}, fmt.Errorf("there is no step %q%s", name, hint(name, names))
}

// Usage shows the step as it stands in a list.
func (s *StepDoc) Usage() string {
	if len(s.Args) == 0 {
		return s.Name
	}
	args := strings.Join(s.Args, "|")
	if s.Args[0] == "" {
		return s.Name + " [" + args[1:] + "]"
	}
	return s.Name + " " + args
}

// Effects says in one sentence what the step wants and leaves: locks and
// registers. It is empty for a step that has nothing to do with either.
func (s *StepDoc) Effects() string {
	var parts []string
	locks := func(verb string, ls []mm.Lock) {
		if len(ls) > 0 {
			words := make([]string, len(ls))
			for i, l := range ls {
				words[i] = "the " + string(l)
			}
			parts = append(parts, verb+" "+strings.Join(words, " and "))
		}
	}
	regs := func(verb string, rs []mm.Reg) {
		if len(rs) > 0 {
			words := make([]string, len(rs))
			for i, r := range rs {
				words[i] = string(r)
			}
			parts = append(parts, verb+" "+strings.Join(words, ", "))
		}
	}
	locks("needs", s.Needs)
	locks("takes", s.Takes)
	locks("drops", s.Drops)
	regs("uses", s.Uses)
	regs("sets", s.Sets)
	text := strings.Join(parts, "; ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
