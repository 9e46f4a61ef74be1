// Package guest runs litmus tests on the kernel that it runs on: as /init of a
// virtual machine (Main with PID 1), or on a device (tagswap-guest --here).
//
//	plan.go     what a test needs, and what no kernel can do or show
//	build.go    a test as engine programs: set-up, tasks, observation
//	ops.go      one litmus operation as instructions
//	round.go    one round: processes started, watched, reaped, results read
//	swap.go     swap devices, their size, how full they are
//	ground.go   the machine's own proofs
//	monkey.go   tasks at random against page-out in a loop
//	sysctl.go   settings that are put back
//	main.go     the guest program
//
// Tasks are processes and threads of package engine; none of them runs Go code.
// One goroutine, locked to the main thread (it is the tasks' parent), does all the
// work; a second one only kills the round's processes when its time is up. The two
// share round.pids, which is protected by round.mu.
package guest
