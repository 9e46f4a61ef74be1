package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
)

// Mark starts every record on the console.
const Mark = "@tagswap "

// ErrGarbled is a line that starts as a record and is not one.
var ErrGarbled = errors.New("garbled record")

// Kind says what a record is.
type Kind string

// The records, in the order in which a boot sends them.
const (
	Hello  Kind = "hello"  // the machine
	Ground Kind = "ground" // one proof of the machine itself
	Start  Kind = "start"  // a test begins
	Alive  Kind = "alive"  // a test is still under way: a console that says nothing is a hang
	Result Kind = "result" // a test ended, or was skipped
	Note   Kind = "note"   // something to tell the user
	End    Kind = "end"    // nothing follows: without it no run counts; Failed: the guest could not run anything more
)

// Status is how a test ended in the guest.
type Status string

// The statuses of a Result.
const (
	Ran     Status = "ran"
	Skipped Status = "skipped" // this machine cannot run the test; Reason says why
	Hung    Status = "hung"    // a round did not end in time; States are those of the rounds before
	Failed  Status = "failed"  // the guest itself could not go on
)

// State is one observed final state, in the canonical form of StateKey, and
// how often it was seen.
type State struct {
	Key   string `json:"state"`
	Count int64  `json:"count"`
}

// Machine is what Hello tells.
type Machine struct {
	Release  string `json:"release"` // uname -r
	Arch     string `json:"arch"`
	CPUs     int    `json:"cpus"`
	PageSize int    `json:"page_size"`
	MTE      bool   `json:"mte"`
	KSM      bool   `json:"ksm"`
	MemoryKB int64  `json:"memory_kb"`
	Here     bool   `json:"here"` // not a guest of ours: a machine that goes on afterwards
}

// Record is one line. Fields that a kind does not use are left out.
type Record struct {
	Kind    Kind     `json:"kind"`
	Machine *Machine `json:"machine,omitempty"`

	Check  string `json:"check,omitempty"` // ground: what was proved
	OK     bool   `json:"ok,omitempty"`    // ground: it holds
	Detail string `json:"detail,omitempty"`

	Test      string            `json:"test,omitempty"`
	Status    Status            `json:"status,omitempty"`
	Reason    string            `json:"reason,omitempty"`
	States    []State           `json:"states,omitempty"`
	Rounds    int64             `json:"rounds,omitempty"`
	Discarded int64             `json:"discarded,omitempty"` // instances whose initial state could not be made
	Seconds   float64           `json:"seconds,omitempty"`
	Setup     string            `json:"setup,omitempty"`    // the machine as it was set up
	Problems  map[string]string `json:"problems,omitempty"` // property: first instance in words
	Counts    map[string]int64  `json:"counts,omitempty"`   // monkey and ground: named numbers
}

// Writer numbers and writes records. It is not for concurrent use.
type Writer struct {
	w   io.Writer
	seq int
}

// NewWriter writes records to w, each in one Write.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Send writes one record.
func (w *Writer) Send(r Record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	w.seq++
	// A newline first: the kernel may be in the middle of a line of its own.
	_, err = fmt.Fprintf(w.w, "\n%s%d %08x %s\n", Mark, w.seq, crc32.ChecksumIEEE(b), b)
	return err
}

// Parse reads a line from the console. ok is false for a line that is no record;
// the error is ErrGarbled, wrapped with why, for one that was meant to be.
func Parse(line string) (r Record, seq int, ok bool, err error) {
	line = strings.TrimRight(line, "\r\n")
	i := strings.Index(line, strings.TrimSpace(Mark))
	if i < 0 {
		return r, 0, false, nil
	}
	bad := func(why string) (Record, int, bool, error) {
		return Record{}, 0, true, fmt.Errorf("%w: %s", ErrGarbled, why)
	}
	f := strings.SplitN(line[i:], " ", 4)
	if len(f) != 4 {
		return bad("cut off")
	}
	if i > 0 {
		return bad("other text before it on the line")
	}
	seq, err = strconv.Atoi(f[1])
	if err != nil {
		return bad("no number")
	}
	sum, err := strconv.ParseUint(f[2], 16, 32)
	if err != nil || uint32(sum) != crc32.ChecksumIEEE([]byte(f[3])) {
		return bad("checksum")
	}
	if err := json.Unmarshal([]byte(f[3]), &r); err != nil {
		return bad(err.Error())
	}
	return r, seq, true, nil
}
