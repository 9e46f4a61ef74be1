package design

import (
	"tagswap/mm"
)

// The registry of the tests: a few steps of each kind, so that no test depends
// on the real steps of package mm.
func testRegistry(entries ...string) *Registry {
	r := &Registry{Entries: entries}
	act := func(name string, args ...string) *mm.Step {
		s := &mm.Step{Name: name, Args: args, Doc: "Does " + name + ".", Source: "mm/test.c:" + name + " (v6.1)"}
		r.Steps = append(r.Steps, s)
		return s
	}
	cond := func(name string, args ...string) *mm.Step {
		s := act(name, args...)
		s.Cond = true
		return s
	}
	act("a")
	act("b")
	act("c")
	act("swap_free")
	act("flags", "", "dirty", "referenced")
	cond("p")
	cond("q")
	cond("swap_count", "0", "1", "2")
	cond("have_folio").Uses = []mm.Reg{mm.RegFolio}
	cond("mapped").Needs = []mm.Lock{mm.FolioLock}
	cond("find_folio").Sets = []mm.Reg{mm.RegFolio}
	act("forget_folio").Sets = []mm.Reg{mm.RegFolio}
	act("use_folio").Uses = []mm.Reg{mm.RegFolio}
	act("folio_lock").Takes = []mm.Lock{mm.FolioLock}
	cond("folio_trylock").Takes = []mm.Lock{mm.FolioLock}
	act("folio_unlock").Drops = []mm.Lock{mm.FolioLock}
	act("spin_lock").Takes = []mm.Lock{mm.PTL}
	act("spin_unlock").Drops = []mm.Lock{mm.PTL}
	act("set_pte").Needs = []mm.Lock{mm.PTL}
	cond("get_swap_device").Takes = []mm.Lock{mm.DeviceRef}
	act("put_swap_device").Drops = []mm.Lock{mm.DeviceRef}
	act("read_device").Needs = []mm.Lock{mm.DeviceRef}
	act("mmap_read_lock").Takes = []mm.Lock{mm.MmapRead}
	act("mmap_write_lock").Takes = []mm.Lock{mm.MmapWrite}
	act("mmap_write_unlock").Drops = []mm.Lock{mm.MmapWrite}
	act("find_vma").Needs = []mm.Lock{mm.MmapRead}
	return r
}
