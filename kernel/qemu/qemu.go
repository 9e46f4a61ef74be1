//go:build linux

package qemu

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrQEMU says that this machine has no QEMU that can be used, and what to install.
var ErrQEMU = errors.New("no usable QEMU")

const howTo = "install qemu-system-arm 8 or later (on Debian 12: apt-get install --no-install-recommends " +
	"-t bookworm-backports qemu-system-arm)"

// program is QEMU's name.
const program = "qemu-system-aarch64"

// QEMU is a program that Find has looked at.
type QEMU struct {
	Path    string
	Version string
}

var versionRE = regexp.MustCompile(`QEMU emulator version (([0-9]+)\.[0-9.]+)`)

// Find finds QEMU on the PATH and refuses one that is known to be wrong. The
// error is ErrQEMU, with what to install.
func Find(ctx context.Context) (QEMU, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return QEMU{}, fmt.Errorf("%w: %s is not on this machine; %s", ErrQEMU, program, howTo)
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return QEMU{}, fmt.Errorf("%w: %s --version: %v", ErrQEMU, path, err)
	}
	return check(path, string(out))
}

func check(path, banner string) (QEMU, error) {
	m := versionRE.FindStringSubmatch(banner)
	if m == nil {
		return QEMU{}, fmt.Errorf("%w: %s does not say its version; %s", ErrQEMU, path, howTo)
	}
	if major, _ := strconv.Atoi(m[2]); major < 8 {
		return QEMU{}, fmt.Errorf("%w: %s is %s, which keeps one byte of tag memory for a whole page (measured with 7.2), "+
			"so that every tag test would fail without any swap; %s", ErrQEMU, path, m[1], howTo)
	}
	return QEMU{path, m[1]}, nil
}

// Machine is what to boot.
type Machine struct {
	Image     string        // arm64 Image or vmlinuz
	Initramfs []byte        //
	Append    string        // added to the kernel's command line
	CPUs      int           // 0: 2
	MemoryMB  int           // 0: 512
	Disks     []int64       // sizes in bytes of empty virtio disks
	NoMTE     bool          // a machine without MTE
	Timeout   time.Duration // for the whole boot
	Silence   time.Duration // without a line from the console
	Extra     []string      // more arguments, as -gdb
	Started   func()        // called once QEMU runs
}

// Scale is the factor for all timeouts, from TAGSWAP_SCALE: 4 on a slow machine.
func Scale() float64 {
	if f, err := strconv.ParseFloat(os.Getenv("TAGSWAP_SCALE"), 64); err == nil && f > 0 {
		return f
	}
	return 1
}

// Append is the kernel's command line: an oops ends the boot, so that no result
// is taken from a kernel that has one behind it. An emulated CPU may stand still for
// a while when the host is busy: that is no stall.
const Append = "console=ttyAMA0 panic=-1 oops=panic loglevel=5 rdinit=/init random.trust_cpu=on rcupdate.rcu_cpu_stall_timeout=60"

// Args are QEMU's arguments. Files are passed as descriptors from 3 on: first the
// initramfs, then the disks.
func (m *Machine) Args() []string {
	cpus, mem := m.CPUs, m.MemoryMB
	if cpus == 0 {
		cpus = 2
	}
	if mem == 0 {
		mem = 512
	}
	virt := "virt,mte=on"
	if m.NoMTE {
		virt = "virt"
	}
	args := []string{"-M", virt, "-cpu", "max,pauth-impdef=on", "-smp", strconv.Itoa(cpus), "-m", strconv.Itoa(mem),
		"-nic", "none", "-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot", "-nodefaults",
		"-kernel", m.Image, "-initrd", "/dev/fd/3", "-append", strings.TrimSpace(Append + " " + m.Append)}
	for i := range m.Disks {
		args = append(args, "-add-fd", fmt.Sprintf("fd=%d,set=%d", 4+i, i+1),
			"-blockdev", fmt.Sprintf("driver=file,filename=/dev/fdset/%d,node-name=d%d,locking=off", i+1, i),
			"-device", fmt.Sprintf("virtio-blk-device,drive=d%d", i))
	}
	return append(args, m.Extra...)
}

// Run boots the machine and calls line for each line of the console. stop, when
// it returns true after a line, ends the boot at once. timedOut tells that it was
// the clock that ended it. The error is of QEMU itself: it could not be started,
// or it refused its arguments.
func (q QEMU) Run(ctx context.Context, m Machine, line func(string) (stop bool)) (timedOut bool, err error) {
	files, err := m.files()
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	if err != nil {
		return false, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return false, err
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, q.Path, m.Args()...)
	cmd.ExtraFiles = files
	cmd.Stdout = w
	var complaints strings.Builder
	cmd.Stderr = &limited{&complaints, 8 << 10}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second

	// Pdeathsig is of the thread that forks, so that thread stays until the end.
	started, done := make(chan error, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			done <- cmd.Wait()
		}
	}()
	err = <-started
	w.Close()
	if err != nil {
		return false, fmt.Errorf("%w: %v", ErrQEMU, err)
	}
	if m.Started != nil {
		m.Started()
	}
	lines := make(chan string)
	go readLines(ctx, r, lines)
	stopped, timedOut := pump(ctx, m, lines, line)
	cancel()
	err = <-done
	if s := strings.TrimSpace(complaints.String()); s != "" && !stopped && !timedOut {
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() > 0 {
			return false, fmt.Errorf("%s: %s", program, lastLine(s))
		}
	}
	return timedOut, nil
}

// pump passes lines on until the console ends, the caller has enough, or time is up.
func pump(ctx context.Context, m Machine, lines <-chan string, line func(string) bool) (stopped, timedOut bool) {
	scaled := func(d time.Duration) time.Duration { return time.Duration(float64(d) * Scale()) }
	total := time.NewTimer(scaled(m.Timeout))
	defer total.Stop()
	silence := time.NewTimer(scaled(m.Silence))
	defer silence.Stop()
	for {
		select {
		case l, ok := <-lines:
			if !ok {
				return false, false
			}
			if line(l) {
				return true, false
			}
			silence.Reset(scaled(m.Silence))
		case <-total.C:
			return false, true
		case <-silence.C:
			return false, true
		case <-ctx.Done():
			return true, false
		}
	}
}

func readLines(ctx context.Context, r io.Reader, lines chan<- string) {
	defer close(lines)
	br := bufio.NewReaderSize(r, 64<<10)
	for {
		s, err := br.ReadString('\n')
		if s != "" {
			select {
			case lines <- s:
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// files makes the memory files that QEMU inherits.
func (m *Machine) files() (files []*os.File, err error) {
	mem := func(name string) (*os.File, error) {
		fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
		if err != nil {
			return nil, fmt.Errorf("memory file: %w", err)
		}
		f := os.NewFile(uintptr(fd), name)
		files = append(files, f)
		return f, nil
	}
	f, err := mem("initramfs")
	if err != nil {
		return files, err
	}
	if _, err := f.Write(m.Initramfs); err != nil {
		return files, err
	}
	for i, size := range m.Disks {
		f, err := mem(fmt.Sprintf("disk%d", i))
		if err != nil {
			return files, err
		}
		if err := f.Truncate(size); err != nil {
			return files, err
		}
	}
	return files, nil
}

// limited drops what is more than n bytes.
type limited struct {
	w *strings.Builder
	n int
}

func (l *limited) Write(p []byte) (int, error) {
	if room := l.n - l.w.Len(); room > 0 {
		l.w.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func lastLine(s string) string { return s[strings.LastIndexByte(s, '\n')+1:] }
