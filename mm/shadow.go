package mm

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"tagswap/explore"
	"tagswap/mte"
)

// shadow is a page of the oracle natively: all its bytes and all its tags. Who
// looks at it has the gate of the address space and variable that it was made for.
type shadow struct {
	used bool // somebody has stored to it; otherwise all is zero
	// What MADV_FREE said: the page may have become zero, and so may its tags.
	mayZero, tagsMayZero bool
	lazy                 int // MADV_FREE calls under way
	data                 [PageSize]byte
	tags                 mte.Tags
	holds                explore.Atomic
}

func (s *shadow) reset() {
	if s.used {
		clear(s.data[:])
		s.tags.Fill(0)
	}
	s.used = false
	s.settled()
}

// settled says that the page is known. It may still become zero while MADV_FREE is
// under way.
func (s *shadow) settled() { s.mayZero, s.tagsMayZero = s.lazy > 0, s.lazy > 0 }

// fork makes s a copy of from.
func (s *shadow) fork(from *shadow) {
	s.reset()
	if from.used {
		s.data, s.tags, s.used = from.data, from.tags, true
		s.mayZero, s.tagsMayZero = from.mayZero, from.tagsMayZero
	}
}

// forkTags copies the tags alone.
func (s *shadow) forkTags(from *shadow) {
	s.tags, s.tagsMayZero = from.tags, from.tagsMayZero
	s.used = s.used || from.used
}

func (s *shadow) free() {
	s.mayZero, s.tagsMayZero = true, true
	s.lazy++
}

// shadow is oracle page n.
func (o *oracle) shadow(n int) *shadow {
	gens := o.each()
	return &o.shadows[n/generations*gens+n%generations%gens]
}

// each is how many pages one address may have had.
func (o *oracle) each() int {
	if o.holds {
		return generations
	}
	return 1
}

// checkData holds bytes lo to hi of a page against the oracle, which believes them
// afterwards, so that a loss is reported once. what is who sees them.
func (k *Kernel) checkData(s *shadow, page *[PageSize]byte, lo, hi int, property, what string) {
	got, want := page[lo:hi], s.data[lo:hi]
	if bytes.Equal(got, want) {
		return
	}
	if s.mayZero && zero(got) {
		clear(s.data[:])
		s.mayZero = s.lazy > 0
		return
	}
	k.violation(property, what+" "+difference(got, want, lo))
	copy(want, got)
	s.used = true
}

// checkTags is checkData for the tags of granules lo to hi.
func (k *Kernel) checkTags(s *shadow, tags *mte.Tags, lo, hi int) {
	for g := lo; g < hi; g++ {
		got, want := tags.Get(g), s.tags.Get(g)
		if got == want {
			continue
		}
		if s.tagsMayZero && *tags == (mte.Tags{}) {
			s.tags, s.tagsMayZero = *tags, s.lazy > 0
			return
		}
		k.violation("tags", fmt.Sprintf("a page has tag %s where %s was set last (granule %d)", mte.Name(got), mte.Name(want), g))
		s.tags, s.used = *tags, true
		return
	}
}

// before finds out, before a store to part of a page, whether it has become zero.
func (s *shadow) before(page *[PageSize]byte, tags *mte.Tags) {
	if s.used && !s.mayZero && !s.tagsMayZero {
		return
	}
	if s.mayZero && zero(page[:]) {
		clear(s.data[:])
	}
	if s.tagsMayZero && *tags == (mte.Tags{}) {
		s.tags.Fill(0)
	}
	s.used = true
	s.settled()
}

var zeroes [PageSize]byte

func zero(p []byte) bool { return bytes.Equal(p, zeroes[:len(p)]) }

// difference says how bytes that begin at offset at differ: a word as a number,
// more by the first byte.
func difference(got, want []byte, at int) string {
	if len(got) == 8 {
		return fmt.Sprintf("sees %s where %d was stored last", word(binary.LittleEndian.Uint64(got)), binary.LittleEndian.Uint64(want))
	}
	n, first := 0, -1
	for i := range got {
		if got[i] != want[i] {
			if n++; first < 0 {
				first = i
			}
		}
	}
	return fmt.Sprintf("sees byte %#02x at offset %d where %#02x was stored last; %d of %d bytes differ",
		got[first], at+first, want[first], n, len(got))
}
