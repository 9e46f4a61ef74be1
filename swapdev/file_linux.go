package swapdev

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// File is a swap device in a regular file: a header page in mkswap's format, and
// behind it one page a slot. It is an asynchronous device: a freed slot keeps its
// contents until it is written again.
//
// A slot is read only when this File has written it, and what comes back is
// compared with a checksum kept in memory, so that a file that was cut off,
// written to or damaged underneath gives an error and no wrong bytes.
type File struct {
	b       backing
	path    string
	created fd // the file, if this run made it and has to remove it; otherwise noFile
	slots   []fslot
	errs    atomic.Int64
}

// backing is the open file below a File. ReadAt and WriteAt are io.ReaderAt's and
// io.WriterAt's.
type backing interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Close() error
}

type fslot struct {
	mu    sync.Mutex
	state fstate // protected by mu
	sum   uint32 // protected by mu; of what was written
}

// fstate is what is known of a slot: it was never written; a write failed, so
// that nobody knows what it holds; it holds what was written.
type fstate uint8

const (
	fNever fstate = iota
	fBad
	fWritten
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ReadPage fills page with what was written to slot last; zeros when nothing was,
// without a look at the file. The error of a read that failed, or that brought
// something else, leaves page undefined.
func (d *File) ReadPage(slot int, page []byte) error {
	s := &d.slots[slot]
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.state {
	case fNever:
		clear(page[:PageSize])
		return nil
	case fBad:
		return d.failed("read", slot, errors.New("its last write failed"))
	}
	if _, err := d.b.ReadAt(page[:PageSize], offset(slot)); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the file was cut off")
		}
		return d.failed("read", slot, err)
	}
	if crc32.Checksum(page[:PageSize], castagnoli) != s.sum {
		return d.failed("read", slot, errors.New("the file has other contents than were written"))
	}
	return nil
}

// WritePage writes page to slot. After an error the slot cannot be read until it
// is written again.
func (d *File) WritePage(slot int, page []byte) error {
	s := &d.slots[slot]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = fBad
	n, err := d.b.WriteAt(page[:PageSize], offset(slot))
	if err == nil && n != PageSize {
		err = io.ErrShortWrite
	}
	if err != nil {
		return d.failed("write", slot, err)
	}
	s.sum, s.state = crc32.Checksum(page[:PageSize], castagnoli), fWritten
	return nil
}

// FreeSlot says that slot's contents are needed no more. The file keeps them.
func (d *File) FreeSlot(int) {}

// Errors is how many reads and writes have failed.
func (d *File) Errors() int64 { return d.errs.Load() }

func (d *File) failed(what string, slot int, err error) error {
	d.errs.Add(1)
	return fmt.Errorf("swap file %s: %s of slot %d: %w", d.path, what, slot, err)
}

// Close gives the file up: it is removed if this run made it, and cut back to its
// header otherwise. No slot may be used after that.
func (d *File) Close() error {
	err := d.b.Truncate(PageSize)
	if d.created != noFile {
		// Unless the name leads to something else by now.
		if same, _ := isAt(d.created, d.path); same {
			err = unix.Unlink(d.path)
		}
	}
	return errors.Join(err, d.b.Close())
}

// offset is where slot begins, behind the header.
func offset(slot int) int64 { return int64(slot+1) * PageSize }
