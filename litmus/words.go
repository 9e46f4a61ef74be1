package litmus

import (
	"slices"
	"strconv"
	"strings"
)

// Limits of a test. The state space is searched exhaustively, so that more
// would not finish anyway.
const (
	MaxTasks = 8
	MaxOps   = 12 // operations a task
	MaxVars  = 8
	MaxValue = 0xffff // largest contents of a variable
	MaxTag   = 15
	MaxSlots = 64   // slots of a swap area
	PageSize = 4096 // bytes
	Granule  = 16   // bytes that share one tag
)

var tagNames = []string{"green", "red", "blue", "black", "white", "cyan", "yellow", "magenta"}

// String returns the colour of the first eight tags and the number of the others.
func (t Tag) String() string {
	if int(t) < len(tagNames) {
		return tagNames[t]
	}
	return strconv.Itoa(int(t))
}

// FailPoints are the places at which Fail= can make an allocation fail. They
// are named as Linux names the function that allocates.
var FailPoints = []string{
	"mte_alloc_tag_storage", // room for a page's tags at swap-out
	"add_to_swap",           // a slot, or a node of the swap cache, at swap-out
	"swap_duplicate",        // a count of the entry at unmap or fork
	"alloc_folio",           // a page for a fault
}

// Words of the parts of a file. The parsers, the messages and the test of the
// documentation share them.
var (
	metaKeys     = []string{"Swap", "SlotCache", "CPUs", "FIFO", "Fail"}
	varWords     = []string{"mte", "locked", "readonly", "unmapped"}
	kindWords    = []string{"anon", "shared"}
	initFuncs    = []string{"swapped", "cached", "pinned", "got", "untouched"}
	relations    = []string{"thread", "child", "process"}
	locFuncs     = []string{"tag", "fault", "swapped", "cached", "exclusive", "slots", "records"}
	faultTypes   = []string{"TagCheck", "Translation", "Bus"}
	sectionWords = []string{"locations", "filter", "forall", "exists"}
	advices      = []string{"dontneed", "free", "pageout", "willneed", "mergeable"}
	protections  = []string{"read", "write", "none"}
	cacheVerbs   = []string{"off", "on", "drain"}
)

// isReg says whether a name is that of a register: r0, r1, …
func isReg(name string) bool {
	return len(name) > 1 && name[0] == 'r' && isNumber(name[1:])
}

func isNumber(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// taskNumber reads the name of a task, P0, P1, …
func taskNumber(name string) (int, bool) {
	if len(name) < 2 || name[0] != 'P' || !isNumber(name[1:]) || name[1] == '0' && len(name) > 2 {
		return 0, false
	}
	n, err := strconv.Atoi(name[1:])
	return n, err == nil
}

// isReserved says whether a word has a meaning of its own, so that no variable
// can be called by it.
func isReserved(word string) bool {
	if isReg(word) || word[0] == 'P' && isNumber(word[1:]) {
		return true
	}
	if _, isOp := opParsers[word]; isOp {
		return true
	}
	for _, words := range [][]string{tagNames, varWords, kindWords, initFuncs, locFuncs, sectionWords,
		faultTypes, {"true", "false", "not", "plain", "MMU", "Fault"}} {
		if slices.Contains(words, word) {
			return true
		}
	}
	return false
}

// number reads a decimal or hexadecimal number.
func number(text string) (int, bool) {
	n, err := strconv.ParseInt(text, 10, 32)
	if digits, isHex := strings.CutPrefix(text, "0x"); isHex {
		n, err = strconv.ParseInt(digits, 16, 32)
	}
	return int(n), err == nil
}
