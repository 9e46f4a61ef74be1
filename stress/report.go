package stress

import (
	"math/bits"
	"sort"
	"time"

	"tagswap/explore"
	"tagswap/mm"
)

// Report is what a design did under load. Its fields are the JSON of the command.
type Report struct {
	Design     string           `json:"design"`
	Seed       uint64           `json:"seed"`
	Tasks      int              `json:"tasks"`
	Pages      int              `json:"pages"`
	Seconds    float64          `json:"seconds"`
	Accesses   int64            `json:"accesses"`
	Rate       float64          `json:"accesses_per_second"`
	Faults     int64            `json:"faults"`
	Major      int64            `json:"major_faults"`
	P50        float64          `json:"major_p50_us"`
	P99        float64          `json:"major_p99_us"`
	P999       float64          `json:"major_p999_us"`
	Copies     int64            `json:"copies"`
	Reuses     int64            `json:"reuses"`
	Retries    int64            `json:"retries"`
	LockWaits  int64            `json:"lock_waits"` // for the folio lock, by faults
	Waits      []Wait           `json:"waits"`
	Forks      int64            `json:"forks"`
	Signals    int64            `json:"signals"`
	Resident   int              `json:"resident"`
	Swapped    int              `json:"swapped"`
	Tags       int              `json:"tag_records"`
	Violations map[string]int64 `json:"violations"`
	First      *Violation       `json:"first_violation,omitempty"`
	Explained  string           `json:"explanation,omitempty"`
}

// Wait is how often tasks waited for a class of locks, and how long together.
type Wait struct {
	Lock  string  `json:"lock"`
	Times int64   `json:"times"`
	Ms    float64 `json:"ms"`
}

func (m *Machine) report() *Report {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &Report{
		Design: m.design, Seed: m.o.Seed, Tasks: m.o.Tasks, Pages: m.o.Pages, Seconds: m.ran.Seconds(),
		Accesses: m.Accesses(), Violations: m.counts, First: m.first,
	}
	if m.first != nil {
		r.Explained = meaning[m.first.Property]
	}
	if m.dead.Load() {
		// Its tasks may still be at work on what follows.
		return r
	}
	m.k.Waits().Each(func(class string, w *explore.Waits) {
		if n, d := w.Sum(); n > 0 {
			r.Waits = append(r.Waits, Wait{class, n, float64(d.Microseconds()) / 1000})
		}
	})
	var major histogram
	for _, w := range m.workers {
		c := m.k.CostsOf(w.t)
		r.add(&c)
		r.Forks += w.forks
		r.Signals += w.killed
		major.merge(&w.major)
	}
	if r.Seconds > 0 {
		r.Rate = float64(r.Accesses) / r.Seconds
	}
	r.P50, r.P99, r.P999 = micros(major.quantile(0.5)), micros(major.quantile(0.99)), micros(major.quantile(0.999))
	return r
}

func (r *Report) add(c *mm.Costs) {
	r.Faults += c.Faults
	r.Major += c.MajorFaults
	r.Copies += c.Copies
	r.Reuses += c.Reuses
	r.Retries += c.Retries
	r.LockWaits += c.LockWaits
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
	"exclusive":      "A page was made writable in one process while another mapped it.",
	"livelock":       "A task went on without getting anywhere, or waits for what nobody will do.",
}

// histogram counts durations in buckets, 16 for each power of two.
type histogram struct {
	n     int64
	count [64 * 16]int64
}

func (h *histogram) add(d time.Duration) {
	h.n++
	h.count[bucket(uint64(max(d, 0)))]++
}

func bucket(ns uint64) int {
	if ns < 16 {
		return int(ns)
	}
	e := bits.Len64(ns) - 5
	return e*16 + int(ns>>e)
}

// low is the least duration of a bucket.
func low(b int) uint64 {
	if b < 32 {
		return uint64(b)
	}
	e := b/16 - 1
	return uint64(b-e*16) << e
}

func (h *histogram) merge(o *histogram) {
	h.n += o.n
	for i, c := range o.count {
		h.count[i] += c
	}
}

// quantile is the duration that the share q of all is not above, within 1/16.
func (h *histogram) quantile(q float64) time.Duration {
	want, seen := int64(q*float64(h.n)), int64(0)
	for i, c := range h.count {
		if seen += c; c > 0 && seen > want {
			return time.Duration(low(i))
		}
	}
	return 0
}

// Ratio is how a design does beside the first of a comparison, slice by slice.
type Ratio struct {
	Design string  `json:"design"`
	To     string  `json:"to"`
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Slices int     `json:"slices"`
}

// Compare runs machines in turn, each for a slice at a time, and changes who goes
// first. After each slice it calls tick, which may end the run by false.
func Compare(ms []*Machine, total, slice time.Duration, tick func() bool) []Ratio {
	rates := make([][]float64, len(ms))
	start := 0
	for end := time.Now().Add(total * time.Duration(len(ms))); time.Now().Before(end); start++ {
		for i := range ms {
			n := (start + i) % len(ms)
			began := time.Now()
			done := ms[n].Run(slice)
			rates[n] = append(rates[n], float64(done)/time.Since(began).Seconds())
			if !tick() {
				return ratios(ms, rates)
			}
		}
	}
	return ratios(ms, rates)
}

func ratios(ms []*Machine, rates [][]float64) []Ratio {
	var out []Ratio
	for n := 1; n < len(ms); n++ {
		var q []float64
		for i := range min(len(rates[0]), len(rates[n])) {
			if rates[0][i] > 0 {
				q = append(q, rates[n][i]/rates[0][i])
			}
		}
		sort.Float64s(q)
		r := Ratio{Design: ms[n].design, To: ms[0].design, Slices: len(q)}
		if len(q) > 0 {
			r.Median, r.Low, r.High = q[len(q)/2], q[len(q)/10], q[len(q)-1-len(q)/10]
		}
		out = append(out, r)
	}
	return out
}
