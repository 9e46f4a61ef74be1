package mm

// Steps returns every primitive that a design may use, in the order in which
// documentation shows them. The slice is shared and must not be changed.
func Steps() []*Step { return allSteps }

var allSteps = concat(
	pteSteps, folioSteps, faultSteps, copySteps, slotSteps, mapSteps, cacheSteps, deviceSteps,
	tagSteps, reclaimSteps, rmapSteps, forkSteps, zapSteps, swapoffSteps, gupSteps, ksmSteps, shmemSteps,
)

func concat(lists ...[]*Step) []*Step {
	var all []*Step
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// Entries returns the functions that the model itself calls; every design has
// them, its own or inherited.
func Entries() []string { return entries[:] }

// list is a function that the model itself calls.
type list int

const (
	listFault list = iota
	listPageout
	listDontneed
	listFree
	listWillneed
	listReclaim
	listSwapOut
	listFork
	listZap
	listChange
	listFollow
	listSwapoff
	listMerge
	listDrain
	listEvict
)

var entries = [...]string{
	listFault: "handle_pte_fault", listPageout: "madvise_pageout", listDontneed: "madvise_dontneed",
	listFree: "madvise_free", listWillneed: "madvise_willneed", listReclaim: "reclaim", listSwapOut: "swap_out",
	listFork: "fork_pte", listZap: "zap_pte", listChange: "change_pte", listFollow: "follow_page",
	listSwapoff: "swapoff", listMerge: "merge", listDrain: "slot_cache_drain", listEvict: "shmem_evict",
}

// act is a step without a result worth testing.
func act(name, source, doc string, run func(k *Kernel, f *Frame)) *Step {
	return &Step{Name: name, Source: source, Doc: doc, act: run, Run: func(k *Kernel, f *Frame, _ int) bool {
		run(k, f)
		return true
	}}
}

// cond is a step whose result matters.
func cond(name, source, doc string, run func(k *Kernel, f *Frame) bool) *Step {
	return &Step{Name: name, Source: source, Doc: doc, Cond: true, test: run, Run: func(k *Kernel, f *Frame, _ int) bool {
		return run(k, f)
	}}
}

// withArg is a step that takes one word of args.
func withArg(name, source, doc string, args []string, conditional bool, run func(k *Kernel, f *Frame, arg int) bool) *Step {
	return &Step{Name: name, Source: source, Doc: doc, Args: args, Cond: conditional, Run: run}
}

func (s *Step) needs(l ...Lock) *Step { s.Needs = append(s.Needs, l...); return s }
func (s *Step) takes(l ...Lock) *Step { s.Takes = append(s.Takes, l...); return s }
func (s *Step) drops(l ...Lock) *Step { s.Drops = append(s.Drops, l...); return s }
func (s *Step) uses(r ...Reg) *Step   { s.Uses = append(s.Uses, r...); return s }
func (s *Step) sets(r ...Reg) *Step   { s.Sets = append(s.Sets, r...); return s }

// known says that the result is known on some machines.
func (s *Step) known(f func(k *Kernel) (result, known bool)) *Step { s.fixed = f; return s }

// noShared is known of a condition that is false where no memory is shared.
func noShared(k *Kernel) (result, known bool) {
	for i := range k.Cfg.Vars {
		if k.Cfg.Vars[i].Shared {
			return false, false
		}
	}
	return false, true
}

// ofAll is known of a condition that all swap devices agree on.
func ofAll(of func(a *AreaConfig) bool) func(k *Kernel) (result, known bool) {
	return func(k *Kernel) (result, known bool) {
		for i := range k.Cfg.Areas {
			if of(&k.Cfg.Areas[i]) != of(&k.Cfg.Areas[0]) {
				return false, false
			}
		}
		return len(k.Cfg.Areas) > 0 && of(&k.Cfg.Areas[0]), len(k.Cfg.Areas) > 0
	}
}
