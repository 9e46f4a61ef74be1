package mm_test

import (
	"bytes"
	"strings"
	"testing"

	"tagswap/mm"
)

func onePage(tb testing.TB, check bool) *machine {
	return newMachine(tb, "v7.2", mm.Config{
		Areas: []mm.AreaConfig{{Slots: 8}}, Vars: []mm.VarConfig{{Name: "x"}}, LRU: true, CheckPages: check,
	})
}

// Bytes and tags survive a page out and in, all of them.
func TestPageComesBack(t *testing.T) {
	m := onePage(t, true)
	page, got := make([]byte, mm.PageSize), make([]byte, mm.PageSize)
	fill(page, 7)
	m.Do(m.t, mm.Access{Write: true, Data: page})
	for g := range 256 {
		m.Do(m.t, mm.Access{Write: true, Tag: true, Granule: g, NewTag: uint8(g * g % 16)})
	}
	m.MadvisePageout(m.t, m.space, 0)
	if m.Resident() != 0 {
		t.Fatal("the page is not out")
	}
	m.Do(m.t, mm.Access{Data: got})
	if !bytes.Equal(got, page) {
		t.Error("the page has come back with other contents")
	}
	for g := range 256 {
		if tag, _ := m.Do(m.t, mm.Access{Tag: true, Granule: g}); int(tag) != g*g%16 {
			t.Errorf("granule %d has come back with tag %d", g, tag)
		}
	}
	m.end(t)
}

// One wrong byte or tag is seen by an access that covers it, and with CheckPages
// by any; it is reported once.
func TestOneWrongByte(t *testing.T) {
	for _, c := range []struct {
		name   string
		check  bool
		harm   func(m *machine)
		access mm.Access
		want   string
	}{
		{"covered", false, func(m *machine) { m.FlipByte(m.space, 0, 100) }, mm.Access{Offset: 64, Data: make([]byte, 37)},
			"content: a load sees byte 0x01 at offset 100 where 0x00 was stored last; 1 of 37 bytes differ"},
		{"not covered", false, func(m *machine) { m.FlipByte(m.space, 0, 100) }, mm.Access{Offset: 64, Data: make([]byte, 36)}, ""},
		{"whole pages", true, func(m *machine) { m.FlipByte(m.space, 0, 4095) }, mm.Access{Write: true, Value: 1},
			"content: an access sees byte 0x01 at offset 4095"},
		{"word", false, func(m *machine) { m.FlipByte(m.space, 0, 8) }, mm.Access{Offset: 8}, "content: a load sees 1 where 0 was stored last"},
		{"tag", false, func(m *machine) { m.FlipTag(m.space, 0, 255) }, mm.Access{Tag: true, Granule: 255},
			"tags: a page has tag red where green was set last (granule 255)"},
		{"another tag", false, func(m *machine) { m.FlipTag(m.space, 0, 255) }, mm.Access{Tag: true, Granule: 254}, ""},
		{"all tags", true, func(m *machine) { m.FlipTag(m.space, 0, 255) }, mm.Access{}, "tags: a page has tag red"},
		{"checked", false, func(m *machine) { m.FlipTag(m.space, 0, 2) }, mm.Access{Offset: 32, Checked: true}, "tags: a page has tag red"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onePage(t, c.check)
			m.Do(m.t, mm.Access{Write: true})
			c.harm(m)
			m.Do(m.t, c.access)
			m.Do(m.t, c.access)
			if got := strings.Join(m.bad, "\n"); !strings.HasPrefix(got, c.want) || len(m.bad) > 1 || c.want == "" && got != "" {
				t.Errorf("%q is seen, want %q", m.bad, c.want)
			}
		})
	}
}

// After MADV_FREE a page is what it was or zero, until it is stored to.
func TestFreeIsOldOrZero(t *testing.T) {
	for _, reclaimed := range []bool{false, true} {
		m := onePage(t, true)
		page := make([]byte, mm.PageSize)
		fill(page, 9)
		m.Do(m.t, mm.Access{Write: true, Data: page})
		m.Do(m.t, mm.Access{Write: true, Tag: true, Whole: true, NewTag: 3})
		m.MadviseFree(m.t, 0)
		if reclaimed {
			m.Reclaim(m.t, 0)
		}
		m.Do(m.t, mm.Access{Write: true, Offset: 8, Value: 5})
		want := page[0]
		tag := uint64(3)
		if reclaimed {
			want, tag = 0, 0
		}
		got := make([]byte, 1)
		m.Do(m.t, mm.Access{Data: got})
		if g, _ := m.Do(m.t, mm.Access{Tag: true}); got[0] != want || g != tag {
			t.Errorf("reclaimed %v: byte %d, tag %d, want %d and %d", reclaimed, got[0], g, want, tag)
		}
		m.FlipByte(m.space, 0, 0)
		m.Do(m.t, mm.Access{})
		if len(m.bad) != 1 {
			t.Errorf("reclaimed %v: after a store a lost byte is not seen: %q", reclaimed, m.bad)
		}
	}
}

// An access is within one page.
func TestAccessFits(t *testing.T) {
	m := onePage(t, false)
	for _, a := range []mm.Access{
		{Offset: mm.PageSize - 7}, {Offset: -1}, {Offset: 1, Data: make([]byte, mm.PageSize)}, {Tag: true, Granule: 256},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is made", a)
				}
			}()
			m.Do(m.t, a)
		}()
	}
}
