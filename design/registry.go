package design

import (
	"slices"
	"sort"

	"tagswap/mm"
)

// Registry is what a design may build on: the steps, and the functions that
// the model calls.
type Registry struct {
	Steps   []*mm.Step
	Entries []string
	// MaxDepth is how many functions can be inside each other; 0: any number.
	MaxDepth int
	// State says what holds when the model calls an entry function. nil, or
	// false, means that the locks are not known and every register is set.
	State func(entry string) (EntryState, bool)
}

// EntryState is what an entry function finds and what it has to leave.
type EntryState struct {
	Held  []mm.Lock // held when it is called; all other locks are not
	Leave []mm.Lock // held when it returns
	Set   []mm.Reg  // set when it is called
}

// maxDepth is the number of frames of a task of package mm.
const maxDepth = 16

// Default returns the registry of package mm.
func Default() *Registry {
	return &Registry{Steps: mm.Steps(), Entries: mm.Entries(), MaxDepth: maxDepth, State: noLocks}
}

// noLocks is the state of an entry that is called without a lock, like a system
// call or a fault, and with every register as it was before.
func noLocks(string) (EntryState, bool) { return EntryState{Set: mm.Regs()}, true }

// index is a registry made ready for lookups.
type index struct {
	*Registry
	steps map[string]*mm.Step
	names []string
	regs  []string
}

func (r *Registry) index() *index {
	x := &index{Registry: r, steps: map[string]*mm.Step{}}
	known := map[mm.Reg]bool{}
	for _, reg := range mm.Regs() {
		known[reg] = true
	}
	for _, s := range r.Steps {
		x.steps[s.Name] = s
		x.names = append(x.names, s.Name)
		for _, reg := range slices.Concat(s.Uses, s.Sets) {
			known[reg] = true
		}
	}
	for reg := range known {
		x.regs = append(x.regs, string(reg))
	}
	sort.Strings(x.regs)
	return x
}

// argument returns the index of a step's argument, or false.
func argument(s *mm.Step, arg string) (int, bool) {
	i := slices.Index(s.Args, arg)
	if i < 0 && arg == "" && len(s.Args) == 0 {
		return 0, true
	}
	return max(i, 0), i >= 0
}
