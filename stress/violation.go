package stress

import "time"

// Violation is a property that did not hold, and what is known of how.
type Violation struct {
	Property  string   `json:"property"`
	Detail    string   `json:"detail"`
	After     int64    `json:"after_accesses"`
	Task      string   `json:"task,omitempty"`      // who found it
	Operation string   `json:"operation,omitempty"` // at what
	Calls     []string `json:"calls,omitempty"`     // where in the step lists, innermost first
	Oracle    string   `json:"oracle,omitempty"`    // who set last what was lost
	UnderWay  []Event  `json:"under_way,omitempty"` // what the others were doing
	History   []Event  `json:"history,omitempty"`   // operations on that page, oldest first
	Steps     []Event  `json:"steps,omitempty"`     // steps about that page, oldest first

	faulted bool // the access that found it has steps of its own among them
}

// Event is something that happened, or began, before a violation.
type Event struct {
	Before float64 `json:"us_before"`
	Task   string  `json:"task"`
	What   string  `json:"what"`
	Times  int     `json:"times,omitempty"` // in a row, if more than one
}

// violation is what the kernel calls, on the goroutine that found it.
func (m *Machine) violation(property, detail string) {
	id := goroutine()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[property]++
	switch {
	case m.first == nil:
		m.first = m.describe(m.who[id], property, detail)
	case m.record.wants(property):
		m.record.offer(m.describe(m.who[id], property, detail))
	}
}

// describe gathers what is known. m.mu is held, and a is the actor that runs, or
// nil.
func (m *Machine) describe(a *actor, property, detail string) *Violation {
	v := &Violation{Property: property, Detail: detail, After: m.Accesses()}
	if a == nil || !a.busy.Load() {
		return v
	}
	now := time.Since(m.made)
	a.mu.Lock()
	op := *a.ops.last()
	a.mu.Unlock()
	v.Task, v.Operation = a.name, op.String()
	places := m.k.Where(a.t, nil)
	for _, p := range places {
		v.Calls = append(v.Calls, p.Func+": "+p.Step)
	}
	if op.page < 0 && len(places) > 0 {
		op.page = places[0].Var
	}
	h := history{m: m, op: op, now: now}
	h.gather()
	v.UnderWay = h.underWay(a)
	if op.op.access() && (property == "tags" || property == "content") {
		v.Oracle = h.oracle(property)
	}
	v.History = h.operations()
	if m.record.on {
		v.Steps, v.faulted = h.stepsOfPage(), h.faulted(a)
	}
	return v
}
