package stress

import (
	"fmt"

	"tagswap/mte"
)

// Op is something that a task, kswapd or the one who swaps off does.
type Op int

// The operations. Those before numWeighted have a weight in a Mix; the last two
// are done when there is too little memory, and from time to time.
const (
	OpLoad     Op = iota // reads a page
	OpStore              // writes one
	OpTag                // sets the tag of a granule (STG)
	OpReadTag            // reads it (LDG)
	OpPageout            // pages out a page of any process, as process_madvise does
	OpWillneed           // reads a page ahead
	OpDontneed           // drops a page
	OpFork               // makes a child, and goes on in it or in the parent; the other sleeps
	OpExit               // ends the process, and goes on in the one that sleeps
	OpShare              // becomes a thread of another process
	OpDrain              // flushes the slot caches of all CPUs
	OpFree               // lets reclaim drop a page (MADV_FREE)
	OpPin                // pins a page (FOLL_PIN), reads it through the pin, may write it before, and lets it go
	OpProtect            // makes a page read-only, and writable again
	OpRemap              // unmaps a page, and maps a fresh one in its place
	numWeighted
	OpReclaim = numWeighted // looks at the oldest page of an address for one to page out
	OpSwapoff = OpReclaim + 1
	numOps    = OpSwapoff + 1
)

var opNames = [numOps]string{
	"load", "store", "tag", "readtag", "pageout", "willneed", "dontneed", "fork", "exit", "share", "drain",
	"free", "pin", "protect", "remap", "reclaim", "swapoff",
}

func (o Op) String() string { return opNames[o] }

// OpNames are the operations that a mix may name.
func OpNames() []string { return opNames[:numWeighted] }

// access says whether o is one that the oracle answers or learns from.
func (o Op) access() bool { return o <= OpReadTag }

// String says what is done, as in "loads v3 of process 2".
func (o operation) String() string {
	of := fmt.Sprintf("v%d of process %d", o.page, o.space)
	switch o.op {
	case OpLoad:
		return fmt.Sprintf("loads byte %d of %s", o.at, of)
	case OpStore:
		return fmt.Sprintf("stores %d at byte %d of %s", o.value, o.at, of)
	case OpTag:
		if o.whole {
			return fmt.Sprintf("sets all tags of %s to %s", of, mte.Name(uint8(o.value)))
		}
		return fmt.Sprintf("sets tag %d of %s to %s", o.at, of, mte.Name(uint8(o.value)))
	case OpReadTag:
		return fmt.Sprintf("reads tag %d of %s", o.at, of)
	case OpPageout:
		return "pages out " + of
	case OpWillneed:
		return "reads ahead " + of
	case OpDontneed:
		return "drops " + of
	case OpFork:
		return fmt.Sprintf("forks process %d, child is process %d", o.space, o.value)
	case OpExit:
		return fmt.Sprintf("exits process %d", o.space)
	case OpShare:
		return fmt.Sprintf("leaves process %d and becomes a thread of process %d", o.space, o.value)
	case OpDrain:
		return "drains the slot caches"
	case OpFree:
		return "lets reclaim drop " + of
	case OpPin:
		if o.value != 0 {
			return fmt.Sprintf("pins %[2]s, and stores %[1]d at byte 0", o.value, of)
		}
		return fmt.Sprintf("pins %s, and loads byte 0", of)
	case OpProtect:
		return "makes read-only, and writable again, " + of
	case OpRemap:
		return "unmaps, and maps anew, " + of
	case OpReclaim:
		return fmt.Sprintf("reclaims the oldest page at v%d", o.page)
	}
	return "swaps the device off and on"
}
