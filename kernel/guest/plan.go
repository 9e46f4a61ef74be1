package guest

import (
	"fmt"
	"slices"
	"strings"

	"tagswap/litmus"
)

// Machine is what the plan has to know of the machine.
type Machine struct {
	MTE  bool
	KSM  bool
	Pin  bool // io_uring
	Disk int  // asynchronous devices to swap on
	Sync int  // synchronous ones
}

// Plan is how a test is run on a real machine.
type Plan struct {
	Test      *litmus.Test
	Instances int          // copies of each variable in a round
	Bulk      bool         // the tasks go through all instances without meeting in between
	Slots     []int        // real slots of each area
	Used      []int        // of them taken by somebody else
	FillLate  bool         // Used is taken after the initial state was made
	Drain     bool         // slotcache drain: an empty area is switched on and off, which drains all CPUs' caches
	Hidden    []litmus.Loc // observed by the test, not visible on a real kernel
	Notes     []string     // how an operation is approximated
	MTE       bool         // some page is tagged
}

// maxInstances is how many copies of each page a round has at most.
const maxInstances = 64

// cacheOffSlots is how few slots may be free for the kernel to have its slot
// cache off on two CPUs (mm/swap_slots.c:check_cache_active (v6.1): it goes on
// above 640, off below 256, and in between stays as the test before left it).
const cacheOffSlots = 250

// cacheOnSlots is a size at which the slot cache is on: 64 MiB.
const cacheOnSlots = 16384

// NewPlan decides how to run a test. A non-empty reason says why it cannot be
// run on this machine, and what would be needed.
func NewPlan(t *litmus.Test, m Machine) (p *Plan, reason string) {
	p = &Plan{Test: t, Instances: maxInstances}
	for _, v := range t.Vars {
		if v.MTE || v.HasTag {
			p.MTE = true
		}
	}
	var swapoff, exits, sees, forks, holds, merges, pins, stores bool
	for i, task := range t.Tasks {
		for _, op := range task.Ops {
			switch op.Kind {
			case litmus.OpSwapoff, litmus.OpSwapon:
				swapoff = true
			case litmus.OpExit:
				exits = exits || t.Tasks[i].Relation != litmus.Forked
			case litmus.OpFork:
				forks = true
			case litmus.OpGet:
				holds = true
			case litmus.OpReadTag, litmus.OpTag, litmus.OpCopyTags:
				p.MTE = true
			case litmus.OpMprotect, litmus.OpMmap:
				p.MTE = p.MTE || op.MTE
			case litmus.OpSlotCache:
				if op.Advice != "drain" {
					return nil, "the kernel has no switch for its slot cache (" + op.Advice + "); only its size and load decide"
				}
				p.Drain = true
			case litmus.OpMerge:
				merges = true
				if !m.KSM {
					return nil, "this kernel was built without KSM"
				}
			case litmus.OpReclaim:
				p.note("reclaim runs as process_madvise(MADV_PAGEOUT)")
			case litmus.OpPin:
				pins = true
			case litmus.OpStore:
				stores = stores || op.Pin
			}
		}
	}
	for _, s := range t.Init {
		holds = holds || s.Func == "got" || s.Func == "cached"
		pins = pins || s.Func == "pinned"
	}
	if pins && !m.Pin {
		return nil, "pin: this kernel has no io_uring, which holds the FOLL_PIN references"
	}
	if stores && !pins {
		return nil, "store pin(): only reads go through a page held by get (vmsplice)"
	}
	if len(t.Machine.Fail) > 0 {
		return nil, "allocation failure at " + t.Machine.Fail[0].Point + " needs a kernel with fault injection"
	}
	if p.MTE && !m.MTE {
		return nil, "no MTE here; the tests of contents only can be run"
	}
	if r := p.areas(m); r != "" {
		return nil, r
	}
	for _, l := range t.Observed() {
		switch l.Func {
		case "records", "exclusive":
			p.Hidden = append(p.Hidden, l)
		case "slots":
			sees = true
		}
	}
	switch {
	case sees || exits:
		p.Instances = 1
	case swapoff:
		p.Bulk = true
	case merges || p.Drain:
		p.Instances = 8
	case forks || holds || pins:
		p.Instances = 16
	}
	p.size()
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
		return fmt.Sprintf("needs %d asynchronous swap devices (virtio-blk), the machine has %d", disk, m.Disk)
	}
	return ""
}

// spare are slots that are always taken, beside those of a test with one or two:
// kernels do not find the slot of an area with only one
// (mm/swapfile.c:scan_swap_map_slots (v6.1) looks behind the cluster's next slot).
const spare = 14

// size scales the areas. The relation of pages to slots is the test's; areas of
// one or two slots are about reuse of the very slot, so they are kept as they are.
func (p *Plan) size() {
	tiny, free := false, 0
	for _, a := range p.Test.Machine.Areas {
		tiny = tiny || a.Slots <= 2
		free += a.Slots - a.Used
	}
	if tiny {
		p.Instances = 1
	}
	if !p.Test.Machine.SlotCache.On && free > 0 {
		p.Instances = max(1, min(p.Instances, cacheOffSlots/free))
	}
	for _, a := range p.Test.Machine.Areas {
		slots, used := a.Slots*p.Instances, a.Used*p.Instances
		if tiny {
			slots, used = slots+spare, used+spare
		}
		if p.Test.Machine.SlotCache.On && !tiny {
			used = a.Used * (cacheOnSlots / a.Slots)
			slots = cacheOnSlots
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
