// Package stress loads the swap path of package mm with goroutines: tasks that
// load, store, tag, fork, exit and page each other out, with a kswapd, against a
// limit of memory. All that they read is held against the oracle of package mm.
// The command stress calls it.
//
// Each design has a Machine of its own, which runs in slices, so that several can
// be compared on a machine that does other things too. Between slices nothing
// runs: figures are read and settings changed then. Where to find what:
//
//	options.go, mix.go, op.go   what is to be done
//	machine.go, worker.go       the goroutines that do it
//	figures.go, histogram.go    what is counted
//	compare.go                  slices in turn, ratios and their spread
//	violation.go, history.go, explain.go, recording.go
//	                            what is known of a violation
//	report.go                   what comes out
//
// Lock order: Machine.mu, actor.mu. Both are below all locks of package mm.
package stress
