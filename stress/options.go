package stress

import "tagswap/mm"

// Options of a machine. Zero fields have the defaults of Defaults, and a Mix
// without weights is the default one.
type Options struct {
	Name      string // of the design, in reports (default its own)
	Tasks     int    // goroutines that do accesses
	Pages     int    // pages of an address space
	Memory    int    // pages in use above which tasks reclaim
	Slots     int    // of the swap device
	Seed      uint64 // of all tasks
	Mix       Mix
	MixName   string    // how the mix was asked for (default what is in it)
	Device    mm.Device // where pages go; nil: into memory
	Swap      string    // what it is, in reports (default memory)
	Sync      bool      // the device is synchronous, as zram
	SlotCache bool      // slot caches are active
	// CheckTouched holds only the bytes and tags that an access touches against the
	// oracle, not all of the page, which is faster.
	CheckTouched bool
	// Shake lets other tasks run after one of so many steps, and pages be copied in
	// pieces: tasks meet in more ways, and get less done. 0: never.
	Shake   int
	Swapoff bool // swapoff and swapon now and then
}

// Defaults returns o with a value for what is 0.
func (o Options) Defaults() Options {
	set := func(p *int, n int) {
		if *p == 0 {
			*p = n
		}
	}
	set(&o.Tasks, 4)
	set(&o.Pages, 64)
	set(&o.Memory, max(o.Pages*o.Tasks/2, 8))
	set(&o.Slots, 2*o.Pages*o.spaces())
	if o.Swap == "" {
		o.Swap = "memory"
	}
	if o.Mix.total() == 0 {
		o.Mix, o.MixName = DefaultMix(), "default"
	}
	if o.MixName == "" {
		o.MixName = o.Mix.String()
	}
	return o
}

// spaces is how many address spaces there may be: of each task the one that it
// runs, the one that sleeps and one that is made, and two to spare.
func (o *Options) spaces() int { return 3*o.Tasks + 2 }

// frames is how many pages of memory there are: more than tasks are to use, since
// they reclaim one page an operation and what is freed is not used again at once.
// While the device is swapped off nothing can be paged out, and every page of every
// process may come in; who then finds no memory would wait for ever.
func (o *Options) frames() int {
	all := o.Pages * o.spaces()
	n := min(2*o.Memory, 2*all)
	if o.Swapoff {
		n += all
	}
	return n + 64*o.Tasks + 64
}

// protection is how memory is mapped.
func (o *Options) protection() uint64 {
	if o.Mix.Tagged {
		return mm.VMWrite | mm.VMMTE
	}
	return mm.VMWrite
}

// Bytes is about how much memory a machine takes: pages, the oracle's pages, and
// slots if the device is memory.
func (o Options) Bytes() int64 {
	o = o.Defaults()
	pages := o.frames() + o.spaces()*o.Pages
	if o.Mix.Weights[OpPin] > 0 {
		pages += 2 * o.spaces() * o.Pages // see mostPins
	}
	if o.Device == nil {
		pages += o.Slots
	}
	return int64(pages) * (mm.PageSize + mm.PageSize/32)
}

// daemons are the tasks besides o.Tasks: the root, kswapd and who swaps off.
const daemons = 3
