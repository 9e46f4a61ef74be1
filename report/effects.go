package report

import (
	"fmt"
	"strings"

	"tagswap/explore"
	"tagswap/litmus"
	"tagswap/mm"
	"tagswap/mte"
)

// effect says what an event did, in a few words; "" if it is not worth them.
func (s *story) effect(e explore.Event) string {
	class, n := object(e.Object)
	switch class {
	case "pte":
		if changes(e) {
			return fmt.Sprintf("%s = %s", s.pteName(n), mm.PTE(e.Value))
		}
		return fmt.Sprintf("%s is %s", s.pteName(n), mm.PTE(e.Value))
	case "page cache":
		return "page cache = " + mm.PTE(e.Value).String()
	case "mte_pages":
		return s.storeEffect(e, n)
	case "tag record":
		if changes(e) {
			return s.recordName(n) + " freed"
		}
		if e.Value == 0 {
			return s.recordName(n) + " was freed"
		}
	case "saved tags":
		if changes(e) {
			return "saves " + tagWord(e.Value)
		}
	case "tags":
		if changes(e) {
			return fmt.Sprintf("tags of page %d: %s", n, tagWord(e.Value))
		}
	case "contents":
		if changes(e) {
			return fmt.Sprintf("page %d = %s", n, contents(e.Value))
		}
	case "swap_map":
		if changes(e) {
			return fmt.Sprintf("slot %s = %s", slot(n), usage(e.Value))
		}
		return fmt.Sprintf("slot %s is %s", slot(n), usage(e.Value))
	case "device":
		return deviceEffect(e, n)
	case "swap cache":
		return cacheEffect(e, n)
	case "folio":
		if changes(e) {
			return fmt.Sprintf("page %d freed", n)
		}
		if e.Value == 0 {
			return fmt.Sprintf("page %d was freed", n)
		}
	case "swap_map array":
		if changes(e) {
			return "swap_map freed"
		}
	case "refcount", "mapcount":
		if changes(e) {
			return fmt.Sprintf("page %d: %s=%d", n, class, int64(e.Value))
		}
	case "MM_ANONPAGES", "MM_SWAPENTS":
		return fmt.Sprintf("%s=%d", class, int64(e.Value))
	}
	return s.smallEffect(e, class, n)
}

// smallEffect is effect for flags, registers and waits.
func (s *story) smallEffect(e explore.Event, class string, n int) string {
	switch reg := register(e.Object); {
	case reg != "":
		return reg + " = " + s.value(e)
	case e.Object == "" && (e.Op == "retry" || e.Op == "spin"):
		return "waits, and starts again"
	case strings.HasPrefix(class, "PG_") && changes(e):
		return fmt.Sprintf("page %d: %s=%d", n, class, e.Value)
	case strings.HasPrefix(class, "PG_"):
		return fmt.Sprintf("page %d: %s is %d", n, class, e.Value)
	case strings.HasPrefix(class, "SWP_") && changes(e):
		return fmt.Sprintf("%s=%d", class, e.Value)
	}
	return ""
}

func (s *story) storeEffect(e explore.Event, n int) string {
	switch {
	case e.Value != 0 && changes(e):
		return fmt.Sprintf("keeps %s for slot %s", s.recordName(int(e.Value)-1), slot(n))
	case changes(e):
		return fmt.Sprintf("slot %s: %s out", slot(n), s.recordName(int(e.Before)-1))
	case e.Value == 0:
		return fmt.Sprintf("slot %s has no tags", slot(n))
	}
	return "finds " + s.recordName(int(e.Value)-1)
}

func deviceEffect(e explore.Event, n int) string {
	switch {
	case changes(e) && e.Value == 0:
		return fmt.Sprintf("slot %s: contents gone", slot(n))
	case changes(e):
		return fmt.Sprintf("writes %s to slot %s", contents(e.Value-1), slot(n))
	case e.Value == 0:
		return fmt.Sprintf("slot %s reads as zeros", slot(n))
	}
	return fmt.Sprintf("reads %s from slot %s", contents(e.Value-1), slot(n))
}

func cacheEffect(e explore.Event, n int) string {
	switch {
	case changes(e) && e.Value == 0:
		return fmt.Sprintf("page %d out of the cache", e.Before)
	case changes(e):
		return fmt.Sprintf("page %d in the cache for %s", e.Value, slot(n))
	case e.Value == 0:
		return fmt.Sprintf("no page in the cache for %s", slot(n))
	}
	return fmt.Sprintf("finds page %d in the cache", e.Value)
}

// slot names a slot as traces of PTEs do, area:offset.
func slot(n int) string { return fmt.Sprintf("%d:%d", n/mm.MaxSlots, n%mm.MaxSlots) }

// usage is a byte of swap_map in words.
func usage(v uint64) string {
	count, cached := v&0x3f, v&0x40 != 0
	switch {
	case v == 0:
		return "free"
	case count == 0:
		return "has_cache"
	case cached:
		return fmt.Sprintf("count %d+cache", count)
	}
	return fmt.Sprintf("count %d", count)
}

func contents(v uint64) string {
	if v == 0xdead {
		return "stale memory"
	}
	return fmt.Sprint(v)
}

// tagWord names the tags of a page: one, or those of the first granules.
func tagWord(w uint64) string {
	if w == mte.Stale {
		return "stale"
	}
	if t := mte.Tag(w, 0); w == mte.Splat(t) {
		return litmus.Tag(t).String()
	}
	return fmt.Sprintf("%s, %s, …", litmus.Tag(mte.Tag(w, 0)), litmus.Tag(mte.Tag(w, 1)))
}

// pteName names an entry by its variable, and by its address space if there are
// several.
func (s *story) pteName(n int) string {
	space, v := n>>8, n&0xff
	name := "?"
	if v < len(s.c.Test.Vars) {
		name = s.c.Test.Vars[v].Name
	}
	if len(s.spaces) > 1 && space < len(s.spaces) {
		name += fmt.Sprintf(" of %s", taskName(s.spaces[space]+1))
	}
	return "PTE " + name
}

// recordName numbers tag records in the order in which they come up.
func (s *story) recordName(num int) string {
	if s.record[num] == 0 {
		s.record[num] = len(s.record) + 1
	}
	return fmt.Sprintf("tag record %d", s.record[num])
}

// taskName is a column as the thread names tasks.
func taskName(task int) string { return fmt.Sprintf("T%d", task) }

// value is what a register got, a tag by its colour.
func (s *story) value(e explore.Event) string {
	for _, op := range s.c.Test.Tasks[e.Task-1].Ops {
		if op.Reg == register(e.Object) && (op.Kind == litmus.OpReadTag || op.Kind == litmus.OpCopyTags) {
			return litmus.Tag(e.Value).String()
		}
	}
	return fmt.Sprint(e.Value)
}
