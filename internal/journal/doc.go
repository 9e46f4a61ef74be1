// Package journal keeps what a long run has found in one file that only grows, so
// that a run that was interrupted, killed or left without room can be gone on with.
//
// A line is a checksum, a key and a record. A line that a kill has cut short, and
// all behind it, is dropped when the file is opened again. One process at a time
// has the file open. Any package may use it; it knows nothing of what it keeps.
package journal
