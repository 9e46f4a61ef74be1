// Package kernel runs litmus tests on real arm64 kernels and says what they did.
//
//	pageout    another process's memory pushed out to swap
//	deb        Debian's kernels, through the machine's own apt
//	initramfs  the file system a guest boots from
//	qemu       boots it
//	console    how a boot ended
//	wire       records between guest and host
//	engine     tasks: assembly, real threads and processes
//	guest      litmus tests on the kernel the program runs on
//	build      the thread's bug on a kernel built from Debian's source
//
// This package puts them together: it boots (boot.go), boots again when a test took
// the kernel down (run.go), judges what was observed (judge.go), compares it with
// what a Model allows (model.go), says whose fault it was (blame.go), and prints it
// (text.go, json.go). It uses litmus, never mm: the command plugs a model in.
//
// A run is one goroutine; sub-packages say what else they start. No locks.
package kernel
