// Package mm is the swap path of Linux in single steps: folios, page tables,
// faults, swap-out, slots and their cache, the swap cache, fork, exit, shared
// anonymous memory, KSM, pins and swapoff. Its functions are not written in Go
// but as step lists, data that package design compiles; this package has the
// steps, each about one access that another task can see, and the machine that
// they work on. Everything shared is an object of package explore, so that the
// same steps run under every interleaving and on real goroutines.
//
// Package check calls it for litmus tests, package stress natively. A program of
// its own, say to try a pager that keeps something beside each page, starts at New
// and its example: address spaces, tasks, memory as bytes, a swap Device, and an
// oracle that says when a page comes back wrong. Where to find what:
//
//	library.go   New, tasks, Read and Write
//	kernel.go    the machine, its tasks and address spaces; Reset
//	program.go   compiled step lists, and what a step is
//	steps.go     the list of all steps, and the functions every design has
//	step_*.go    the steps by concern, as Linux's files are cut; each names the
//	             kernel function and release that it follows
//	frame.go     the interpreter: registers, calls
//	flat.go      the same natively: lists put in where they are called
//	effects.go   registers by name; effects_data.go, what steps do with them, is read from the steps' source
//	user.go      what a processor does: accesses, faults, pinned pages
//	syscall.go   system calls, with the locks around their step lists
//	folio.go, pte.go, slot.go   state and its plain operations
//	page.go      contents and tags of pages: words under the explorer, 4096 and 128 bytes natively
//	device.go    what a native machine needs of a swap device
//	wait.go      rounds that come to nothing: what they have seen and wait for
//	forget.go    what a task still knows, for searches that merge states
//	oracle.go, shadow.go   memory without swap, what every load is held against
//	checks.go    counts and leaks, when nothing runs
//	native.go, access.go, cluster.go, quarantine.go, size.go, lockwaits.go   what goroutines need
//	             besides: gates for what is one event under the explorer, slots in clusters, pages that
//	             come back, tables of any size
//	where.go     where a task is in its step lists
//
// Lock order, outermost first, as in the kernel (mm/rmap.c, mm/swapfile.c):
//
//	mmap_lock
//	  folio lock
//	    anon_vma
//	      child's ptl
//	        ptl
//	          swap cache lock, i_pages lock
//	          slot cache locks
//	            si->lock
//	              cluster lock
//	                mte_pages lock
//	  lru lock
//	(natively, below all of these: gate, buses of pages, locks of slots that are memory,
//	blocks of the tag store; the quarantine's shards)
//
// Exceptions: do_wp_page, zap and MADV_FREE hold a ptl and only try the folio
// lock. A design may break the order; the explorer shows what comes of it.
package mm
