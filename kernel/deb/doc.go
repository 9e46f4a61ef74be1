// Package deb gets Debian's arm64 kernels through the machine's own apt and
// reads .deb packages.
//
// apt does what it alone should do: it verifies the archive's signature and the
// package's hash. It is pointed at private lists and a private state folder, so
// the host's own apt is not touched, and the address of the mirror is read from
// the host's apt configuration. Reading the package is done here, in Go, and
// trusts nothing in it: only regular files with names that were asked for are
// written, under names made here, within limits on size and count.
//
// kernel and cmd/tagswap call it. A Fetcher holds no locks; two processes that
// fetch the same kernel at once are kept apart by apt's own lock on its lists and
// by unpacking into a fresh folder that is renamed into place.
package deb
