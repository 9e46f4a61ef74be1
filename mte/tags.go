package mte

import "math/bits"

// PageGranules is how many granules of 16 bytes a page of 4096 has.
const PageGranules = 256

// Tags is the tag memory of a page, 128 bytes: four bits a granule, 16 granules a
// word, the first lowest.
type Tags [PageGranules / 16]uint64

// Get returns the tag of granule g.
func (t *Tags) Get(g int) uint8 { return Tag(t[g/16], g%16) }

// Set gives granule g a tag.
func (t *Tags) Set(g int, tag uint8) { t[g/16] = With(t[g/16], g%16, tag) }

// Fill gives all granules a tag.
func (t *Tags) Fill(tag uint8) {
	w := Splat(tag)
	for i := range t {
		t[i] = w
	}
}

// Tags in one word: up to maxRuns runs of equal tags. From bit 0: their number,
// three bits; their tags, four bits each; where all but the last end, eight bits
// each.
const (
	maxRuns  = 5
	tagsAt   = 3
	endsAt   = tagsAt + 4*maxRuns
	packBits = endsAt + 8*(maxRuns-1)
)

// pack puts t into a word; false when it has too many runs.
func (t *Tags) pack() (uint64, bool) {
	first := t[0] & 15
	word, runs := first<<tagsAt, uint64(1)
	last := first
	for i, w := range t {
		// A granule that differs from the one before it has a bit set in its nibble.
		d := w ^ (w<<4 | last)
		last = w >> 60
		for d != 0 {
			g := bits.TrailingZeros64(d) &^ 3
			d &^= 15 << g
			if runs == maxRuns {
				return 0, false
			}
			word |= w>>g&15<<(tagsAt+4*runs) | uint64(i*16+g/4)<<(endsAt+8*(runs-1))
			runs++
		}
	}
	return word | runs, true
}

// unpack is the reverse of pack.
func (t *Tags) unpack(word uint64) {
	runs := int(word & 7)
	if runs <= 1 {
		t.Fill(uint8(word >> tagsAt & 15))
		return
	}
	from := 0
	for r := range runs {
		tag, to := Splat(uint8(word>>(tagsAt+4*r)&15)), PageGranules
		if r < runs-1 {
			to = int(word >> (endsAt + 8*r) & 255)
		}
		for from < to {
			i, low := from/16, from%16*4
			high := min(to-i*16, 16) * 4
			mask := ^uint64(0) << low
			if high < 64 {
				mask &= 1<<high - 1
			}
			t[i] = t[i]&^mask | tag&mask
			from = i*16 + high/4
		}
	}
}
