// Package pageout pushes another process's memory out to swap, the way the
// author of the 2023 arm64 tag patches provoked lost tags: it walks the target's
// mappings, takes the private anonymous ones, and calls
// process_madvise(MADV_PAGEOUT) on them in batches.
//
// It works on any Linux and any architecture with process_madvise (5.10). It
// keeps no state between rounds and takes no locks: the target may map, unmap,
// fork and exit at any moment, so a range that vanished between the walk and
// the call is counted as gone and is not an error.
package pageout
