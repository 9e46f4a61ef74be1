package report

import (
	"encoding/json"
	"io"

	"tagswap/check"
)

// jsonLine is the contract of check --format json: one object a line.
type jsonLine struct {
	Design     string           `json:"design"`
	Litmus     string           `json:"litmus"`
	Verdict    check.Verdict    `json:"verdict"`
	Violations []jsonViolation  `json:"violations"`
	Complete   bool             `json:"complete"`
	Executions int64            `json:"executions"`
	Events     int64            `json:"events"`
	Seconds    float64          `json:"seconds"`
	Costs      map[string]int64 `json:"costs"`
	Outcomes   []check.Outcome  `json:"outcomes"`
}

type jsonViolation struct {
	Property string `json:"property"`
	Detail   string `json:"detail"`
	Schedule string `json:"schedule"`
}

// WriteJSON prints one result as one line.
func WriteJSON(w io.Writer, c *Cell) error {
	r := c.Result
	l := jsonLine{Design: c.Design, Litmus: c.Litmus, Verdict: r.Verdict, Violations: []jsonViolation{},
		Complete: r.Complete, Executions: r.Executions, Events: r.Events, Seconds: r.Elapsed.Seconds(),
		Costs: map[string]int64{}, Outcomes: r.Outcomes}
	for i, v := range r.Violations {
		l.Violations = append(l.Violations, jsonViolation{v.Property, v.Detail, c.Schedule(i)})
	}
	for _, x := range costList(r) {
		l.Costs[x.name] = x.n
	}
	if l.Outcomes == nil {
		l.Outcomes = []check.Outcome{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(l)
}
