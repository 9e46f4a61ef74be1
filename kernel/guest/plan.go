package guest

import (
	"fmt"
	"slices"
	"strings"

	"tagswap/litmus"
)

// Machine is what the plan has to know of the machine.
type Machine struct {
	MTE     bool
	KSM     bool
	Pin     bool     // io_uring
	ReadPin bool     // userfaultfd
	Disk    int      // asynchronous devices to swap on
	Sync    int      // synchronous ones
	CPUs    int      // 0: 2
	Cache   Cache    // what proveSlotCache found
	Reclaim bool     // memory.reclaim
	Fail    []string // points of Fail= at which allocations can be made to fail
}

// Cache says how a kernel keeps its slot caches.
type Cache int

// The kinds of slot cache. CacheStuck: other swap areas of the machine keep it on.
const (
	CacheAuto Cache = iota
	CacheNone
	CacheStuck
)

// Plan is how a test is run on a real machine.
type Plan struct {
	Test      *litmus.Test
	Instances int          // copies of each variable in a round
	Stay      bool         // each task stays on a CPU
	Bulk      bool         // the tasks go through all instances without meeting in between
	Slots     []int        // real slots of each area
	Used      []int        // of them taken by somebody else
	FillLate  bool         // Used is taken after the initial state was made
	Drain     bool         // slotcache drain: an empty area is switched on and off, which drains all CPUs' caches
	Filler    int          // slotcache on and off: pages that go out and away to switch it
	Probe     bool         // look whether the switching works
	Groups    int          // memory cgroups for reclaim
	Hidden    []litmus.Loc // observed by the test, not visible on a real kernel
	Notes     []string     // how an operation is approximated
	MTE       bool         // some page is tagged
}

// maxInstances is how many copies of each page a round has at most.
const maxInstances = 64

// cacheOffSlots is how few slots are free with the slot cache off. On two CPUs it
// goes on above 640, off below 256, and in between stays as the test before left it
// (mm/swap_slots.c:check_cache_active (v6.1): 320 and 128 a CPU).
func (m Machine) cacheOffSlots() int { return min(250, 125*m.cpus()) }

// cacheOnSlots is a size at which the slot cache is on: 64 MiB, or more on a
// machine with many CPUs.
func (m Machine) cacheOnSlots() int { return max(16384, 400*m.cpus()) }

func (m Machine) cpus() int {
	if m.CPUs == 0 {
		return 2
	}
	return m.CPUs
}

// NewPlan decides how to run a test. A non-empty reason says why it cannot be
// run on this machine, and what would be needed.
func NewPlan(t *litmus.Test, m Machine) (p *Plan, reason string) {
	p = &Plan{Test: t, Instances: maxInstances}
	for _, v := range t.Vars {
		if v.MTE || v.HasTag {
			p.MTE = true
		}
	}
	u := p.uses()
	p.Drain = u.drain
	for _, check := range []func() string{
		func() string { return u.reason(m) },
		func() string { return failReason(t, m) },
		func() string {
			if p.MTE && !m.MTE {
				return "no MTE here; the tests of contents only can be run"
			}
			return ""
		},
		func() string { return p.areas(m) },
	} {
		if reason = check(); reason != "" {
			return nil, reason
		}
	}
	sees := false
	for _, l := range t.Observed() {
		switch l.Func {
		case "records", "exclusive":
			p.Hidden = append(p.Hidden, l)
		case "slots":
			sees = true
		}
	}
	p.Stay = sees || u.reclaims
	switch {
	case sees || u.exits:
		p.Instances = 1
	case u.swapoff:
		p.Bulk = true
	case u.switches && m.Cache == CacheAuto:
		p.Instances = 4
	case u.merges || p.Drain || u.reclaims || len(t.Machine.Fail) > 0:
		p.Instances = 8
	case u.forks || u.holds || u.pins || u.readPins:
		p.Instances = 16
	}
	if sees && u.switches {
		return nil, "slots cannot be counted while slotcache on and off move other pages"
	}
	if p.Probe = m.Cache == CacheAuto; u.switches && !p.Probe {
		p.note("this kernel has no slot cache to switch")
	}
	p.size(m, u.switches)
	if u.reclaims && m.Reclaim {
		p.Groups = len(t.Vars) * p.Instances
		p.note("reclaim is memory.reclaim")
	} else if u.reclaims {
		p.note("reclaim is process_madvise(MADV_PAGEOUT): no memory.reclaim before 5.19")
	}
	for _, f := range t.Machine.Fail {
		p.note("one " + f.Point + " fails a page")
	}
	return p, ""
}

func (p *Plan) note(s string) {
	if !slices.Contains(p.Notes, s) {
		p.Notes = append(p.Notes, s)
	}
}

// areas checks that the machine has the devices.
func (p *Plan) areas(m Machine) string {
	sync, disk := 0, 0
	for _, a := range p.Test.Machine.Areas {
		if a.Sync {
			sync++
		} else {
			disk++
		}
	}
	if p.Drain {
		sync++
		p.note("slotcache drain is swapoff of an empty area")
	}
	if sync > m.Sync {
		return fmt.Sprintf("needs %d synchronous swap devices (zram), the machine has %d", sync, m.Sync)
	}
	if disk > m.Disk {
		return fmt.Sprintf("needs %d asynchronous swap devices (virtio-blk in a guest, loop on a device), the machine has %d", disk, m.Disk)
	}
	if m.Cache == CacheStuck && !p.Test.Machine.SlotCache.On {
		return "needs the slot cache off, which other swap areas of this machine keep on: swapoff them first"
	}
	return ""
}

// spare are slots that are always taken, beside those of a test with one or two:
// kernels do not find the slot of an area with only one
// (mm/swapfile.c:scan_swap_map_slots (v6.1) looks behind the cluster's next slot).
const spare = 14

// size scales the areas. The relation of pages to slots is the test's; areas of
// one or two slots are about reuse of the very slot, so they are kept as they are.
func (p *Plan) size(m Machine, switches bool) {
	tiny, free := false, 0
	for _, a := range p.Test.Machine.Areas {
		tiny = tiny || a.Slots <= 2
		free += a.Slots - a.Used
	}
	if tiny {
		p.Instances = 1
	}
	small := !p.Test.Machine.SlotCache.On || switches
	if small && free > 0 {
		p.Instances = max(1, min(p.Instances, m.cacheOffSlots()/free))
	}
	for _, a := range p.Test.Machine.Areas {
		slots, used := a.Slots*p.Instances, a.Used*p.Instances
		if tiny {
			slots, used = slots+spare, used+spare
		}
		if !small && !tiny {
			used = a.Used * (m.cacheOnSlots() / a.Slots)
			slots = m.cacheOnSlots()
		}
		if switches && p.Probe && len(p.Slots) == 0 {
			p.Filler = 400 * m.cpus()
			slots += p.Filler
		}
		p.Slots = append(p.Slots, slots)
		p.Used = append(p.Used, used)
		// On a disk the initial state needs a fault that keeps the slot, which a
		// full area would take away (mm/swap.h:mem_cgroup_swap_full).
		p.FillLate = p.FillLate || !a.Sync && used > 0
	}
}

// Setup describes the machine that the plan asks for, for people.
func (p *Plan) Setup() string {
	var s []string
	for i, a := range p.Test.Machine.Areas {
		kind := "disk"
		if a.Sync {
			kind = "zram"
		}
		d := fmt.Sprintf("%s %d slots", kind, p.Slots[i])
		if p.Used[i] > 0 {
			d += fmt.Sprintf(" (%d used)", p.Used[i])
		}
		s = append(s, d)
	}
	s = append(s, fmt.Sprintf("%d pages a variable", p.Instances))
	s = append(s, p.Notes...)
	return strings.Join(s, ", ")
}

// hidden says whether a location cannot be seen on a real kernel.
func (p *Plan) hidden(l litmus.Loc) bool { return slices.ContainsFunc(p.Hidden, l.Same) }

// Visible are the observed locations that a real kernel shows, in their order.
func (p *Plan) Visible() []litmus.Loc { return Visible(p.Test) }

// Visible are the observed locations of a test that a real kernel shows: all but
// records (the tag records kept) and exclusive().
func Visible(t *litmus.Test) []litmus.Loc {
	var out []litmus.Loc
	for _, l := range t.Observed() {
		if l.Func != "records" && l.Func != "exclusive" {
			out = append(out, l)
		}
	}
	return out
}

// StateKey is the canonical form of a final state: every given location with its
// value, as herd7 prints states.
func StateKey(locs []litmus.Loc, value func(litmus.Loc) int) string {
	var b strings.Builder
	for i, l := range locs {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s=%s;", l, l.Format(value(l)))
	}
	return b.String()
}
