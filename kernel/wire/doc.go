// Package wire is the language between the guest and the host: one record a
// line, as JSON, on a console that a kernel also writes to and may cut off.
//
// A line is "@tagswap SEQ CRC JSON": SEQ counts from 1, CRC is CRC-32 (IEEE) of the
// JSON in eight hex digits. So a line that the kernel's own messages were mixed
// into is noticed, and so is one that is missing. Both sides own their copy of
// the records; the package has no state.
package wire
