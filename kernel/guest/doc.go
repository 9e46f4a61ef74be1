// Package guest runs litmus tests on the kernel that it runs on: as /init of a
// virtual machine (Main with PID 1), or on a device (tagswap-guest --here).
//
//	plan.go     what a test needs, and what no kernel can do or show; uses.go its operations
//	build.go    a test as engine programs: spaces, tasks, descriptors.go what they inherit
//	body.go     their meetings and operations
//	initial.go  first contents and initial states
//	ops.go      one litmus operation as instructions; pin.go those with io_uring,
//	            readpin.go pins for reading,
//	            slotcache.go, memcg.go (reclaim), fail.go (Fail=), ksm.go
//	observe.go  final states
//	prog.go     a program under construction; sys.go numbers of system calls
//	round.go    one round: processes started, watched, reaped, results read
//	devices.go  what can be swapped on; swap.go the areas of a test, how full they are
//	ground.go   the machine's own proofs
//	leave.go    what must be put back
//	monkey.go   tasks at random against page-out in a loop
//	run.go      a whole run; init.go the guest program as PID 1
//
// Tasks are processes and threads of package engine; none of them runs Go code.
// One goroutine, locked to the main thread (it is the tasks' parent), does all the
// work; a timer only kills the processes of a round when its time is up. The two
// share the list of those processes, under a mutex in runner.round.
package guest
