//go:build linux

package guest

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tagswap/kernel/engine"
	"tagswap/litmus"
)

// areas are the swap areas of one test, in the order of its Swap= line.
type areas struct {
	plan   *Plan
	paths  []string
	on     []bool
	filler [][]byte // memory that takes the used slots
	base   int64    // slots in use before the test
	undo   []func() // puts the devices' settings back
}

// assign gives each area of a plan a device.
func (d *devices) assign(p *Plan) *areas {
	a := &areas{plan: p}
	nsync, ndisk := 0, 0
	for _, s := range p.Test.Machine.Areas {
		if s.Sync {
			a.paths = append(a.paths, d.sync[nsync])
			nsync++
		} else {
			a.paths = append(a.paths, d.disk[ndisk])
			ndisk++
		}
		a.on = append(a.on, false)
	}
	if p.Drain {
		a.paths = append(a.paths, d.sync[nsync])
	}
	return a
}

// setUp makes every area of its size and on or off as the test says. It is
// called before each round; it only does what the last round has changed.
func (a *areas) setUp(changed bool) error {
	if changed {
		a.down()
	}
	if a.plan.Drain {
		if err := writeHeader(a.paths[len(a.on)], 8); err != nil {
			return err
		}
	}
	for i, s := range a.plan.Test.Machine.Areas {
		if a.on[i] || s.Off && !changed {
			continue
		}
		if err := writeHeader(a.paths[i], a.plan.Slots[i]); err != nil {
			return err
		}
		if err := a.stable(a.paths[i], s); err != nil {
			return err
		}
		if s.Off {
			continue
		}
		if err := swapon(a.paths[i], 100-i); err != nil {
			return fmt.Errorf("swapon %s with %d slots: %w", a.paths[i], a.plan.Slots[i], err)
		}
		a.on[i] = true
		if a.plan.Used[i] > 0 && !a.plan.FillLate {
			if err := a.fill(a.plan.Used[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// down switches everything off and gives the filler back.
func (a *areas) down() {
	a.unfill()
	for i, p := range a.paths[:len(a.on)] {
		if a.on[i] || a.plan.Test.Machine.Areas[i].Off {
			retry(func() error { return swapoff(p) })
			a.on[i] = false
		}
	}
}

// stable makes swapon give a disk SWP_STABLE_WRITES, or not, as the test says
// (mm/swapfile.c:swapon reads bdev_stable_writes (v6.1)). zram always asks for
// stable pages: it compresses them where they are.
func (a *areas) stable(path string, s litmus.SwapArea) error {
	if s.Sync {
		return nil
	}
	want := "0"
	if s.Stable {
		want = "1"
	}
	file := "/sys/block/" + filepath.Base(path) + "/queue/stable_writes"
	old, err := os.ReadFile(file)
	if err == nil && strings.TrimSpace(string(old)) == want {
		return nil
	}
	if err == nil {
		err = os.WriteFile(file, []byte(want), 0)
	}
	if err != nil {
		if !s.Stable { // a kernel without the file has no stable disks
			return nil
		}
		return fmt.Errorf("stable: %w", err)
	}
	a.undo = append(a.undo, func() { os.WriteFile(file, old, 0) })
	return nil
}

// restore switches everything off and puts the devices' settings back.
func (a *areas) restore() {
	a.down()
	for i := range a.undo {
		a.undo[len(a.undo)-1-i]()
	}
	a.undo = nil
}

// fill pages n pages of our own out, and keeps them there.
func (a *areas) fill(n int) error {
	before := swapUsed()
	m, err := unix.Mmap(-1, 0, n*pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	unix.Madvise(m, unix.MADV_NOHUGEPAGE)
	for i := 0; i < n; i++ {
		binary.LittleEndian.PutUint64(m[i*pageSize:], uint64(i)+1)
	}
	a.filler = append(a.filler, m)
	for range 20 {
		unix.Madvise(m, madvPageout)
		if swapUsed()-before >= int64(n) {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("filling swap: %d of %d pages went out", swapUsed()-before, n)
}

func (a *areas) unfill() {
	for _, m := range a.filler {
		unix.Munmap(m)
	}
	a.filler = nil
}

// writeHeader writes a swap header of version 1 for that many usable pages
// (include/linux/swap.h:union swap_header).
func writeHeader(path string, slots int) error {
	page := make([]byte, pageSize)
	binary.LittleEndian.PutUint32(page[1024:], 1)
	binary.LittleEndian.PutUint32(page[1028:], uint32(slots))
	copy(page[pageSize-10:], "SWAPSPACE2")
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_SYNC, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt(page, 0)
	return err
}

func swapon(path string, prio int) error {
	const prefer = 0x8000
	p, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	return retry(func() error { return syscall2(unix.SYS_SWAPON, p, uintptr(prefer|prio)) })
}

func swapoff(path string) error {
	p, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	err = syscall2(unix.SYS_SWAPOFF, p, 0)
	if err == unix.EINVAL { // it is off
		return nil
	}
	return err
}

// retry tries again while a device is still busy with the round before.
func retry(f func() error) (err error) {
	for range 50 {
		if err = f(); err != unix.EBUSY && err != unix.EINTR {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	return err
}

// swapUsed is the number of slots in use, of all areas.
func swapUsed() int64 {
	var s unix.Sysinfo_t
	if unix.Sysinfo(&s) != nil {
		return 0
	}
	return int64(uint64(s.Totalswap)-uint64(s.Freeswap)) * int64(s.Unit) / pageSize
}

// swapTotal is the number of slots of all areas that are on.
func swapTotal() int64 {
	var s unix.Sysinfo_t
	if unix.Sysinfo(&s) != nil {
		return 0
	}
	return int64(uint64(s.Totalswap)) * int64(s.Unit) / pageSize
}

// sysinfoUsed reads a struct sysinfo that a task has filled.
func sysinfoUsed(r *engine.Region, addr uint64) int64 {
	total, free, unit := r.Get(addr+64), r.Get(addr+72), r.Get(addr+104)&0xffffffff
	return int64(total-free) * int64(unit) / pageSize
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
