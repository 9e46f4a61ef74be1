// Package swapdev has swap devices for native machines of package mm: a file
// (File) and compressed memory in the manner of zram (Zram). Each is a mm.Device.
// A device whose configuration names none is plain memory inside mm.
//
// Package stress uses it, and any program that runs a mm.Kernel natively. It
// imports nothing of this module.
//
// Locks: each slot of a device has one, under which it is read and written; below
// it, in Zram, is the lock of the pool. mm calls a device with locks of its own
// held, so a device must not call back.
package swapdev

import "errors"

// PageSize is the size of a slot in bytes.
const PageSize = 4096

var (
	// ErrInUse says that another process has the swap file open.
	ErrInUse = errors.New("another run uses it")
	// ErrNotOurs says that a file is not, or may not be, a swap file of tagswap.
	ErrNotOurs = errors.New("not a swap file of tagswap")
	// ErrFull says that a Zram has no memory left.
	ErrFull = errors.New("the compressed memory is full")
)
