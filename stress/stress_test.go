package stress

import (
	"math/rand/v2"
	"testing"
	"time"

	"tagswap/design"
	"tagswap/mm"
)

func program(t testing.TB, name string) *mm.Program {
	t.Helper()
	d, err := design.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := design.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRight loads right designs: nothing is lost.
func TestRight(t *testing.T) {
	for _, name := range []string{"v6.12", "v7.2"} {
		for _, o := range []Options{{}, {Sync: true, Swapoff: true}, {SlotCache: true, Pages: 500}} {
			o.Seed = rand.Uint64N(1e6)
			m := New(program(t, name), o)
			m.Run(300 * time.Millisecond)
			m.Run(300 * time.Millisecond)
			r := m.Finish()
			if r.First != nil {
				t.Errorf("%s seed %d: %v, the first: %v", name, o.Seed, r.Violations, *r.First)
			}
			if r.Major == 0 || r.Forks == 0 || r.P50 == 0 || r.P50 > r.P99 {
				t.Errorf("%s seed %d: no load: %+v", name, o.Seed, r)
			}
		}
	}
}

// TestWrong finds that v6.4 loses tags.
func TestWrong(t *testing.T) {
	for try := range 20 {
		m := New(program(t, "v6.4"), Options{Seed: uint64(try)})
		m.Run(200 * time.Millisecond)
		if r := m.Finish(); r.Violations["tags"] > 0 {
			t.Logf("try %d: %v, the first: %v", try, r.Violations, *r.First)
			return
		}
	}
	t.Error("v6.4 loses no tags in 20 tries")
}

// TestHistogram compares quantiles with those of the sorted durations.
func TestHistogram(t *testing.T) {
	for b := range 60 * 16 {
		if got := bucket(low(b)); got != b && low(b) != low(got) {
			t.Fatalf("bucket %d begins at %d, which is in bucket %d", b, low(b), got)
		}
	}
	var h histogram
	for i := range 1000 {
		h.add(time.Duration(i) * time.Microsecond)
	}
	if p := h.quantile(0.5); p < 460*time.Microsecond || p > 500*time.Microsecond {
		t.Errorf("the median of 0 to 999 µs is %v", p)
	}
	if p := h.quantile(0.999); p < 930*time.Microsecond || p > 999*time.Microsecond {
		t.Errorf("p99.9 of 0 to 999 µs is %v", p)
	}
}

func TestCompare(t *testing.T) {
	p := program(t, "v6.12")
	ms := []*Machine{New(p, Options{Seed: 1}), New(p, Options{Seed: 2})}
	n := 0
	rs := Compare(ms, 100*time.Millisecond, 20*time.Millisecond, func() bool { n++; return true })
	if len(rs) != 1 || rs[0].Slices < 2 || rs[0].Median == 0 || rs[0].Low > rs[0].High || n < 4 {
		t.Errorf("%d slices: %+v", n, rs)
	}
}
