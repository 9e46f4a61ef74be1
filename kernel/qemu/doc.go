//go:build linux

// Package qemu boots an arm64 kernel in QEMU's virt machine with MTE, feeds the
// caller the lines of its console, and leaves nothing behind: no network, no file
// on disk (initramfs and disks are memory files), QEMU in a process group of its
// own that dies with its parent.
//
// Run starts one goroutine that reads the console; it has ended when Run returns.
package qemu
