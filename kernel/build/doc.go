// Package build makes a trimmed arm64 kernel from Debian's kernel source, with
// named fixes taken out again, so that the bug of the 2023 thread can be seen on a
// real kernel.
//
// No kernel code is kept here: a revert names a function and the lines in it that
// a fix added, and the edit is made in the unpacked source. An anchor that is not
// found exactly once is an error, never a silent no-op.
//
// The kernel has everything that the guest needs built in (zram, virtio-blk, KSM,
// MTE) and little else, and builds in a few minutes on two cores.
package build
