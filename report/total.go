package report

import (
	"fmt"

	"tagswap/check"
)

// Totals of several results.
type Totals struct {
	Holds, Fails, Bounded int
	Executions, States    int64
}

// Total adds results up.
func Total(rs []*check.Result) Totals {
	var t Totals
	for _, r := range rs {
		switch r.Verdict {
		case check.Holds:
			t.Holds++
		case check.Fails:
			t.Fails++
		default:
			t.Bounded++
		}
		t.Executions += r.Executions
		t.States += r.States
	}
	return t
}

// String counts the verdicts.
func (t Totals) String() string {
	return fmt.Sprintf("%d hold, %d fail, %d bounded", t.Holds, t.Fails, t.Bounded)
}
