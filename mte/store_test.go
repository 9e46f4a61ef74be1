package mte

import (
	"testing"

	"tagswap/explore"
)

func TestTagsOfGranules(t *testing.T) {
	w := With(Splat(3), 5, 9)
	for g := range Granules {
		want := uint8(3)
		if g == 5 {
			want = 9
		}
		if got := Tag(w, g); got != want {
			t.Errorf("granule %d has tag %d, want %d", g, got, want)
		}
	}
	if Name(1) != "red" || Name(12) != "12" {
		t.Errorf("tags are called %s and %s", Name(1), Name(12))
	}
}

// run runs f with a store of one slot, as an explored program, and returns the
// properties that fail.
func run(f func(*Store)) []string {
	var s Store
	r := explore.Run(func(x *explore.X) {
		s.Reset(x, 1, 1, func(int) bool { return true })
		f(&s)
	}, explore.Options{})
	var failed []string
	for _, v := range r.Violations {
		failed = append(failed, v.Property)
	}
	return failed
}

func TestStore(t *testing.T) {
	failed := run(func(s *Store) {
		a, b := s.Alloc(0), s.Alloc(0)
		s.Write(a, 7)
		if s.Exchange(0, a) != 0 || s.Load(0) != a || s.Read(s.Load(0)) != 7 {
			t.Error("the record that was stored is not found")
		}
		if s.Exchange(0, b) != a || s.Exchange(0, 0) != b || s.Load(0) != 0 {
			t.Error("an exchange does not return what was there")
		}
		s.Free(a)
		s.Free(b)
		if s.Kept() != 0 {
			t.Errorf("%d records are kept", s.Kept())
		}
	})
	if len(failed) > 0 {
		t.Errorf("%v fails", failed)
	}
}

// A record that was freed is not read, written or freed again unnoticed.
func TestUseAfterFree(t *testing.T) {
	for name, use := range map[string]func(*Store, Ref){
		"read": func(s *Store, r Ref) { s.Read(r) }, "write": func(s *Store, r Ref) { s.Write(r, 1) },
		"free": func(s *Store, r Ref) { s.Free(r) },
	} {
		failed := run(func(s *Store) {
			r := s.Alloc(0)
			s.Free(r)
			use(s, r)
		})
		if len(failed) != 1 || failed[0] != "use-after-free" {
			t.Errorf("%s after free: %v fails, want use-after-free", name, failed)
		}
	}
}
