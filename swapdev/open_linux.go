package swapdev

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// The header is union swap_header of include/linux/swap.h (v6.1): version, number
// of the last page and label behind 1024 boot bytes, the signature in the last ten
// bytes of the page. The label tells a file of ours from a swap area of the system.
const (
	headerVersion = 1024
	headerLast    = 1028
	headerLabel   = 1052
	signature     = "SWAPSPACE2"
	label         = "tagswap"
)

func header(slots int) []byte {
	h := make([]byte, PageSize)
	binary.LittleEndian.PutUint32(h[headerVersion:], 1)
	binary.LittleEndian.PutUint32(h[headerLast:], uint32(slots))
	copy(h[headerLabel:], label)
	copy(h[PageSize-len(signature):], signature)
	return h
}

func isOurs(h []byte) bool {
	return bytes.HasSuffix(h, []byte(signature)) && bytes.HasPrefix(h[headerLabel:], []byte(label+"\x00"))
}

// OpenFile makes path a swap device of slots pages. The file is created with mode
// 0600, or is one that an earlier run has left, however that ended. Anything else
// is refused and left as it is: a file with something else in it, of another
// owner, with another name, or no regular file (ErrNotOurs), and one that a run
// has open (ErrInUse). The caller closes what it gets.
func OpenFile(path string, slots int) (*File, error) {
	if slots < 1 {
		return nil, fmt.Errorf("swap file %s: %d slots; it needs at least one", path, slots)
	}
	f, created, err := openOurs(path)
	if err != nil {
		return nil, fmt.Errorf("swap file %s: %w", path, err)
	}
	d := &File{b: f, path: path, created: noFile, slots: make([]fslot, slots)}
	if created {
		d.created = f
	}
	if err := format(f, slots); err != nil {
		_ = d.Close()
		return nil, fmt.Errorf("swap file %s: %d pages: %w", path, slots, err)
	}
	return d, nil
}

// openOurs returns the file locked. It starts again when the file was removed
// before it was locked, which is how another run ends.
func openOurs(path string) (f fd, created bool, err error) {
	for range 10 {
		f, created, err = openOnce(path)
		if err != nil {
			return f, false, err
		}
		same := false
		if err = ours(f); err == nil {
			same, err = isAt(f, path)
		}
		if err == nil && same {
			return f, created, nil
		}
		_ = f.Close()
		if err != nil {
			return f, false, err
		}
	}
	return f, false, ErrInUse
}

func openOnce(path string) (f fd, created bool, err error) {
	const flags = unix.O_RDWR | unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK
	n, err := unix.Open(path, flags|unix.O_CREAT|unix.O_EXCL, 0o600)
	created = err == nil
	if errors.Is(err, unix.EEXIST) {
		n, err = unix.Open(path, flags, 0)
	}
	switch {
	case errors.Is(err, unix.ELOOP):
		return f, false, fmt.Errorf("a symbolic link: %w", ErrNotOurs)
	case errors.Is(err, unix.EISDIR):
		return f, false, fmt.Errorf("a directory: %w", ErrNotOurs)
	case err != nil:
		return f, false, err
	}
	f = fd(n)
	if err = unix.Flock(n, unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrInUse
	}
	if err == nil && created {
		err = unix.Fchmod(n, 0o600) // whatever the umask
	}
	if err != nil {
		_ = f.Close()
	}
	return f, created, err
}

// ours looks at a file that is open and locked before anything is written to it.
func ours(f fd) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f), &st); err != nil {
		return err
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return fmt.Errorf("no regular file: %w", ErrNotOurs)
	case int(st.Uid) != unix.Geteuid():
		return fmt.Errorf("it belongs to user %d: %w", st.Uid, ErrNotOurs)
	case st.Nlink > 1:
		return fmt.Errorf("it has %d names: %w", st.Nlink, ErrNotOurs)
	}
	h := make([]byte, PageSize)
	if _, err := f.ReadAt(h, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case st.Size > 0 && !isOurs(h):
		// Before its mode: nobody shall be told to change that of a file that is not ours.
		return fmt.Errorf("it has something else in it: %w", ErrNotOurs)
	case st.Mode&0o077 != 0:
		return fmt.Errorf("mode %#o lets others at it, chmod it to 0600: %w", st.Mode&0o777, ErrNotOurs)
	}
	return nil
}

// isAt says whether path still leads to f.
func isAt(f fd, path string) (bool, error) {
	var a, b unix.Stat_t
	if err := unix.Fstat(int(f), &a); err != nil {
		return false, err
	}
	if err := unix.Lstat(path, &b); err != nil {
		if errors.Is(err, unix.ENOENT) {
			return false, nil
		}
		return false, err
	}
	return a.Dev == b.Dev && a.Ino == b.Ino, nil
}

// format empties the file, writes the header and takes the room for all slots, so
// that a disk without it is found now. A file that is empty is ours too, so that
// being killed in between does no harm.
func format(f fd, slots int) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteAt(header(slots), 0); err != nil {
		return err
	}
	size := offset(slots)
	err := unix.Fallocate(int(f), 0, 0, size)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return f.Truncate(size)
	}
	return err
}

// fd is an open file by its descriptor.
type fd int

const noFile fd = -1

// ReadAt is pread(2) until p is full; io.EOF when the file ends before.
func (f fd) ReadAt(p []byte, off int64) (int, error) {
	return whole(p, off, io.EOF, func(p []byte, off int64) (int, error) { return unix.Pread(int(f), p, off) })
}

// WriteAt is pwrite(2) until all of p is written.
func (f fd) WriteAt(p []byte, off int64) (int, error) {
	return whole(p, off, io.ErrShortWrite, func(p []byte, off int64) (int, error) { return unix.Pwrite(int(f), p, off) })
}

// whole calls do until all of p is done; none is the error of a call that did
// nothing.
func whole(p []byte, off int64, none error, do func([]byte, int64) (int, error)) (int, error) {
	done := 0
	for done < len(p) {
		n, err := do(p[done:], off+int64(done))
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return done, err
		case n == 0:
			return done, none
		default:
			done += n
		}
	}
	return done, nil
}

// Truncate is ftruncate(2).
func (f fd) Truncate(size int64) error { return unix.Ftruncate(int(f), size) }

// Close is close(2), which also drops the lock.
func (f fd) Close() error { return unix.Close(int(f)) }
