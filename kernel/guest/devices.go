//go:build linux

package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// devices are the block devices that may be swapped on.
type devices struct {
	sync  []string // zram
	disk  []string // virtio-blk, or loop devices of ours
	added []int    // zram devices made by us, to be removed
	loops []loop
}

// zramBytes is the size of each zram device: a swap header makes less of it.
const zramBytes = 96 << 20

// findDevices takes the machine's disks and sets up zram devices. In a guest of
// ours all are free to use; elsewhere only devices that it adds itself: zram, and
// for a disk a loop device on one more zram, so that nothing is written anywhere.
func findDevices(ours bool) (d devices, err error) {
	for i := range 2 {
		var path string
		if path, err = d.zram(i, ours); err != nil {
			break
		}
		d.sync = append(d.sync, path)
	}
	if ours {
		d.disk, _ = filepath.Glob("/dev/vd?")
		if len(d.sync)+len(d.disk) > 0 {
			err = nil
		}
		return d, err
	}
	for i := 2; i < 4 && err == nil; i++ {
		path, err := d.zram(i, ours)
		if err != nil {
			break
		}
		l, err := addLoop(path)
		if err != nil {
			break // the tests that want a disk are skipped, and say so
		}
		d.loops, d.disk = append(d.loops, l), append(d.disk, l.path)
	}
	if err != nil {
		d.close()
	}
	return d, err
}

// zram sets up the i-th zram device: the machine's own where it is free to use.
func (d *devices) zram(i int, ours bool) (path string, err error) {
	n := i
	if !ours || !exists(fmt.Sprintf("/sys/block/zram%d", i)) {
		if n, err = addZram(); err != nil {
			return "", err
		}
		d.added = append(d.added, n)
	}
	return fmt.Sprintf("/dev/zram%d", n), setZram(n)
}

func addZram() (int, error) {
	b, err := os.ReadFile("/sys/class/zram-control/hot_add")
	if err != nil {
		return 0, fmt.Errorf("no zram on this machine (%w); load it with modprobe zram, or give a kernel in QEMU its modules with --modules", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}

func setZram(n int) error {
	dir := fmt.Sprintf("/sys/block/zram%d/", n)
	algos, _ := os.ReadFile(dir + "comp_algorithm")
	for _, a := range []string{"lzo-rle", "lzo", "lz4", "zstd", "deflate"} {
		if strings.Contains(" "+strings.NewReplacer("[", "", "]", "", "\n", " ").Replace(string(algos))+" ", " "+a+" ") {
			if os.WriteFile(dir+"comp_algorithm", []byte(a), 0) == nil {
				break
			}
		}
	}
	if err := os.WriteFile(dir+"disksize", []byte(strconv.Itoa(zramBytes)), 0); err != nil {
		return fmt.Errorf("zram%d: setting its size: %w", n, err)
	}
	return nil
}

// close removes what findDevices added.
func (d *devices) close() {
	for _, l := range d.loops {
		l.close()
	}
	for _, n := range d.added {
		retry(func() error { // a loop device lets go of it in its own time
			return unwrapErrno(os.WriteFile(fmt.Sprintf("/sys/block/zram%d/reset", n), []byte("1"), 0))
		})
		os.WriteFile("/sys/class/zram-control/hot_remove", []byte(strconv.Itoa(n)), 0)
	}
}

// unwrapErrno gives the number behind an error of package os.
func unwrapErrno(err error) error {
	var e unix.Errno
	if errors.As(err, &e) {
		return e
	}
	return err
}

// machine says which tests the devices and the kernel allow.
func (d *devices) machine() Machine {
	_, pin := canPin()
	return Machine{Sync: len(d.sync), Disk: len(d.disk), KSM: exists("/sys/kernel/mm/ksm/run"), Pin: pin, ReadPin: canPinForReading()}
}

// loop is a loop device of ours.
type loop struct {
	path string
	dev  *os.File // holds it: it lets go of its backing device with the last user
	n    int
	made bool // there was none before
}

// addLoop makes a loop device on a block device. Its swap is asynchronous: a
// worker of the kernel does the transfers (drivers/block/loop.c:loop_queue_rq).
func addLoop(backing string) (l loop, err error) {
	ctl, err := unix.Open("/dev/loop-control", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return l, fmt.Errorf("no loop devices on this machine (%w); load them with modprobe loop", err)
	}
	defer unix.Close(ctl)
	before, _ := filepath.Glob("/sys/block/loop*")
	if l.n, err = unix.IoctlRetInt(ctl, unix.LOOP_CTL_GET_FREE); err != nil {
		return l, fmt.Errorf("loop: %w", err)
	}
	after, _ := filepath.Glob("/sys/block/loop*")
	l.path, l.made = fmt.Sprintf("/dev/loop%d", l.n), len(after) > len(before)
	back, err := os.OpenFile(backing, os.O_RDWR, 0)
	if err != nil {
		return l, err
	}
	defer back.Close()
	if l.dev, err = os.OpenFile(l.path, os.O_RDWR, 0); err != nil {
		return l, err
	}
	err = unix.IoctlLoopConfigure(int(l.dev.Fd()), &unix.LoopConfig{Fd: uint32(back.Fd()), Size: pageSize,
		Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR | unix.LO_FLAGS_DIRECT_IO}})
	if err != nil {
		l.close()
		return l, fmt.Errorf("%s: %w", l.path, err)
	}
	return l, nil
}

// close gives the loop device up, and removes it when we have made it.
func (l *loop) close() {
	l.dev.Close()
	if !l.made {
		return
	}
	ctl, err := unix.Open("/dev/loop-control", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(ctl)
	for range 100 {
		if unix.IoctlSetInt(ctl, unix.LOOP_CTL_REMOVE, l.n) != unix.EBUSY {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
