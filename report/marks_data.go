package report

import (
	"fmt"
	"strings"

	"tagswap/explore"
	"tagswap/mm"
)

// explainTags is for tags that are not those that were set: where they were lost.
func (s *story) explainTags(b int) (marks []mark) {
	read := s.before(b+1, func(_ explore.Event, class string, _ int) bool { return class == "tags" })
	if read < 0 {
		return nil
	}
	obj := s.c.Trace.Events[read].Object
	_, page := object(obj)
	set := s.before(b, func(e explore.Event, class string, _ int) bool { return class == "memory tags" && changes(e) })
	marks = s.add(marks, set, "sets the tags: %s", tagWord(s.value64(set)))
	wrote := s.before(read, func(e explore.Event, _ string, _ int) bool { return e.Object == obj && changes(e) })
	if wrote < s.first {
		flagged := s.before(read, func(e explore.Event, class string, n int) bool {
			return class == "PG_mte_tagged" && n == page && changes(e)
		})
		return s.add(marks, flagged, "says that the tags of page %d are valid%s, but they are still those of its last user",
			page, s.at(flagged))
	}
	marks = s.add(marks, wrote, "writes the tags of page %d%s: %s", page, s.at(wrote), tagWord(s.value64(wrote)))
	task := s.c.Trace.Events[wrote].Task
	looked := s.before(wrote, func(e explore.Event, class string, _ int) bool {
		return class == "mte_pages" && e.Task == task && e.Op == "load"
	})
	if looked < s.first || s.value64(looked) != 0 {
		return marks
	}
	store := s.c.Trace.Events[looked].Object
	_, n := object(store)
	marks = s.add(marks, looked, "looks for the tags of slot %s%s and finds none", slot(n), s.at(looked))
	gone := s.before(looked, func(e explore.Event, _ string, _ int) bool {
		return e.Object == store && changes(e) && e.Value == 0
	})
	if gone >= 0 {
		marks = s.add(marks, gone, "drops the saved tags of slot %s%s, since the slot is free", slot(n), s.at(gone))
	}
	return marks
}

func (s *story) value64(i int) uint64 {
	if i < 0 {
		return 0
	}
	return s.c.Trace.Events[i].Value
}

// explainContent is for a load that does not see the last store: who stored, and
// where what is seen came from.
func (s *story) explainContent(b int) (marks []mark) {
	read := s.before(b+1, func(_ explore.Event, class string, _ int) bool { return class == "contents" })
	if read < 0 {
		return nil
	}
	obj := s.c.Trace.Events[read].Object
	_, page := object(obj)
	stored := s.before(b, func(e explore.Event, class string, _ int) bool { return class == "memory" && changes(e) })
	if stored >= s.first {
		to := s.before(stored, func(_ explore.Event, class string, _ int) bool { return class == "contents" })
		_, target := object(s.c.Trace.Events[to].Object)
		marks = s.add(marks, stored, "stores %d, to page %d", s.value64(stored), target)
	}
	filled := s.before(read, func(e explore.Event, _ string, _ int) bool { return e.Object == obj && changes(e) })
	if s.at(filled) != "" {
		marks = s.add(marks, filled, "fills page %d with %s%s", page, contents(s.value64(filled)), s.at(filled))
	}
	mapped := s.before(read, func(e explore.Event, class string, _ int) bool {
		return class == "pte" && changes(e) && strings.HasPrefix(mm.PTE(e.Value).String(), fmt.Sprintf("page %d ", page))
	})
	return s.add(marks, mapped, "maps page %d%s", page, s.at(mapped))
}

// explainLeak is for what is left at the end: tag records, slots and pages.
func (s *story) explainLeak() (marks []mark) {
	ev := s.c.Trace.Events
	freed, named := map[string]bool{}, map[string]int{}
	for i, e := range ev {
		switch class, n := object(e.Object); {
		case class == "tag record" && changes(e) && e.Value == 0:
			freed[e.Object] = true
		case class == "mte_pages" && changes(e) && e.Value != 0:
			named[fmt.Sprintf("tag record %d", int(e.Value)-1)] = i
		case class == "folio" && changes(e) && e.Value == 0:
			freed[e.Object] = true
		case class == "refcount" && changes(e) && strings.Contains(s.c.Detail, fmt.Sprintf("page %d ", n)):
			marks = s.add(marks, i, "leaves page %d with %s%s", n, count(int(e.Value), "reference"), s.at(i))
		}
	}
	if !strings.Contains(s.c.Detail, "tag record") {
		return marks
	}
	for record, i := range named {
		if freed[record] {
			continue
		}
		_, n := object(ev[i].Object)
		_, num := object(record)
		marks = s.add(marks, i, "keeps %s under slot %s%s", s.recordName(num), slot(n), s.at(i))
		last := s.before(len(ev), func(e explore.Event, class string, m int) bool {
			return class == "swap_map" && m == n && changes(e) && e.Value == 0
		})
		if last > i {
			marks = s.add(marks, last, "frees slot %s%s; nobody frees the record", slot(n), s.at(last))
		}
	}
	return marks
}

// explainRegisters is for the test's own condition: where the registers got what
// it speaks of.
func (s *story) explainRegisters() (marks []mark) {
	for i, e := range s.c.Trace.Events {
		if i < s.first || register(e.Object) == "" {
			continue
		}
		for _, l := range s.c.Test.Cond.Locs() {
			if l.Task == e.Task-1 && l.Name == register(e.Object) {
				marks = s.add(marks, i, "gets %s = %s", l.Name, s.value(e))
			}
		}
	}
	return marks
}

// explainWaits is for tasks that do not get on: the last that each of them did.
func (s *story) explainWaits() (marks []mark) {
	ev := s.c.Trace.Events
	for _, part := range strings.Split(s.c.Detail, "; ") {
		name, what, ok := strings.Cut(part, " ")
		var task int
		if _, err := fmt.Sscanf(name, "P%d", &task); err != nil || !ok {
			continue
		}
		last := s.before(len(ev), func(e explore.Event, _ string, _ int) bool { return e.Task == task+1 })
		marks = s.add(marks, last, "%s", waiting(strings.TrimPrefix(what, "waits: "), s.c.Property))
	}
	return marks
}

// waiting says why a task does not get on.
func waiting(what, property string) string {
	switch {
	case property == "deadlock":
		return "waits for ever: " + what
	case what == "retry":
		return "starts again and again: nothing that it reads will change"
	case what == "spin":
		return "goes round without sleeping, so that nobody below it on its processor runs"
	}
	return "is kept from going on with: " + what
}
