package report

import (
	"fmt"
	"slices"
	"strings"

	"tagswap/explore"
	"tagswap/mm"
)

// mark is an event that matters, and what to say of it.
type mark struct {
	event int
	text  string
}

// explain finds the events that made the property break, in the order in which
// they came, and a last word on what would have kept them apart.
func (s *story) explain() (marks []mark, last string) {
	b := s.broke()
	switch s.c.Property {
	case "use-after-free":
		marks, last = s.explainUse(b)
	case "tags":
		marks = s.explainTags(b)
	case "content", "pin":
		marks = s.explainContent(b)
	case "leak":
		marks = s.explainLeak()
	case "condition":
		marks = s.explainRegisters()
	case "deadlock", "livelock":
		marks = s.explainWaits()
	}
	if b >= 0 && s.c.Property != "condition" && s.c.Property != "leak" && s.c.Property != "deadlock" && s.c.Property != "livelock" {
		marks = append(marks, mark{b, fmt.Sprintf("%s: %s.", s.who(b), s.c.Detail)})
	}
	slices.SortStableFunc(marks, func(a, b mark) int { return a.event - b.event })
	return slices.CompactFunc(marks, func(a, b mark) bool { return a.event == b.event && a.text == b.text }), last
}

// who names the task of an event.
func (s *story) who(i int) string {
	if t := s.c.Trace.Events[i].Task; t > 0 {
		return taskName(t)
	}
	return "The end of the test"
}

// broke is the event at which the property showed, -1 when it is none.
func (s *story) broke() int {
	ev := s.c.Trace.Events
	if s.c.AtEnd {
		return s.brokeAtEnd()
	}
	for i := min(s.c.Broke, len(ev)) - 1; i >= s.first; i-- {
		if ev[i].Object != "" || s.c.Property == "exclusive" {
			return i
		}
	}
	return -1
}

// brokeAtEnd finds where the last reading of all memory saw something else than
// the oracle has.
func (s *story) brokeAtEnd() int {
	ev := s.c.Trace.Events
	want := map[string]string{"tags": "memory tags", "content": "memory"}[s.c.Property]
	see := map[string]string{"tags": "tags", "content": "contents"}[s.c.Property]
	seen := -1
	for i := s.end(); i < len(ev); i++ {
		switch class, _ := object(ev[i].Object); {
		case want == "":
		case class == see:
			seen = i
		case class == want && seen >= 0 && ev[i].Value != ev[seen].Value:
			return seen
		}
	}
	return -1
}

// end is where the columns are done.
func (s *story) end() int {
	ev := s.c.Trace.Events
	i := slices.IndexFunc(ev, func(e explore.Event) bool { return e.Op == "> end of the test" })
	if i < 0 {
		return len(ev)
	}
	return i
}

// before finds the last event before i that fits, -1 for none.
func (s *story) before(i int, fits func(e explore.Event, class string, n int) bool) int {
	for i--; i >= 0; i-- {
		e := s.c.Trace.Events[i]
		if class, n := object(e.Object); fits(e, class, n) {
			return i
		}
	}
	return -1
}

// at is the step of an event, for a sentence.
func (s *story) at(i int) string {
	for _, r := range s.rows {
		if slices.Contains(r.events, i) && len(r.stack) > 0 {
			return fmt.Sprintf(" in %s()", r.stack[len(r.stack)-1])
		}
	}
	return ""
}

// add appends a mark for an event of a column; what came before the test began is
// not marked.
func (s *story) add(marks []mark, i int, format string, args ...any) []mark {
	if i < s.first {
		return marks
	}
	return append(marks, mark{i, s.who(i) + " " + fmt.Sprintf(format, args...) + "."})
}

// explainUse is for a use of something that was freed: who found it, who freed it.
func (s *story) explainUse(b int) (marks []mark, last string) {
	if b < 0 {
		return nil, ""
	}
	e := s.c.Trace.Events[b]
	class, n := object(e.Object)
	freed := s.before(b, func(f explore.Event, _ string, _ int) bool { return f.Object == e.Object && changes(f) })
	if freed < 0 {
		return nil, ""
	}
	name := map[string]string{"tag record": "", "folio": fmt.Sprintf("page %d", n), "swap_map array": "the swap device"}[class]
	if class == "tag record" {
		name = s.recordName(n)
	}
	found := s.before(freed, func(f explore.Event, c string, _ int) bool {
		return f.Task == e.Task && refers(f, c, class, n)
	})
	if found >= 0 {
		marks = s.add(marks, found, "finds %s%s and goes on to use it", name, s.at(found))
	}
	marks = s.add(marks, freed, "frees %s%s", name, s.at(freed))
	switch {
	case found < s.first || s.c.Trace.Events[freed].Task == e.Task:
		return marks, ""
	case class == "swap_map array":
		return marks, s.reference(found, b)
	}
	return marks, s.locks(found, freed, b)
}

// refers says whether an event gave its task a way to an object.
func refers(f explore.Event, c, class string, n int) bool {
	p := mm.PTE(f.Value)
	switch class {
	case "tag record":
		return c == "mte_pages" && f.Value == uint64(n)+1
	case "folio":
		return c == "swap cache" && f.Value == uint64(n) ||
			c == "pte" && strings.HasPrefix(p.String(), fmt.Sprintf("page %d ", n))
	case "swap_map array":
		return c == "pte" && strings.HasPrefix(p.String(), "swap ")
	}
	return false
}

// reference says that a user of a swap device held no reference on it.
func (s *story) reference(found, used int) string {
	n := 0
	for _, e := range s.c.Trace.Events[found:used] {
		if e.Task == s.c.Trace.Events[used].Task && e.Object == "swap device references 0" {
			n += int(int64(e.Value - e.Before))
		}
	}
	if n > 0 {
		return ""
	}
	return fmt.Sprintf("swapoff waits for all who hold a reference on the device (get_swap_device) before it frees its "+
		"arrays; %s holds none from finding to using.", taskName(s.c.Trace.Events[used].Task))
}

// locks says which locks the freeing task held that the other did not hold from
// finding to using.
func (s *story) locks(found, freed, used int) string {
	user, other := s.c.Trace.Events[used].Task, s.c.Trace.Events[freed].Task
	held := s.held(other, freed)
	var names []string
	for _, l := range held {
		names = append(names, lockName(l))
	}
	if len(names) == 0 {
		return fmt.Sprintf("%s holds no lock when it frees, so that none that %s could take would keep them apart.",
			taskName(other), taskName(user))
	}
	if len(names) == 1 {
		return fmt.Sprintf("%s frees under %s. Had %s held it from finding to using, that could not have come between.",
			taskName(other), names[0], taskName(user))
	}
	return fmt.Sprintf("%s frees under %s. Had %s held one of them from finding to using, that could not have come between.",
		taskName(other), strings.Join(names, " and "), taskName(user))
}

// held lists the locks that a task holds alone before event i and that are no
// private matter: two tasks could want them.
func (s *story) held(task, i int) []string {
	var held []string
	for _, e := range s.c.Trace.Events[:i] {
		if e.Task != task || e.Object == "" {
			continue
		}
		class, _ := object(e.Object)
		if class == "PG_locked" {
			continue // of a page; who finds a record does not know it
		}
		switch e.Op {
		case "lock", "write lock":
			held = append(held, e.Object)
		case "unlock", "write unlock":
			held = slices.DeleteFunc(held, func(h string) bool { return h == e.Object })
		}
	}
	return held
}

// lockName is a lock in the kernel's words.
func lockName(object string) string {
	switch {
	case strings.HasPrefix(object, "ptl "):
		return "the page-table lock"
	case strings.HasPrefix(object, "cluster lock "):
		return "the cluster lock"
	case strings.HasPrefix(object, "si->lock "):
		return "si->lock"
	case strings.HasPrefix(object, "mmap_lock "):
		return "mmap_lock"
	}
	return "the " + object
}
