package mm

import (
	"fmt"

	"tagswap/explore"
)

// SwapInfo is one swap device: struct swap_info_struct with its slot map, and the
// device itself. Writers of map hold the cluster lock; free slots change hands
// under lock as well.
type SwapInfo struct {
	cfg      AreaConfig
	num      int
	slots    []slotState
	clusters []cluster        // natively, instead of cluster and bitmap
	memory   [][PageSize]byte // the device, natively, when it has no Device
	gone     explore.Atomic   // arrays freed: swapoff is over
	flags    explore.Flags

	// Natively all tasks write to what follows, so it is away from what they read.
	_                     [64]byte
	lock                  explore.Mutex  // si->lock; protects bitmap, inuse
	inuse                 explore.Atomic // si->inuse_pages
	_                     [64]byte
	cache                 explore.Mutex  // i_pages lock of the swap cache
	cluster               explore.Mutex  // the lock of the one cluster
	bitmap                explore.Var    // slots that may be allocated
	lockLast, clusterLast lastHeld       // of lock and cluster
	users                 explore.Atomic // references of get_swap_device
	refs                  sharded        // the same, natively
}

// slotState is one slot: its entry in the slot map, in the swap cache and on the
// device.
type slotState struct {
	count explore.Atomic // swap_map
	cache explore.Atomic // pfn, 0: none
	data  explore.Atomic // contents + 1, natively 1; 0: never written or freed (reads as zeros)
	lock  explore.Mutex  // natively: of the memory that the slot is, see page.go
}

// swap_map: a count, and the bit that says somebody caches the slot.
const (
	hasCache  = 0x40 // SWAP_HAS_CACHE
	countMask = 0x3f
)

const (
	areaUsed    = iota // SWP_USED: swapped on
	areaWriteOK        // SWP_WRITEOK: slots may be allocated
	areaAlive          // the device reference can be had (percpu_ref)
)

var areaFlagNames = []string{"SWP_USED", "SWP_WRITEOK", "swap device reference alive"}

func (si *SwapInfo) reset(x *explore.X, num int, cfg AreaConfig) {
	si.cfg, si.num = cfg, num
	si.lockLast, si.clusterLast = 0, 0
	if n := cfg.Slots; len(si.slots) != n {
		si.slots = make([]slotState, n)
	}
	si.lock.Init(x, "si->lock", num)
	si.cluster.Init(x, "cluster lock", num)
	si.cache.Init(x, "swap cache lock", num)
	for i := range cfg.Slots {
		e := num*MaxSlots + i
		si.slots[i].count.Init(x, "swap_map", e, 0)
		si.slots[i].cache.Init(x, "swap cache", e, 0)
		si.slots[i].data.Init(x, "device", e, 0)
	}
	if x == nil {
		si.resetClusters()
	}
	si.bitmap.Init(x, "free slots", num, (1<<cfg.Slots-1)&^(1<<cfg.Used-1))
	si.inuse.Init(x, "inuse_pages", num, uint64(cfg.Used))
	on, gone := uint64(1<<areaUsed|1<<areaWriteOK|1<<areaAlive), uint64(0)
	if cfg.Off {
		on, gone = 0, 1
	}
	si.flags.Init(x, areaFlagNames, num, on)
	si.users.Init(x, "swap device references", num, 0)
	si.gone.Init(x, "swap_map array", num, gone)
}

// area returns the device of an entry.
func (k *Kernel) area(e Entry) *SwapInfo {
	if e == 0 {
		k.oops("refcount", "the swap entry of a page that is in no swap cache is used")
	}
	return &k.areas[e.Area()]
}

// index is the place of an entry in tables over all areas.
func (k *Kernel) index(e Entry) int {
	k.area(e)
	return e.Index()
}

// arrays is called before every access to a device's tables: swapoff may have
// freed them.
func (k *Kernel) arrays(si *SwapInfo, what string) {
	if si.gone.Load() != 0 {
		k.fatal("use-after-free", what+" of a swap device after swapoff freed its arrays")
	}
}

func (k *Kernel) mapRead(e Entry, what string) uint64 {
	si := k.area(e)
	k.arrays(si, what)
	v := si.slots[e.Slot()].count.Load()
	k.sawSlot(e, v)
	return v
}

func (k *Kernel) mapWrite(e Entry, v uint64) {
	k.area(e).slots[e.Slot()].count.Store(v)
	if k.X == nil {
		return
	}
	if s := &k.self().seen; s.entry == e {
		s.slot = v
	}
}

// mapPut is __swap_entry_free_locked (mm/swapfile.c, v6.1): it drops one count,
// or the cache's hold. What would become 0 is written as the cache's hold, so
// that the slot stays out of use until it is freed; usage is the true value.
func (k *Kernel) mapPut(f *Frame, cached bool) {
	v := k.mapRead(f.entry, "swap_map write")
	count, has := v&countMask, v&hasCache
	if cached {
		if has == 0 {
			k.violation("refcount", "SWAP_HAS_CACHE of a slot is dropped, but not set")
		}
		has = 0
	} else if count == 0 {
		k.violation("refcount", fmt.Sprintf("the count of slot %d falls below 0", f.entry.Slot()))
	} else {
		count--
	}
	f.usage = int(count | has)
	if f.usage == 0 {
		k.mapWrite(f.entry, hasCache)
	} else {
		k.mapWrite(f.entry, count|has)
	}
}

// allocSlot is scan_swap_map_slots: the lowest free slot of the first device
// that has one. si->lock and the cluster lock are taken and dropped; the slot is
// marked with value.
func (k *Kernel) allocSlot(t *Task, value uint64) Entry {
	for i := range k.narea {
		si := &k.areas[i]
		si.lock.Lock()
		if si.flags.Test(areaWriteOK) {
			if e := k.takeSlot(t, si, value); e != 0 {
				si.lock.Unlock()
				return e
			}
		}
		si.lock.Unlock()
	}
	return 0
}

func (k *Kernel) takeSlot(t *Task, si *SwapInfo, value uint64) Entry {
	if k.nat != nil {
		return k.takeNative(t, si, value)
	}
	si.cluster.Lock()
	free := si.bitmap.Get()
	for s := range si.cfg.Slots {
		if free>>s&1 == 0 {
			continue
		}
		si.bitmap.Set(free &^ (1 << s))
		e := mkEntry(si.num, s)
		k.mapWrite(e, value)
		si.cluster.Unlock()
		si.inuse.AddBlind(1)
		return e
	}
	si.cluster.Unlock()
	return 0
}

// swapFull is vm_swap_full: fewer than half of all slots are free.
func (k *Kernel) swapFull() bool {
	total, used := 0, uint64(0)
	for i := range k.narea {
		if si := &k.areas[i]; !si.cfg.Off {
			total += si.cfg.Slots
			used += si.inuse.Load()
		}
	}
	return used*2 > uint64(total)
}

// slotCache is one CPU's struct swap_slots_cache.
type slotCache struct {
	size  int
	width int           // bits of an entry in a list
	alloc explore.Mutex // alloc_lock; protects slots
	slots explore.Atomic
	free  explore.Mutex // free_lock; protects ret
	ret   explore.Atomic
}

func (c *slotCache) reset(x *explore.X, cpu, size int) {
	c.size, c.width = size, 9
	if x == nil {
		c.size, c.width = min(size, 3), 21
	}
	c.alloc.Init(x, "slot cache alloc_lock", cpu)
	c.slots.Init(x, "slot cache slots", cpu, 0)
	c.free.Init(x, "slot cache free_lock", cpu)
	c.ret.Init(x, "slot cache slots_ret", cpu, 0)
}

// A list of slots is a word of up to seven entries, nine bits each, oldest
// lowest; natively of three, 21 bits each.
func (c *slotCache) push(l uint64, e Entry) uint64 {
	for s := 0; s < 63; s += c.width {
		if l>>s&(1<<c.width-1) == 0 {
			return l | uint64(e)<<s
		}
	}
	panic("tagswap internal: a slot cache overflowed")
}

func (c *slotCache) pop(l uint64) (Entry, uint64) { return Entry(l & (1<<c.width - 1)), l >> c.width }

func (c *slotCache) len(l uint64) int {
	n := 0
	for ; l != 0; l >>= c.width {
		n++
	}
	return n
}

// MaxCacheSize is the largest batch of a slot cache.
const MaxCacheSize = 7
