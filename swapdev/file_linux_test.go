package swapdev

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func open(t *testing.T, path string, slots int) *File {
	t.Helper()
	d, err := OpenFile(path, slots)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swap")
	defer unix.Umask(unix.Umask(0o277))
	d := open(t, path, 8)
	st, err := os.Stat(path)
	if err != nil || st.Mode() != 0o600 || st.Size() != 9*PageSize {
		t.Errorf("the file has mode %v and %d bytes (%v)", st.Mode(), st.Size(), err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	want := make([][]byte, 8)
	got := make([]byte, PageSize)
	for range 500 {
		slot := r.IntN(8)
		if r.IntN(2) == 0 {
			want[slot] = testPage(r, 3)
			if err := d.WritePage(slot, want[slot]); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.ReadPage(slot, got); err != nil {
			t.Fatal(err)
		}
		if w := want[slot]; w != nil && !bytes.Equal(got, w) || w == nil && !bytes.Equal(got, make([]byte, PageSize)) {
			t.Fatalf("slot %d has other contents than were written", slot)
		}
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file that this run made is still there: %v", err)
	}
}

// What an earlier run has left is used again, and stays when this one ends.
func TestFileOfAnEarlierRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swap")
	old := open(t, path, 4)
	secret := bytes.Repeat([]byte("secret"), 700)[:PageSize]
	if err := old.WritePage(2, secret); err != nil {
		t.Fatal(err)
	}
	_ = old.b.Close() // as if it had been killed
	d := open(t, path, 2)
	page := make([]byte, PageSize)
	if err := errors.Join(d.ReadPage(1, page), d.WritePage(1, secret)); err != nil || !bytes.Equal(page, make([]byte, PageSize)) {
		t.Errorf("a slot of the earlier run is read: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	left, err := os.ReadFile(path)
	if err != nil || len(left) != PageSize || !isOurs(left) {
		t.Errorf("%d bytes are left, want a header: %v", len(left), err)
	}
}

// Everything that may not be overwritten is refused, and stays as it is.
func TestFileRefused(t *testing.T) {
	swapArea := header(4)
	clear(swapArea[headerLabel : headerLabel+16])
	ours := header(4)
	for _, c := range []struct {
		name, want string
		make       func(path string) error
	}{
		{"text", "something else in it", func(p string) error { return os.WriteFile(p, []byte("a thesis"), 0o600) }},
		{"a long text", "something else in it", func(p string) error { return os.WriteFile(p, bytes.Repeat([]byte("x"), 3*PageSize), 0o600) }},
		{"a swap area of the system", "something else in it", func(p string) error { return os.WriteFile(p, swapArea, 0o600) }},
		{"half a header", "something else in it", func(p string) error { return os.WriteFile(p, ours[:PageSize/2], 0o600) }},
		{"foreign and readable by others", "something else in it", func(p string) error { return os.WriteFile(p, []byte("precious"), 0o644) }},
		{"readable by others", "chmod it to 0600", func(p string) error { return os.WriteFile(p, ours, 0o644) }},
		{"a directory", "a directory", func(p string) error { return os.Mkdir(p, 0o700) }},
		{"a fifo", "no regular file", func(p string) error { return unix.Mkfifo(p, 0o600) }},
		{"a symbolic link", "a symbolic link", func(p string) error {
			return errors.Join(os.WriteFile(p+".to", ours, 0o600), os.Symlink(p+".to", p))
		}},
		{"two names", "2 names", func(p string) error { return errors.Join(os.WriteFile(p, ours, 0o600), os.Link(p, p+".too")) }},
		{"another owner", "belongs to user 1", func(p string) error {
			return errors.Join(os.WriteFile(p, ours, 0o600), os.Chown(p, 1, -1))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "swap")
			if err := c.make(path); err != nil {
				if errors.Is(err, os.ErrPermission) {
					t.Skip(err)
				}
				t.Fatal(err)
			}
			before, _ := os.Lstat(path)
			d, err := OpenFile(path, 4)
			if err == nil {
				_ = d.Close()
			}
			if !errors.Is(err, ErrNotOurs) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			after, err := os.Lstat(path)
			if err != nil || after.Size() != before.Size() || after.ModTime() != before.ModTime() || after.Mode() != before.Mode() {
				t.Errorf("it was changed: %v", err)
			}
		})
	}
	if _, err := OpenFile(filepath.Join(t.TempDir(), "no", "swap"), 4); !errors.Is(err, unix.ENOENT) {
		t.Errorf("no directory: %v", err)
	}
	if _, err := OpenFile(filepath.Join(t.TempDir(), "swap"), 0); err == nil {
		t.Error("a device without slots is made")
	}
}

func TestFileInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swap")
	d := open(t, path, 4)
	if _, err := OpenFile(path, 4); !errors.Is(err, ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// Close removes what this run has made, and nothing that has its name by then.
func TestFileReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swap")
	d := open(t, path, 4)
	if err := errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, []byte("a thesis"), 0o600), d.Close()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); string(got) != "a thesis" {
		t.Errorf("%q, %v", got, err)
	}
}

// An empty file is taken: it is what a run leaves that is killed before it has
// written the header, and what mktemp(1) makes.
func TestFileEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swap")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path, 4).Close(); err != nil {
		t.Error(err)
	}
}

// bad is a file that does what a broken one does.
type bad struct {
	backing
	mu    sync.Mutex
	read  error // protected by mu
	write error // protected by mu
	short int   // protected by mu; not 0: how much of a page a write gets done
	reads int   // protected by mu
}

func (b *bad) ReadAt(p []byte, off int64) (int, error) {
	b.mu.Lock()
	b.reads++
	err := b.read
	b.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return b.backing.ReadAt(p, off)
}

func (b *bad) WriteAt(p []byte, off int64) (int, error) {
	b.mu.Lock()
	err, short := b.write, b.short
	b.mu.Unlock()
	if short > 0 {
		n, _ := b.backing.WriteAt(p[:short], off)
		return n, err
	}
	if err != nil {
		return 0, err
	}
	return b.backing.WriteAt(p, off)
}

// What goes wrong with the file is an error, and what comes back afterwards is
// never something that was not written.
func TestFileFaults(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	one, two := testPage(r, 3), testPage(r, 3)
	for _, c := range []struct {
		name, want string
		write      bool // the fault is met when writing
		harm       func(t *testing.T, d *File, b *bad, path string)
	}{
		{"EIO on a write", "input/output error", true, func(_ *testing.T, _ *File, b *bad, _ string) { b.write = unix.EIO }},
		{"a full disk", "no space left", true, func(_ *testing.T, _ *File, b *bad, _ string) { b.write = unix.ENOSPC }},
		{"a full disk in the middle", "no space left", true, func(_ *testing.T, _ *File, b *bad, _ string) { b.write, b.short = unix.ENOSPC, 1000 }},
		{"a short write", "short write", true, func(_ *testing.T, _ *File, b *bad, _ string) { b.short = 4095 }},
		{"EIO on a read", "input/output error", false, func(_ *testing.T, _ *File, b *bad, _ string) { b.read = unix.EIO }},
		{"cut off", "cut off", false, func(t *testing.T, _ *File, _ *bad, path string) {
			if err := os.Truncate(path, 2*PageSize+100); err != nil {
				t.Fatal(err)
			}
		}},
		{"cut off and grown", "other contents", false, func(t *testing.T, _ *File, _ *bad, path string) {
			if err := errors.Join(os.Truncate(path, PageSize), os.Truncate(path, 9*PageSize)); err != nil {
				t.Fatal(err)
			}
		}},
		{"written to", "other contents", false, func(t *testing.T, _ *File, _ *bad, path string) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.WriteAt([]byte{two[77] ^ 1}, 2*PageSize+77)
			if err := errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "swap")
			d := open(t, path, 8)
			b := &bad{backing: d.b}
			d.b = b
			defer func() { _ = d.Close() }()
			page := make([]byte, PageSize)
			if err := d.WritePage(1, one); err != nil {
				t.Fatal(err)
			}
			if c.write {
				c.harm(t, d, b, path)
			}
			err := d.WritePage(1, two)
			if c.write {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("the write: %v, want %q", err, c.want)
				}
			} else {
				c.harm(t, d, b, path)
			}
			err = d.ReadPage(1, page)
			if err == nil {
				t.Error("the slot is read")
			} else if !c.write && !strings.Contains(err.Error(), c.want) {
				t.Errorf("the read: %v, want %q", err, c.want)
			}
			if d.Errors() == 0 {
				t.Error("no error is counted")
			}
			b.read, b.write, b.short = nil, nil, 0
			if err := errors.Join(d.WritePage(1, two), d.ReadPage(1, page)); err != nil || !bytes.Equal(page, two) {
				t.Errorf("when it works again: %v", err)
			}
		})
	}
}

// A slot that this run has not written is not looked for in the file.
func TestFileReadsOnlyWhatWasWritten(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "swap"), 8)
	b := &bad{backing: d.b}
	d.b = b
	defer func() { _ = d.Close() }()
	page := testPage(rand.New(rand.NewPCG(5, 6)), 3)
	if err := d.ReadPage(3, page); err != nil || !bytes.Equal(page, make([]byte, PageSize)) || b.reads != 0 {
		t.Errorf("%d reads, %v; want zeros without one", b.reads, err)
	}
}

// Calls that do part of their work, or are interrupted, are gone on with.
func TestWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var file [100]byte
	step := func(p []byte, off int64) (int, error) {
		if r.IntN(3) == 0 {
			return -1, unix.EINTR
		}
		return copy(file[off:], p[:min(len(p), 1+r.IntN(7))]), nil
	}
	data := []byte("neither too much nor too little, whatever the calls do")
	if n, err := whole(data, 5, io.EOF, step); n != len(data) || err != nil || !bytes.Equal(file[5:5+len(data)], data) {
		t.Errorf("%d, %v, %q", n, err, file[5:])
	}
	if n, err := whole(data, 95, io.EOF, step); n != 5 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d, %v", n, err)
	}
}

// TestMain is also the child that TestKilled kills.
func TestMain(m *testing.M) {
	if path := os.Getenv("TAGSWAP_SWAP_CHILD"); path != "" {
		child(path)
	}
	os.Exit(m.Run())
}

// child writes pages to a swap file until it is killed.
func child(path string) {
	d, err := OpenFile(path, 64)
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	page := testPage(rand.New(rand.NewPCG(9, 10)), 3)
	for i := 0; ; i++ {
		if err := d.WritePage(i%64, page); err != nil {
			os.Exit(1)
		}
		if i == 10 {
			os.Stdout.WriteString("at work\n")
		}
	}
}

// kill -9 at any moment leaves a file that the next run takes.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swap")
	for range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "TAGSWAP_SWAP_CHILD="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, _ := bufio.NewReader(out).ReadString('\n')
		if line != "at work\n" {
			t.Errorf("the child says %q", line)
		}
		if _, err := OpenFile(path, 4); !errors.Is(err, ErrInUse) {
			t.Errorf("while the child has it: %v, want %v", err, ErrInUse)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if err := open(t, path, 4).Close(); err != nil {
		t.Error(err)
	}
}

func TestFileAllocates(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "swap"), 2)
	defer func() { _ = d.Close() }()
	page := make([]byte, PageSize)
	if n := testing.AllocsPerRun(100, func() {
		_ = d.WritePage(0, page)
		_ = d.ReadPage(0, page)
	}); n != 0 {
		t.Errorf("%v allocations for a page out and in", n)
	}
}

// A disk without room is found when the file is opened, and nothing is left on it.
func TestFileFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=65536"); err != nil {
		t.Skip("a small file system cannot be mounted: ", err)
	}
	defer func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	path := filepath.Join(dir, "swap")
	if _, err := OpenFile(path, 100); !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "100 pages") {
		t.Errorf("100 pages on a disk of 16: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something is left: %v", err)
	}
	if err := open(t, path, 10).Close(); err != nil {
		t.Error(err)
	}
}
