package check

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tagswap/explore"
	"tagswap/litmus"
	"tagswap/mm"
)

// A schedule is written as one line: a hash of what it is a schedule of, then how
// many operations each task does before another goes on,
//
//	1f0c22ab init*62 P0*12 P1*4 P0*7
//
// Tasks are the columns of the test; init sets the machine up and, when all
// columns are done, looks at what they left.

// initTask is the name of the task that is no column.
const initTask = "init"

// ProgramHash stands for all that a schedule depends on: the test, and the
// design's step lists.
func ProgramHash(t *litmus.Test, d *mm.Program) string {
	h := sha256.New()
	fmt.Fprintln(h, litmus.Hash(t))
	for _, name := range slices.Sorted(maps.Keys(d.Funcs)) {
		f := d.Funcs[name]
		fmt.Fprintln(h, "fn", name, f.Returns)
		for _, in := range f.Code {
			what := "-"
			switch {
			case in.Step != nil:
				what = "step " + in.Step.Name
			case in.Call != nil:
				what = "call " + in.Call.Name
			}
			fmt.Fprintln(h, what, in.Arg, in.True, in.False)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:4])
}

// FormatSchedule writes a schedule of a test under a design; "" for none.
func FormatSchedule(t *litmus.Test, d *mm.Program, steps []explore.Step) string {
	if len(steps) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(ProgramHash(t, d))
	for _, s := range steps {
		name := initTask
		if s.Task > 0 {
			name = "P" + strconv.Itoa(s.Task-1)
		}
		fmt.Fprintf(&b, " %s*%d", name, s.Ops)
	}
	return b.String()
}

// ParseSchedule reads what FormatSchedule wrote for the same test and design, and
// refuses what it wrote for another.
func ParseSchedule(t *litmus.Test, d *mm.Program, text string) ([]explore.Step, error) {
	words := strings.Fields(text)
	if len(words) < 2 {
		return nil, fmt.Errorf("a schedule is a hash and then steps, as in \"1f0c22ab init*62 P0*12\"")
	}
	if want := ProgramHash(t, d); words[0] != want {
		return nil, fmt.Errorf("the schedule is one of %s, but %s under %s is %s: the test or a step list is another; "+
			"explain without a schedule finds a new one", words[0], t.Name, d.Name, want)
	}
	var steps []explore.Step
	for i, w := range words[1:] {
		name, ops, _ := strings.Cut(w, "*")
		n, err := strconv.Atoi(ops)
		task := scheduleTask(name)
		switch {
		case err != nil || n < 1 || task < 0:
			return nil, fmt.Errorf("step %d of the schedule is %q, not a task and a count such as P1*12", i+1, w)
		case task > len(t.Tasks):
			return nil, fmt.Errorf("step %d of the schedule, %q: %s has no task %s", i+1, w, t.Name, name)
		}
		steps = append(steps, explore.Step{Task: task, Ops: n})
	}
	return steps, nil
}

// scheduleTask is the explorer's number of a task, -1 when there is none.
func scheduleTask(name string) int {
	if name == initTask {
		return 0
	}
	n, ok := strings.CutPrefix(name, "P")
	i, err := strconv.Atoi(n)
	if !ok || err != nil || i < 0 || i >= explore.MaxTasks {
		return -1
	}
	return i + 1
}
