package mte

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// tagsOf returns random tags in so many runs.
func tagsOf(r *rand.Rand, runs int) *Tags {
	var t Tags
	ends := r.Perm(PageGranules - 1)[:runs-1]
	tag := uint8(r.IntN(16))
	for g := range PageGranules {
		t.Set(g, tag)
		for _, e := range ends {
			if e == g {
				tag = (tag + 1 + uint8(r.IntN(15))) % 16
			}
		}
	}
	return &t
}

// What is packed comes back, and up to maxRuns runs fit.
func TestPack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		runs := 1 + r.IntN(maxRuns+3)
		tags := tagsOf(r, runs)
		word, ok := tags.pack()
		if ok != (runs <= maxRuns) {
			t.Fatalf("%d runs fit: %v", runs, ok)
		}
		if !ok {
			continue
		}
		if word>>packBits != 0 {
			t.Fatalf("%d runs: %#x has more than %d bits", runs, word, packBits)
		}
		var back Tags
		back.Fill(uint8(r.IntN(16)))
		back.unpack(word)
		if back != *tags {
			t.Fatalf("%d runs come back as other tags", runs)
		}
	}
}

func TestTags(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var tags Tags
	var want [PageGranules]uint8
	for range 5000 {
		g, tag := r.IntN(PageGranules), uint8(r.IntN(16))
		tags.Set(g, tag)
		want[g] = tag
		g = r.IntN(PageGranules)
		if tags.Get(g) != want[g] {
			t.Fatalf("granule %d has tag %d, want %d", g, tags.Get(g), want[g])
		}
	}
}

// numbers are handed out in turn.
type numbers struct {
	mu   sync.Mutex
	free []int
}

func (n *numbers) Get(int) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.free) == 0 {
		return -1
	}
	num := n.free[len(n.free)-1]
	n.free = n.free[:len(n.free)-1]
	return num
}

func (n *numbers) Put(num int) {
	n.mu.Lock()
	n.free = append(n.free, num)
	n.mu.Unlock()
}

func newNative(n int) (*Store, *[]string) {
	s, found := &Store{}, &[]string{}
	s.Reset(nil, n, 1, func(int) bool { return true })
	free := &numbers{}
	for i := range n {
		free.Put(i)
	}
	s.Recycle(free, n)
	s.OnFatal = func(property, detail string) { *found = append(*found, property+": "+detail) }
	return s, found
}

// Records keep what is saved in them, over all changes of size.
func TestNativeStore(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	s, found := newNative(8)
	type kept struct {
		ref  Ref
		tags *Tags
	}
	var in []kept
	for range 20000 {
		switch n := r.IntN(3); {
		case n == 0 && len(in) < 8:
			in = append(in, kept{s.Alloc(0), &Tags{}})
		case n == 1 && len(in) > 0:
			i := r.IntN(len(in))
			s.Free(in[i].ref)
			in = append(in[:i], in[i+1:]...)
		case len(in) > 0:
			k := &in[r.IntN(len(in))]
			k.tags = tagsOf(r, 1+r.IntN(10))
			s.Save(k.ref, k.tags)
		}
		for _, k := range in {
			var got Tags
			if s.Restore(k.ref, &got); got != *k.tags {
				t.Fatal("a record has other tags than were saved")
			}
		}
		if s.Kept() != len(in) {
			t.Fatalf("%d records are kept, want %d", s.Kept(), len(in))
		}
	}
	for _, k := range in {
		s.Free(k.ref)
	}
	if u := s.Use(); u != (Use{}) || len(*found) > 0 {
		t.Errorf("in the end it keeps %+v; %q", u, *found)
	}
}

// What tags take: 8 bytes in up to five runs, 128 in more.
func TestUse(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for runs, want := range map[int]int{1: 8, 5: 8, 6: 128, 200: 128} {
		s, _ := newNative(1)
		s.Save(s.Alloc(0), tagsOf(r, runs))
		if got := s.Use(); got != (Use{1, want}) {
			t.Errorf("%d runs take %+v, want %d bytes", runs, got, want)
		}
	}
}

// A record that was freed is not used unnoticed.
func TestNativeUseAfterFree(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for name, use := range map[string]func(*Store, Ref){
		"read":  func(s *Store, ref Ref) { s.Restore(ref, &Tags{}) },
		"write": func(s *Store, ref Ref) { s.Save(ref, tagsOf(r, 9)) },
		"free":  func(s *Store, ref Ref) { s.Free(ref) },
	} {
		s, found := newNative(2)
		ref := s.Alloc(0)
		s.Free(ref)
		use(s, ref)
		if len(*found) != 1 || s.Use() != (Use{}) {
			t.Errorf("%s after free: %q is found, %+v kept", name, *found, s.Use())
		}
	}
}

// Tasks that use one record without any order: no data race, and no torn block.
func TestNativeTogether(t *testing.T) {
	s, _ := newNative(1)
	s.OnFatal = func(string, string) {}
	ref := s.Alloc(0)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			mine, got := tagsOf(rand.New(rand.NewPCG(11, uint64(i))), 20), Tags{}
			for range 500 {
				s.Save(ref, mine)
				s.Restore(ref, &got)
			}
		})
	}
	all.Wait()
}

// BenchmarkStore saves, looks up, restores and frees the tags of pages, and says
// what keeping them takes: B/page. allocs must be 0.
func BenchmarkStore(b *testing.B) {
	r := rand.New(rand.NewPCG(12, 13))
	const pages = 1024
	for _, c := range []struct {
		name string
		runs int
	}{{"uniform", 1}, {"3-runs", 3}, {"5-runs", 5}, {"random", 200}} {
		b.Run(c.name, func(b *testing.B) {
			s, _ := newNative(pages + 1)
			var tags [pages]*Tags
			for i := range tags {
				tags[i] = tagsOf(r, c.runs)
				ref := s.Alloc(0)
				s.Save(ref, tags[i])
				s.Exchange(i, ref)
			}
			u := s.Use()
			b.ReportAllocs()
			var t Tags
			for i := 0; b.Loop(); i = (i + 1) % pages {
				s.Restore(s.Load(i), &t)
				ref := s.Alloc(0)
				s.Save(ref, &t)
				s.Free(s.Exchange(i, ref))
			}
			b.ReportMetric(float64(u.Bytes)/float64(u.Records), "B/page")
		})
	}
}
