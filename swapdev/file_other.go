//go:build !linux

package swapdev

import "errors"

// File is a swap device in a regular file. It needs Linux.
type File struct{}

// OpenFile fails: swap files need Linux.
func OpenFile(string, int) (*File, error) { return nil, errors.New("swap files need Linux") }

// ReadPage does nothing.
func (*File) ReadPage(int, []byte) error { return errors.ErrUnsupported }

// WritePage does nothing.
func (*File) WritePage(int, []byte) error { return errors.ErrUnsupported }

// FreeSlot does nothing.
func (*File) FreeSlot(int) {}

// Errors is 0.
func (*File) Errors() int64 { return 0 }

// Close does nothing.
func (*File) Close() error { return nil }
