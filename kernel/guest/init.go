//go:build linux

package guest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"tagswap/kernel/wire"
)

// Init is the whole life of the guest program as PID 1 of a virtual machine:
// mount, load modules, run, say the end, switch off. It does not return.
func Init() {
	out := console()
	w := wire.NewWriter(out)
	send := func(r wire.Record) { w.Send(r) }
	note := func(err error) {
		if err != nil {
			send(wire.Record{Kind: wire.Note, Detail: err.Error()})
		}
	}
	if err := initRun(send, note); err != nil {
		send(wire.Record{Kind: wire.End, Status: wire.Failed, Reason: err.Error()})
	}
	unix.Sync()
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	for {
		unix.Pause()
	}
}

func initRun(send func(wire.Record), note func(error)) error {
	b, err := os.ReadFile(ConfigPath)
	if err != nil {
		return err
	}
	var cfg Config
	if err := json.Unmarshal(b, &cfg); err != nil {
		return fmt.Errorf("%s: %w", ConfigPath, err)
	}
	for _, m := range cfg.Modules {
		note(loadModule(filepath.Join(ModuleDir, m)))
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	once := sync.OnceFunc(func() { time.AfterFunc(time.Duration(cfg.Stop*float64(time.Second)), cancel) })
	tell := send
	send = func(r wire.Record) {
		tell(r)
		if r.Kind == wire.Start && cfg.Stop > 0 {
			once()
		}
	}
	err = Run(ctx, cfg, !cfg.Here, send)
	if err != nil && ctx.Err() != nil {
		send(wire.Record{Kind: wire.End, Reason: "cut short"})
		return nil
	}
	return err
}

// console mounts the usual file systems and opens the console, which an
// initramfs without device nodes does not give us.
func console() *os.File {
	for _, m := range [][2]string{{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"cgroup2", "/sys/fs/cgroup"}, {"debugfs", debugFS}} {
		os.MkdirAll(m[1], 0o755)
		unix.Mount(m[0], m[1], m[0], 0, "")
	}
	f, err := os.OpenFile("/dev/console", os.O_RDWR, 0)
	if err != nil {
		return os.Stdout
	}
	// What Go itself prints when it dies goes there too.
	unix.Dup3(int(f.Fd()), 1, 0)
	unix.Dup3(int(f.Fd()), 2, 0)
	return f
}

// loadModule loads an uncompressed module. One that is there already is fine.
func loadModule(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	params := ""
	if filepath.Base(path) == "zram.ko" {
		params = "num_devices=2"
	}
	err = unix.InitModule(b, params)
	if err != nil && err != unix.EEXIST {
		return fmt.Errorf("loading %s: %w", filepath.Base(path), err)
	}
	return nil
}

func syscall2(nr uintptr, p *byte, b uintptr) error {
	if _, _, e := unix.Syscall(nr, uintptr(unsafe.Pointer(p)), b, 0); e != 0 {
		return e
	}
	return nil
}
