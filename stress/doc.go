// Package stress loads the swap path of package mm with goroutines: tasks that
// load, store, tag, fork, exit and page each other out, with a kswapd, against a
// limit of memory. All that they read is held against the oracle of package mm.
// The command stress calls it.
//
// Each design has a Machine of its own, which is run in slices, so that several
// can be compared on a machine that does other things too.
package stress
