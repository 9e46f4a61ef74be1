package stress

import (
	"math/bits"
	"time"
)

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

// subtract takes away what was in o, an earlier state of h.
func (h *histogram) subtract(o *histogram) {
	h.n -= o.n
	for i, c := range o.count {
		h.count[i] -= c
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
