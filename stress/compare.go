package stress

import (
	"context"
	"math"
	"slices"
	"time"
)

// Ratio is how a machine does beside the first of a comparison in one respect:
// the quotients of slices that ran in the same round.
type Ratio struct {
	Design string `json:"design"`
	Mix    string `json:"mix,omitempty"`
	To     string `json:"to"`
	ToMix  string `json:"to_mix,omitempty"`
	Metric string `json:"metric"`
	Slices int    `json:"slices"` // pairs
	// The median of all quotients, where half of them lie, and where the median
	// is with 95% confidence (0, 0: too few pairs to say).
	Median   float64 `json:"median"`
	Low      float64 `json:"quartile_low"`
	High     float64 `json:"quartile_high"`
	SureLow  float64 `json:"sure_low"`
	SureHigh float64 `json:"sure_high"`
}

// Conclusive says whether the ratio differs from 1 by more than chance.
func (r *Ratio) Conclusive() bool {
	return r.SureLow > 1 || r.SureHigh < 1 && r.SureHigh > 0
}

// metrics are what is compared, each of one slice; NaN: the slice says nothing.
var metrics = []struct {
	name string
	of   func(s *Slice) float64
}{
	{"accesses per second", func(s *Slice) float64 { return quotient(float64(s.Accesses), s.Took.Seconds()) }},
	{"accesses per CPU second", func(s *Slice) float64 { return quotient(float64(s.Accesses), s.CPU.Seconds()) }},
	{"median major fault", func(s *Slice) float64 { return quotient(s.Median.Seconds(), 1) }},
	{"faults per access", func(s *Slice) float64 { return quotient(float64(s.Faults), float64(s.Accesses)) }},
	{"copies per access", func(s *Slice) float64 { return quotient(float64(s.Copies), float64(s.Accesses)) }},
	{"reuses per access", func(s *Slice) float64 { return quotient(float64(s.Reuses), float64(s.Accesses)) }},
	{"lock wait per access", func(s *Slice) float64 { return quotient(s.Waited.Seconds(), float64(s.Accesses)) }},
}

func quotient(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

// Run says how machines are to run.
type Run struct {
	Total time.Duration // of each machine
	Slice time.Duration
	// Turns lets the machines run in turn, a slice each, so that what else the
	// computer does meets all of them; otherwise they run one after the other.
	Turns bool
	// Tick, if set, is called after each slice with the machine that ran.
	Tick func(m *Machine, s *Slice)
}

// Slices is how many slices each machine gets.
func (r *Run) Slices() int {
	slice := min(r.Slice, r.Total)
	return int((r.Total + slice - 1) / slice)
}

// Do runs the machines until each had its time, or ctx ends: then complete is
// false, and the reports of those that did not say so. With Turns it returns the slices of each machine, by round.
func (r *Run) Do(ctx context.Context, ms []*Machine) (rounds [][]Slice, complete bool) {
	slice, n := min(r.Slice, r.Total), r.Slices()
	for _, m := range ms {
		m.slicesLeft = n
	}
	if !r.Turns {
		for _, m := range ms {
			for range n {
				if ctx.Err() != nil {
					return nil, false
				}
				r.slice(m, slice)
			}
		}
		return nil, true
	}
	for round := range n {
		row := make([]Slice, len(ms))
		for i := range ms {
			if ctx.Err() != nil {
				return rounds, false
			}
			// Another one begins each round.
			at := (round + i) % len(ms)
			row[at] = r.slice(ms[at], slice)
		}
		rounds = append(rounds, row)
	}
	return rounds, true
}

func (r *Run) slice(m *Machine, d time.Duration) Slice {
	s := m.Run(d)
	m.slicesLeft--
	if r.Tick != nil {
		r.Tick(m, &s)
	}
	return s
}

// Ratios compares all machines with the first, from the rounds that Do returns.
// The first round warms up and is left out if there are more than four.
func Ratios(ms []*Machine, rounds [][]Slice) []Ratio {
	if len(rounds) > 4 {
		rounds = rounds[1:]
	}
	var out []Ratio
	for i := 1; i < len(ms); i++ {
		for _, metric := range metrics {
			var q []float64
			for _, row := range rounds {
				a, b := &row[i], &row[0]
				if a.Dead || b.Dead || a.Recorded || b.Recorded {
					continue
				}
				if x := quotient(metric.of(a), metric.of(b)); !math.IsNaN(x) && !math.IsInf(x, 0) {
					q = append(q, x)
				}
			}
			if r, ok := spread(q); ok {
				r.Design, r.To, r.Metric = ms[i].design, ms[0].design, metric.name
				r.Mix, r.ToMix = ms[i].mix(), ms[0].mix()
				out = append(out, r)
			}
		}
	}
	return out
}

// spread has the median of q with quartiles and confidence. The interval is that
// of the sign test: how often the median lies outside of the k-th smallest and
// largest value depends on the number of values alone.
func spread(q []float64) (Ratio, bool) {
	n := len(q)
	if n == 0 {
		return Ratio{}, false
	}
	slices.Sort(q)
	r := Ratio{Slices: n, Median: (q[(n-1)/2] + q[n/2]) / 2, Low: q[n/4], High: q[n-1-n/4]}
	k := signRank(n)
	if k >= 0 {
		r.SureLow, r.SureHigh = q[k], q[n-1-k]
	}
	return r, true
}

// signRank is the largest k so that at most k of n values lie below their median
// in no more than one of forty cases; -1: there is none.
func signRank(n int) int {
	if n > 1000 {
		return int(float64(n)/2-0.98*math.Sqrt(float64(n))) - 1 // the normal distribution
	}
	k, p, term := -1, 0.0, math.Pow(0.5, float64(n))
	for p+term <= 0.025 {
		k++
		p += term
		term *= float64(n-k) / float64(k+1)
	}
	return k
}
