package pageout

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const childEnv = "TAGSWAP_PAGEOUT_CHILD"

// TestMain makes the test binary the victim when it is started as one: it maps
// and fills memory, says so, checks it when told, and waits.
func TestMain(m *testing.M) {
	if s := os.Getenv(childEnv); s != "" {
		n, _ := strconv.Atoi(s)
		victim(n)
		return
	}
	os.Exit(m.Run())
}

func victim(size int) {
	mem, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		fmt.Println("mmap:", err)
		return
	}
	for i := range mem {
		mem[i] = byte(i>>12) ^ byte(i)
	}
	fmt.Println("ready")
	in := bufio.NewReader(os.Stdin)
	for {
		if _, err := in.ReadString('\n'); err != nil {
			return
		}
		bad := 0
		for i := range mem {
			if mem[i] != byte(i>>12)^byte(i) {
				bad++
			}
		}
		fmt.Println("bad", bad)
	}
}

type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startChild(t *testing.T, size int) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.Command(exe)}
	c.cmd.Env = append(os.Environ(), childEnv+"="+strconv.Itoa(size))
	c.in, err = c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.cmd.Process.Kill(); c.cmd.Wait() })
	if line, err := c.out.ReadString('\n'); line != "ready\n" {
		t.Fatalf("victim said %q, %v", line, err)
	}
	return c
}

func (c *child) check(t *testing.T) {
	t.Helper()
	fmt.Fprintln(c.in)
	if line, err := c.out.ReadString('\n'); line != "bad 0\n" {
		t.Fatalf("after page-out and back the victim said %q, %v", line, err)
	}
}

func needSwap(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux")
	}
	if err := CheckSwap(); err != nil {
		t.Skipf("%v; then: go test ./kernel/pageout", err)
	}
}

func TestOncePagesOutAChild(t *testing.T) {
	needSwap(t)
	const size = 8 << 20
	c := startChild(t, size)
	r, err := Once(c.cmd.Process.Pid, Options{PrivateAnonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.Swap < size/2 || r.Left < size/2 {
		t.Errorf("of %d bytes %d left memory and %d are in swap; want at least half", size, r.Left, r.Swap)
	}
	if r.Mappings == 0 || r.Advised == 0 || r.Name == "" {
		t.Errorf("result says nothing: %+v", r)
	}
	c.check(t)
}

func TestLoopEndsWithTheProcess(t *testing.T) {
	needSwap(t)
	c := startChild(t, 1<<20)
	rounds := 0
	err := Loop(context.Background(), []int{c.cmd.Process.Pid}, Options{PrivateAnonymous: true, Interval: time.Millisecond},
		func(round int, _ Result) {
			if rounds++; round == 3 {
				c.cmd.Process.Kill()
				c.cmd.Wait()
			}
		})
	if err != nil {
		t.Fatal(err)
	}
	if rounds != 3 {
		t.Errorf("%d reports, want 3", rounds)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	// Only mappings that need no swap, so that these run everywhere.
	opt := Options{}
	if _, err := Once(1<<22+1, opt); !errors.Is(err, ErrNoProcess) {
		t.Errorf("no such process: %v", err)
	}
	if _, err := Once(1<<22+1, Options{PrivateAnonymous: true}); !errors.Is(err, ErrNoProcess) {
		t.Errorf("no such process, with or without swap: %v", err)
	}
	if _, err := Once(-1, opt); !errors.Is(err, ErrNoProcess) {
		t.Errorf("negative pid: %v", err)
	}
	for _, tc := range []struct {
		in   error
		want error
		text string
	}{
		{syscall.EPERM, ErrPermission, "CAP_SYS_NICE"},
		{os.ErrPermission, nil, ""},
		{syscall.EACCES, ErrPermission, "CAP_SYS_NICE"},
		{syscall.ENOSYS, ErrOldKernel, "5.10"},
		{&os.PathError{Op: "open", Path: "/proc/9/smaps", Err: syscall.ENOENT}, ErrNoProcess, "ended"},
	} {
		got := explain(9, tc.in)
		if tc.want != nil && !errors.Is(got, tc.want) || !strings.Contains(got.Error(), tc.text) {
			t.Errorf("explain(%v) = %v", tc.in, got)
		}
	}
}

func TestEPERMAsAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to run as somebody else; as root: go test ./kernel/pageout")
	}
	c := startChild(t, 1<<20)
	runtime.LockOSThread() // never unlocked: the thread's ids are spoiled and it dies with the goroutine
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if _, _, e := syscall.RawSyscall(syscall.SYS_SETRESUID, ^uintptr(0), 65534, ^uintptr(0)); e != 0 {
			done <- e
			return
		}
		_, err := Once(c.cmd.Process.Pid, Options{})
		done <- err
	}()
	if err := <-done; !errors.Is(err, ErrPermission) {
		t.Errorf("as nobody: %v, want ErrPermission", err)
	}
	runtime.UnlockOSThread()
}

const sampleSmaps = `55d0c0000000-55d0c0021000 rw-p 00000000 00:00 0                          [heap]
Size:                132 kB
Rss:                  12 kB
Anonymous:            12 kB
Swap:                 40 kB
THPeligible:           0
VmFlags: rd wr mr mw me ac sd
7f0000000000-7f0000001000 rw-p 00000000 00:00 0
Rss:                   4 kB
VmFlags: rd wr mr mw me lo ac
7f0000002000-7f0000003000 rw-s 00000000 00:01 77                         /dev/zero (deleted)
Rss:                   4 kB
7f0000004000-7f0000005000 rw-p 00000000 fe:00 78                         /usr/lib/a b
7f0000006000-7f0000007000 rw-p 00000000 00:00 0                          [anon:go: heap]
7f0000008000-7f0000009000 r--p 00000000 00:00 0                          [vvar]
`

func TestParseSmaps(t *testing.T) {
	ms, err := ParseSmaps(strings.NewReader(sampleSmaps))
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		path           string
		priv, pageable bool
		rss, swap      uint64
	}
	want := []row{
		{"[heap]", true, true, 12 << 10, 40 << 10},
		{"", true, false, 4 << 10, 0},
		{"/dev/zero (deleted)", false, true, 4 << 10, 0},
		{"/usr/lib/a b", false, true, 0, 0},
		{"[anon:go: heap]", true, true, 0, 0},
		{"[vvar]", false, false, 0, 0},
	}
	if len(ms) != len(want) {
		t.Fatalf("%d mappings, want %d", len(ms), len(want))
	}
	for i, m := range ms {
		if got := (row{m.Path, m.PrivateAnonymous(), m.Pageable(), m.Rss, m.Swap}); got != want[i] {
			t.Errorf("mapping %d: %+v, want %+v", i, got, want[i])
		}
	}
	for _, bad := range []string{"Rss: 4 kB\n", "zz-11 rw-p 0 0 0\n", "garbage\n", "2000-1000 rw-p 0 00:00 0\n", "1000-2000 rw-p 0 00:00 0\nRss: x kB\n"} {
		if _, err := ParseSmaps(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestAdvanceAfterAPartialCall(t *testing.T) {
	in := []remoteIovec{{0x1000, 0x2000}, {0x8000, 0x1000}}
	if got := advance(append([]remoteIovec(nil), in...), 0x1000); got[0] != (remoteIovec{0x2000, 0x1000}) || len(got) != 2 {
		t.Errorf("half of the first: %v", got)
	}
	if got := advance(append([]remoteIovec(nil), in...), 0x2000); len(got) != 1 || got[0].base != 0x8000 {
		t.Errorf("all of the first: %v", got)
	}
	if got := advance(in, 0x3000); len(got) != 0 {
		t.Errorf("everything: %v", got)
	}
}
