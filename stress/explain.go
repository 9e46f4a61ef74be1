package stress

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tagswap/mm"
)

// How many lines of each kind a violation keeps.
const (
	shownOps   = 16
	shownSteps = 40
)

// history is what is kept about the page of op, for the report of a violation.
type history struct {
	m     *Machine
	op    operation // that found it
	now   time.Duration
	ops   []pastOp   // of all actors, oldest first
	steps []pastStep // about the page, oldest first
}

type pastOp struct {
	operation
	by *actor
}

type pastStep struct {
	stepRecord
	by *actor
}

// gather copies what the actors keep. What they did since the violation was found
// is left out.
func (h *history) gather() {
	for _, a := range h.m.actors() {
		a.mu.Lock()
		a.ops.each(func(o *operation) {
			if o.began <= h.now {
				h.ops = append(h.ops, pastOp{*o, a})
			}
		})
		a.steps.each(func(s *stepRecord) {
			if s.at <= h.now && s.place.Var == h.op.page {
				h.steps = append(h.steps, pastStep{*s, a})
			}
		})
		a.mu.Unlock()
	}
	slices.SortStableFunc(h.ops, func(a, b pastOp) int { return cmp.Compare(a.began, b.began) })
	slices.SortStableFunc(h.steps, func(a, b pastStep) int { return cmp.Compare(a.at, b.at) })
}

func (h *history) event(at time.Duration, by *actor, what string) Event {
	return Event{Before: h.before(at), Task: by.name, What: what}
}

// before is how many microseconds ago at was.
func (h *history) before(at time.Duration) float64 {
	return float64((h.now - at).Nanoseconds()) / 1000
}

// underWay are the operations that others had begun and not ended.
func (h *history) underWay(me *actor) []Event {
	last := map[*actor]*pastOp{}
	for i := range h.ops {
		last[h.ops[i].by] = &h.ops[i]
	}
	var events []Event
	for _, a := range h.m.actors() {
		if o := last[a]; o != nil && a != me && a.busy.Load() {
			events = append(events, h.event(o.began, a, o.String()))
		}
	}
	return events
}

// oracle says who set contents or tags of the page last, as far as that is kept.
// What a child has not set it has from its parent.
func (h *history) oracle(property string) string {
	space, before, from := h.op.space, h.now, ""
	shared := h.m.o.Mix.shared(h.op.page)
	setter, what := OpStore, "contents"
	if property == "tags" {
		setter, what = OpTag, "tags"
	}
	for {
		fork := -1
		for i := len(h.ops) - 1; i >= 0; i-- {
			o := &h.ops[i]
			if o.began >= before {
				continue
			}
			if o.page == h.op.page && (o.space == space || shared) && (o.op == setter || setter == OpStore && o.op == OpPin && o.value != 0) {
				return fmt.Sprintf("%s of that page were last set by %s, %.0f µs before%s", what, o.by.name, h.before(o.began), from)
			}
			if o.op == OpFork && int(o.value) == space && !shared {
				fork = i
				break
			}
		}
		if fork < 0 {
			return fmt.Sprintf("nobody set %s of that page within the last %d operations of each task", what, keptOps)
		}
		space, before = h.ops[fork].space, h.ops[fork].began
		from = fmt.Sprintf(", in process %d, of which this one was forked %.0f µs before", space, h.before(before))
	}
}

// operations are the last ones on the page in any process, which may share it,
// and those that changed who has it.
func (h *history) operations() []Event {
	var events []Event
	for i := range h.ops {
		if o := &h.ops[i]; o.concerns(&h.op) {
			events = again(events, h.event(o.began, o.by, o.String()))
		}
	}
	return events[max(0, len(events)-shownOps):]
}

// again appends e, or counts it when it is what came last.
func again(events []Event, e Event) []Event {
	if n := len(events); n > 0 && events[n-1].What == e.What && events[n-1].Task == e.Task {
		e.Times = max(events[n-1].Times, 1) + 1
		events[n-1] = e
		return events
	}
	return append(events, e)
}

// concerns says whether o may have changed the page of op: it is about that page
// in any process, which may share it, or about the whole process.
func (o *operation) concerns(op *operation) bool {
	switch {
	case o.page >= 0:
		return o.page == op.page
	case o.op == OpFork || o.op == OpShare:
		return o.space == op.space || int(o.value) == op.space
	case o.op == OpExit:
		return o.space == op.space
	}
	return o.op == OpSwapoff || o.op == OpDrain
}

// stepsOfPage are the last steps of the process that found the violation, and of
// those who were at the same page frame or slot. Steps of one call stand together.
func (h *history) stepsOfPage() []Event {
	pfns, slots := map[int]bool{}, map[mm.Entry]bool{}
	for i := range h.steps {
		if p := &h.steps[i].place; p.MM == h.op.space {
			pfns[p.PFN], slots[p.Entry] = true, true
		}
	}
	delete(pfns, 0)
	delete(slots, 0)
	var events []Event
	var last *pastStep
	for i := range h.steps {
		s := &h.steps[i]
		p := &s.place
		if p.MM != h.op.space && !pfns[p.PFN] && !slots[p.Entry] {
			continue
		}
		if last != nil && last.by == s.by && sameCall(&last.place, p) {
			e := &events[len(events)-1]
			e.What += ", " + p.Step
		} else {
			events = append(events, h.event(s.at, s.by, stepText(p)))
		}
		last = s
	}
	return events[max(0, len(events)-shownSteps):]
}

// faulted says whether the operation that found the violation took steps itself.
func (h *history) faulted(me *actor) bool {
	for i := range h.steps {
		if s := &h.steps[i]; s.by == me && s.at >= h.op.began {
			return true
		}
	}
	return false
}

func sameCall(a, b *mm.Place) bool {
	return a.Func == b.Func && a.MM == b.MM && a.PFN == b.PFN && a.Entry == b.Entry
}

// stepText is as in "swap_free of process 2, slot 3, page 7: lock_cluster".
func stepText(p *mm.Place) string {
	var b strings.Builder
	b.WriteString(p.Func)
	if p.MM >= 0 {
		fmt.Fprintf(&b, " of process %d", p.MM)
	}
	if p.Entry != 0 {
		fmt.Fprintf(&b, ", slot %d", p.Entry.Slot())
	}
	if p.PFN != 0 {
		fmt.Fprintf(&b, ", page %d", p.PFN)
	}
	return b.String() + ": " + p.Step
}
