package stress

import (
	"time"

	"tagswap/explore"
)

// Report is what a design did under load. Its fields are the JSON of the command.
type Report struct {
	Design  string  `json:"design"`
	Mix     string  `json:"mix"`
	Seed    uint64  `json:"seed"`
	Tasks   int     `json:"tasks"`
	Pages   int     `json:"pages"`
	Memory  int     `json:"memory_pages"`
	Slots   int     `json:"slots"`
	Swap    string  `json:"swap"`
	Cache   bool    `json:"slot_cache"`
	Swapoff bool    `json:"swapoff"`
	Whole   bool    `json:"whole_pages_checked"` // on each access, not only what it touches
	Seconds float64 `json:"seconds"`
	Partial bool    `json:"partial"` // it was told to stop before its time, or could not go on

	Accesses        int64   `json:"accesses"`
	Rate            float64 `json:"accesses_per_second"`
	Faults          int64   `json:"faults"`
	FaultsPerAccess float64 `json:"faults_per_access"`
	Major           int64   `json:"major_faults"`
	P50             float64 `json:"major_p50_us"`
	P99             float64 `json:"major_p99_us"`
	P999            float64 `json:"major_p999_us"`
	SwapIns         int64   `json:"swap_ins"`
	SwapOuts        int64   `json:"swap_outs"`
	Copies          int64   `json:"copies"`
	Reuses          int64   `json:"reuses"`
	Retries         int64   `json:"retries"`
	Signals         int64   `json:"signals"`
	ReadErrors      int64   `json:"read_errors"` // of the swap device
	WriteErrors     int64   `json:"write_errors"`
	Resident        int     `json:"resident_pages"`
	Swapped         int     `json:"swapped_pages"`
	TagRecords      int     `json:"tag_records"`
	TagBytes        int     `json:"tag_bytes"`
	Waits           []Wait  `json:"lock_waits"`

	Operations []Count  `json:"operations"`
	NeverRun   []string `json:"never_run,omitempty"` // operations of the mix, or that the options ask for
	// Accesses whose page's contents or tags were held against the oracle, those at
	// the end included.
	CheckedContents int64 `json:"checked_contents"`
	CheckedTags     int64 `json:"checked_tags"`

	Violations map[string]int64 `json:"violations"`
	First      *Violation       `json:"first_violation,omitempty"`
	Explained  string           `json:"explanation,omitempty"`
	// Another violation of that property, with the steps that led to it.
	Steps *Violation `json:"violation_with_steps,omitempty"`
}

// Wait is how often tasks waited for a class of locks, and how long together.
type Wait struct {
	Lock  string  `json:"lock"`
	Times int64   `json:"times"`
	Ms    float64 `json:"ms"`
}

// Count is how often an operation was done.
type Count struct {
	Operation string `json:"operation"`
	Times     int64  `json:"times"`
}

// Failed says whether a property did not hold.
func (r *Report) Failed() bool { return r.First != nil }

// Empty says that nothing was tested, because no page that was swapped in was
// ever read.
func (r *Report) Empty() bool { return r.Major == 0 || r.CheckedContents+r.CheckedTags == 0 }

func (m *Machine) mix() string { return m.o.MixName }

// report is what is known at the end; last are the figures before tasks were
// ended.
func (m *Machine) report(last *Figures) *Report {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &Report{
		Design: m.design, Mix: m.mix(), Seed: m.o.Seed, Tasks: m.o.Tasks, Pages: m.o.Pages, Memory: m.o.Memory,
		Slots: m.o.Slots, Swap: m.o.Swap, Cache: m.o.SlotCache, Swapoff: m.o.Swapoff, Whole: !m.o.CheckTouched, Seconds: m.ran.Seconds(), Partial: m.dead.Load() || m.slicesLeft > 0,
		Accesses: last.Accesses, Violations: m.counts, First: m.first, Steps: m.record.got,
	}
	if m.first != nil {
		r.Explained = meaning[m.first.Property]
	}
	if r.Seconds > 0 {
		r.Rate = float64(r.Accesses) / r.Seconds
	}
	m.k.Waits().Each(func(class string, w *explore.Waits) {
		if n, d := w.Sum(); n > 0 {
			r.Waits = append(r.Waits, Wait{class, n, float64(d.Microseconds()) / 1000})
		}
	})
	if m.dead.Load() {
		// Its tasks may still be at work on what follows.
		return r
	}
	r.costs(last)
	r.ReadErrors, r.WriteErrors = m.k.IOErrors()
	for _, w := range m.workers {
		r.Signals += w.killed
	}
	major := m.majors()
	r.P50, r.P99, r.P999 = micros(major.quantile(0.5)), micros(major.quantile(0.99)), micros(major.quantile(0.999))
	m.coverage(r)
	return r
}

func (r *Report) costs(f *Figures) {
	r.Faults, r.Major, r.SwapIns, r.SwapOuts = f.Faults, f.Major, f.SwapIns, f.SwapOuts
	r.Copies, r.Reuses, r.Retries = f.Copies, f.Reuses, f.Retries
	r.Resident, r.Swapped, r.TagRecords, r.TagBytes = f.Resident, f.Swapped, f.TagRecords, f.TagBytes
	if r.Accesses > 0 {
		r.FaultsPerAccess = float64(r.Faults) / float64(r.Accesses)
	}
}

// coverage says how often each operation was done, so that what could not have
// failed is seen.
func (m *Machine) coverage(r *Report) {
	var done [numOps]int64
	for _, a := range m.actors() {
		for op, n := range a.done {
			if a != m.root {
				done[op] += n
			}
		}
	}
	for op, n := range done {
		wanted := Op(op) < numWeighted && m.o.Mix.Weights[op] > 0 || Op(op) == OpSwapoff && m.o.Swapoff
		if n > 0 {
			r.Operations = append(r.Operations, Count{Op(op).String(), n})
		} else if wanted {
			r.NeverRun = append(r.NeverRun, Op(op).String())
		}
	}
	for op := range numWeighted {
		n := done[op] + m.root.done[op]
		if !op.access() {
			continue
		}
		if op == OpLoad || !m.o.CheckTouched {
			r.CheckedContents += n
		}
		if m.o.Mix.Tagged && (op == OpReadTag || !m.o.CheckTouched) {
			r.CheckedTags += n
		}
	}
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// meaning says what a violation is, to somebody who has seen its detail.
var meaning = map[string]string{
	"tags": "A page came back without the tags that were set last: its saved tags were freed, or not written, " +
		"before they were restored.",
	"content":        "A page came back with other contents than were stored last.",
	"use-after-free": "Something was used after it was freed; what used it held nothing that keeps it.",
	"leak":           "When all tasks had exited, something was still allocated.",
	"refcount":       "A count disagrees with what it counts.",
	"counters":       "A counter of an address space disagrees with its page table.",
	"pin":            "What a pin holds and what the process has mapped are not the same page any more.",
	"exclusive":      "A page was made writable in one process while another mapped it.",
	"livelock":       "A task went on without getting anywhere, or waits for what nobody will do.",
}
