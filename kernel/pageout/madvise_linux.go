package pageout

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batch is the most ranges that one process_madvise takes (UIO_MAXIOV).
const batch = 1024

func openPidfd(pid int) (*os.File, error) {
	if pid <= 0 {
		return nil, unix.ESRCH
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), fmt.Sprintf("pidfd:%d", pid)), nil
}

// remoteIovec is struct iovec with addresses of another process.
type remoteIovec struct{ base, len uint64 }

// processMadvise returns the bytes that were advised before the first failure.
func processMadvise(pidfd uintptr, iov []remoteIovec, advice int) (uint64, unix.Errno) {
	n, _, e := unix.Syscall6(unix.SYS_PROCESS_MADVISE, pidfd,
		uintptr(unsafe.Pointer(&iov[0])), uintptr(len(iov)), uintptr(advice), 0, 0)
	if e != 0 {
		return 0, e
	}
	return uint64(n), 0
}

// advise calls MADV_PAGEOUT on every mapping, in batches. A range that the
// kernel refuses because it is gone (ENOMEM) or became locked (EINVAL) is
// stepped over and counted in gone.
func advise(pidfd *os.File, ms []Mapping) (advised uint64, gone int, err error) {
	var iov []remoteIovec
	for _, m := range ms {
		iov = append(iov, remoteIovec{m.Start, m.Size()})
	}
	for len(iov) > 0 {
		n, e := processMadvise(pidfd.Fd(), iov[:min(len(iov), batch)], unix.MADV_PAGEOUT)
		switch e {
		case 0:
			advised += n
			iov = advance(iov, n)
			if n == 0 {
				gone++
				iov = iov[1:]
			}
		case unix.EINTR, unix.EAGAIN:
		case unix.ENOMEM, unix.EINVAL, unix.EBUSY:
			gone++
			iov = iov[1:]
		default:
			return advised, gone, e
		}
	}
	return advised, gone, nil
}

// advance drops the first n bytes of the ranges: the kernel stops in the middle
// when it fails after some ranges, and the rest is tried again.
func advance(iov []remoteIovec, n uint64) []remoteIovec {
	for len(iov) > 0 && n >= iov[0].len {
		n -= iov[0].len
		iov = iov[1:]
	}
	if n > 0 && len(iov) > 0 {
		iov[0].base += n
		iov[0].len -= n
	}
	return iov
}

// explain turns an errno into a sentence that says what to do.
func explain(pid int, err error) error {
	switch {
	case errors.Is(err, unix.ESRCH), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %d (it ended, or the number is of a thread; give the process's id)", ErrNoProcess, pid)
	case (errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES)) && os.Geteuid() == 0:
		return fmt.Errorf("%w to page out process %d, not even for root: a container or a security module "+
			"withholds ptrace or CAP_SYS_NICE", ErrPermission, pid)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return fmt.Errorf("%w to page out process %d: it needs the right to ptrace the process and CAP_SYS_NICE; "+
			"run as root", ErrPermission, pid)
	case errors.Is(err, unix.ENOSYS):
		return fmt.Errorf("%w: process_madvise came with Linux 5.10, pidfd_open with 5.3", ErrOldKernel)
	}
	return fmt.Errorf("process %d: %w", pid, err)
}
