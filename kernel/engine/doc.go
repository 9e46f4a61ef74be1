// Package engine runs the tasks of a litmus test on a real kernel: real threads
// and real processes, without the Go runtime in them.
//
// A task is a program: a list of fixed-size instructions in memory that all tasks
// share (MAP_SHARED). A few lines of assembly interpret it: loads and stores, plain
// or checked, STG and LDG, any system call, a barrier, a delay, and clone, whose
// child goes on with another program. Results go to slots in the same shared
// memory. Because no task runs Go code, a task may fork, exit, be killed or take
// a SIGSEGV anywhere, and nothing of the runtime (its signal handlers, its locks,
// its stacks) is in the way or comes along into a child.
//
// The handler for SIGSEGV and SIGBUS is the engine's own. A fault at an access
// is a result: the signal and si_code go to the instruction's fault slot and the
// task goes on. A fault anywhere else ends the process with status 77.
//
// Ownership: the Go side writes programs before Spawn and reads slots after the
// barrier that the programs end with, or after the processes were reaped. While
// tasks run it only uses the atomic functions of Region. There are no locks.
package engine
