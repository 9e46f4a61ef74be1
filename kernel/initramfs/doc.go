// Package initramfs writes the root file system that a guest boots from: a cpio
// archive in the new ASCII format, plain or compressed with zstd.
//
// It writes to any io.Writer and holds no state; two archives of the same
// entries are the same bytes (times, owners and inode numbers are fixed).
package initramfs
