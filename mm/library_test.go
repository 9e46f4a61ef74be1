package mm_test

import (
	"bytes"
	"errors"
	"testing"

	"tagswap/mm"
)

func newPager(t *testing.T, pages int) (*mm.Kernel, *mm.Task) {
	t.Helper()
	k := mm.New(program(t, "v7.2"), mm.Config{
		Areas: []mm.AreaConfig{{Slots: 8}}, Vars: make([]mm.VarConfig, pages), Tasks: 3, MMs: 2, Pages: 16, LRU: true,
	})
	k.OnViolation = func(property, detail string) { t.Errorf("%s: %s", property, detail) }
	return k, k.NewTask(0)
}

// A transfer goes as far as it can and says where it ended, and why.
func TestTransferEnds(t *testing.T) {
	k, task := newPager(t, 3)
	k.Mmap(task, 0, mm.VMWrite|mm.VMMTE)
	k.Mmap(task, 1, 0)
	two := make([]byte, 2*mm.PageSize)
	for _, c := range []struct {
		name string
		do   func() (int, error)
		n    int
		want mm.Fault
	}{
		{"a read-only page", func() (int, error) { return k.Write(task, 8, two) }, mm.PageSize - 8, mm.Fault{mm.PageSize, mm.Translation}},
		{"no mapping", func() (int, error) { return k.Read(task, mm.PageSize, two) }, mm.PageSize, mm.Fault{2 * mm.PageSize, mm.Translation}},
		{"no page", func() (int, error) { return k.Read(task, mm.VarAddr(9), two) }, 0, mm.Fault{mm.VarAddr(9), mm.Translation}},
		{"another tag", func() (int, error) { return k.Read(task, mm.Addr(64).WithTag(3), two[:1]) }, 0, mm.Fault{mm.Addr(64).WithTag(3), mm.TagCheck}},
	} {
		n, err := c.do()
		var f *mm.Fault
		if n != c.n || !errors.As(err, &f) || *f != c.want {
			t.Errorf("%s: %d bytes, %v; want %d, %v", c.name, n, err, c.n, &c.want)
		}
	}
	k.Exit(task)
	k.CheckLeaks()
}

// Tags are set granule by granule, and a checked access looks at all it covers.
func TestTagsOfRanges(t *testing.T) {
	k, task := newPager(t, 2)
	for v := range 2 {
		k.Mmap(task, v, mm.VMWrite|mm.VMMTE)
	}
	at := mm.Addr(mm.PageSize - 40).WithTag(5)
	if err := k.SetTag(task, at, 100); err != nil {
		t.Fatal(err)
	}
	for a := mm.Addr(mm.PageSize - 96); a < mm.PageSize+128; a += 16 {
		want := uint8(0)
		if a >= mm.PageSize-48 && a < mm.PageSize+60 {
			want = 5
		}
		if got, err := k.TagAt(task, a); got != want || err != nil {
			t.Errorf("%d from the edge: tag %d, %v, want %d", int(a)-mm.PageSize, got, err, want)
		}
	}
	if _, err := k.Read(task, at, make([]byte, 104)); err != nil {
		t.Error(err)
	}
	if n, err := k.Read(task, at, make([]byte, 105)); err == nil || n != 40 {
		t.Errorf("a read beyond the tagged bytes: %d, %v", n, err)
	}
	k.Exit(task)
}

// A child has a copy; there are as many address spaces as the machine has.
func TestClone(t *testing.T) {
	k, parent := newPager(t, 1)
	k.Mmap(parent, 0, mm.VMWrite)
	if _, err := k.Write(parent, 0, []byte("one")); err != nil {
		t.Fatal(err)
	}
	child := k.Clone(parent, 1)
	if k.Clone(parent, 2) != nil || k.NewTask(2) != nil {
		t.Error("there are more address spaces than the machine has")
	}
	if _, err := k.Write(child, 0, []byte("two")); err != nil {
		t.Fatal(err)
	}
	for task, want := range map[*mm.Task]string{parent: "one", child: "two"} {
		got := make([]byte, 3)
		if _, err := k.Read(task, 0, got); err != nil || !bytes.Equal(got, []byte(want)) {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	k.Exit(child)
	if again := k.NewTask(2); again == nil {
		t.Error("the address space of a task that has exited is not used again")
	} else {
		k.Exit(again)
	}
	k.Exit(parent)
	k.ReclaimAll(parent)
	k.CheckLeaks()
}
