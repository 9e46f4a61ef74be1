//go:build linux

package qemu

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestVersions(t *testing.T) {
	for banner, ok := range map[string]bool{
		"QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\n": false,
		"QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)\n":         true,
		"QEMU emulator version 8.2.2\n":                                 true,
		"something else\n":                                              false,
	} {
		q, err := check("/bin/qemu", banner)
		if (err == nil) != ok || ok && q.Version == "" {
			t.Errorf("%q: %+v, %v", banner, q, err)
		}
		if !ok && (!errors.Is(err, ErrQEMU) || !strings.Contains(err.Error(), "bookworm-backports")) {
			t.Errorf("%q: the error does not say what to install: %v", banner, err)
		}
	}
	_, err := check("/bin/qemu", "QEMU emulator version 7.2.22\n")
	if err == nil || !strings.Contains(err.Error(), "tag memory") {
		t.Errorf("7.2 is refused without the reason: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Find(context.Background()); !errors.Is(err, ErrQEMU) {
		t.Errorf("without QEMU: %v", err)
	}
}

func TestArgs(t *testing.T) {
	m := Machine{Image: "/k/Image", Append: "nokaslr", Disks: []int64{1, 2}, Extra: []string{"-S"}}
	args := m.Args()
	for _, want := range [][]string{{"-M", "virt,mte=on"}, {"-nic", "none"}, {"-smp", "2"}, {"-no-reboot"}, {"-S"},
		{"-device", "virtio-blk-device,drive=d1"}} {
		i := slices.Index(args, want[len(want)-1])
		if i < 0 || len(want) == 2 && args[i-1] != want[0] {
			t.Errorf("no %v in %v", want, args)
		}
	}
	if !strings.Contains(strings.Join(args, " "), "oops=panic loglevel=5 rdinit=/init random.trust_cpu=on rcupdate.rcu_cpu_stall_timeout=60 nokaslr") {
		t.Errorf("command line of %v", args)
	}
}

// fake makes a program that stands in for QEMU.
func fake(t *testing.T, script string) QEMU {
	t.Helper()
	p := filepath.Join(t.TempDir(), "qemu")
	if err := os.WriteFile(p, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return QEMU{p, "0"}
}

// alive says whether a process runs; one that nobody has reaped yet does not.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

func TestRunPassesLinesAndFiles(t *testing.T) {
	q := fake(t, "echo one; cat /dev/fd/3; stat -L -c %s /dev/fd/4; printf 'no newline'")
	var got []string
	timedOut, err := q.Run(context.Background(), Machine{Initramfs: []byte("archive\n"), Disks: []int64{12345},
		Timeout: time.Minute, Silence: time.Minute}, func(l string) bool { got = append(got, l); return false })
	if err != nil || timedOut || strings.Join(got, "") != "one\narchive\n12345\nno newline" {
		t.Errorf("%q, %v, %v", got, timedOut, err)
	}
}

func TestTimeoutsKillTheWholeGroup(t *testing.T) {
	for name, m := range map[string]Machine{
		"silence": {Timeout: time.Minute, Silence: 200 * time.Millisecond},
		"total":   {Timeout: 400 * time.Millisecond, Silence: time.Minute},
	} {
		q := fake(t, "sleep 100 & echo $!; while :; do sleep 0.05; [ -n \"$CHATTY\" ] && echo x; done")
		t.Setenv("CHATTY", map[string]string{"total": "1"}[name])
		child := 0
		start := time.Now()
		timedOut, err := q.Run(context.Background(), m, func(l string) bool {
			if child == 0 {
				child, _ = strconv.Atoi(strings.TrimSpace(l))
			}
			return false
		})
		if !timedOut || err != nil || time.Since(start) > 20*time.Second {
			t.Errorf("%s: timed out %v, %v after %v", name, timedOut, err, time.Since(start))
		}
		for range 100 {
			if !alive(child) {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if child == 0 || alive(child) {
			t.Errorf("%s: process %d of the group lives on", name, child)
		}
	}
}

func TestStopAndCancelEndTheBoot(t *testing.T) {
	q := fake(t, "echo $$; exec sleep 100")
	m := Machine{Timeout: time.Minute, Silence: time.Minute}
	pid := 0
	timedOut, err := q.Run(context.Background(), m, func(l string) bool { pid, _ = strconv.Atoi(strings.TrimSpace(l)); return true })
	if timedOut || err != nil || alive(pid) {
		t.Errorf("stopped by the caller: %v, %v, alive %v", timedOut, err, alive(pid))
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.Started = func() { time.AfterFunc(100*time.Millisecond, cancel) }
	if _, err := q.Run(ctx, m, func(l string) bool { return false }); err != nil {
		t.Errorf("cancelled: %v", err)
	}
}

func TestQEMUsOwnComplaintIsTheError(t *testing.T) {
	q := fake(t, "echo 'qemu: -M virt,mte=on: not known' >&2; exit 1")
	_, err := q.Run(context.Background(), Machine{Timeout: time.Minute, Silence: time.Minute}, func(string) bool { return false })
	if err == nil || !strings.Contains(err.Error(), "not known") {
		t.Errorf("%v", err)
	}
}

// QEMU must not outlive the program that started it, however that one dies.
func TestDiesWithItsParent(t *testing.T) {
	if os.Getenv("TAGSWAP_QEMU_PARENT") != "" {
		q := QEMU{os.Getenv("TAGSWAP_QEMU_PARENT"), "0"}
		q.Run(context.Background(), Machine{Timeout: time.Minute, Silence: time.Minute},
			func(l string) bool { fmt.Print(l); return false })
		return
	}
	q := fake(t, "echo $$; exec sleep 100")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	self, _ := os.Executable()
	p, err := os.StartProcess(self, []string{self, "-test.run=TestDiesWithItsParent"}, &os.ProcAttr{
		Env: append(os.Environ(), "TAGSWAP_QEMU_PARENT="+q.Path), Files: []*os.File{nil, w, nil}})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	buf := make([]byte, 32)
	n, _ := r.Read(buf)
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil {
		t.Fatalf("the parent said %q", buf[:n])
	}
	p.Kill()
	p.Wait()
	for range 200 {
		if !alive(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	syscall.Kill(pid, syscall.SIGKILL)
	t.Errorf("process %d outlived its parent", pid)
}
