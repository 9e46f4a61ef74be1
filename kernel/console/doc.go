// Package console reads what a guest wrote to its serial console: our records,
// and whatever the kernel had to say. It decides how the boot ended.
//
// Nothing silent means success: a boot is Finished only when its end record
// came, every record was whole and none was missing. Everything else has a name.
//
// A Parser is fed by one goroutine and is not for concurrent use.
package console
