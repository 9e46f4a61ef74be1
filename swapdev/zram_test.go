package swapdev

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
)

// pages that a device meets: zeros, one word, text, noise.
func testPage(r *rand.Rand, kind int) []byte {
	p := make([]byte, PageSize)
	switch kind {
	case 1:
		for i := range p {
			p[i] = byte(i % 8)
		}
	case 2:
		copy(p, bytes.Repeat([]byte("the swap path of Linux "), PageSize/23))
		p[r.IntN(PageSize)] = byte(r.Uint32())
	case 3:
		for i := range p {
			p[i] = byte(r.Uint32())
		}
	}
	return p
}

func TestZram(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	z := NewZram(8, 0)
	want := make([][]byte, 8)
	got := make([]byte, PageSize)
	for range 2000 {
		slot := r.IntN(8)
		switch r.IntN(3) {
		case 0:
			want[slot] = testPage(r, r.IntN(4))
			if err := z.WritePage(slot, want[slot]); err != nil {
				t.Fatal(err)
			}
		case 1:
			z.FreeSlot(slot)
			want[slot] = nil
		}
		if err := z.ReadPage(slot, got); err != nil {
			t.Fatal(err)
		}
		if w := want[slot]; w != nil && !bytes.Equal(got, w) || w == nil && !bytes.Equal(got, make([]byte, PageSize)) {
			t.Fatalf("slot %d has other contents than were written", slot)
		}
	}
	for slot := range want {
		z.FreeSlot(slot)
	}
	if u := z.Use(); u != (ZramUse{}) {
		t.Errorf("with all slots free it keeps %+v", u)
	}
}

// A page of one word takes no object, one that packs well little, noise a page.
func TestZramSizes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for kind, most := range []int64{0, 0, 256, PageSize} {
		z := NewZram(1, 0)
		if err := z.WritePage(0, testPage(r, kind)); err != nil {
			t.Fatal(err)
		}
		if got := z.Use().Bytes; got > most || kind == 3 && got != most {
			t.Errorf("a page of kind %d takes %d bytes, want at most %d", kind, got, most)
		}
	}
}

func TestZramFull(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	z := NewZram(3, 2*PageSize)
	noise := testPage(r, 3)
	for slot := range 2 {
		if err := z.WritePage(slot, noise); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.WritePage(2, noise); !errors.Is(err, ErrFull) {
		t.Errorf("a third page of noise: %v, want %v", err, ErrFull)
	}
	if err := z.WritePage(2, testPage(r, 1)); err != nil {
		t.Errorf("a page of one word: %v", err)
	}
	z.FreeSlot(0)
	if err := z.WritePage(2, noise); err != nil {
		t.Errorf("after one was freed: %v", err)
	}
}

// Several tasks at one slot: no race, and what is read was written by one of them.
func TestZramTogether(t *testing.T) {
	z := NewZram(1, 0)
	var all sync.WaitGroup
	for i := range 4 {
		r := rand.New(rand.NewPCG(7, uint64(i)))
		all.Go(func() {
			page, got := testPage(r, i), make([]byte, PageSize)
			for range 200 {
				if err := errors.Join(z.WritePage(0, page), z.ReadPage(0, got)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// Once warm, a device allocates nothing.
func TestZramAllocates(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	z, page := NewZram(2, 0), testPage(r, 2)
	if n := testing.AllocsPerRun(200, func() {
		_ = z.WritePage(0, page)
		_ = z.ReadPage(0, page)
		z.FreeSlot(0)
	}); n != 0 {
		t.Errorf("%v allocations for a page out and in", n)
	}
}
