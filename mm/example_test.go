package mm_test

import (
	"fmt"

	"tagswap/design"
	"tagswap/mm"
)

// A machine without an explorer: a task maps two pages, writes across them through
// a tagged pointer, and forks; both pages go out, and come back for the child with
// what was written and with their tags.
func ExampleNew() {
	d, err := design.Lookup("v7.2")
	if err != nil {
		panic(err)
	}
	program, err := design.Compile(d)
	if err != nil {
		panic(err)
	}
	k := mm.New(program, mm.Config{
		Areas: []mm.AreaConfig{{Slots: 8}}, // a swap device; Device says where its pages go
		Vars:  []mm.VarConfig{{Name: "heap"}, {Name: "heap+1"}},
		Tasks: 2, MMs: 2, Pages: 16,
	})
	k.OnViolation = func(property, detail string) { fmt.Println(property, detail) }

	parent := k.NewTask(0)
	for v := range 2 {
		k.Mmap(parent, v, mm.VMWrite|mm.VMMTE)
	}
	red := (mm.VarAddr(1) - 16).WithTag(1) // the last granule of the first page
	if err := k.SetTag(parent, red, 32); err != nil {
		panic(err)
	}
	if _, err := k.Write(parent, red, []byte("over the edge of a page")); err != nil {
		panic(err)
	}

	child := k.Clone(parent, 1) // each task may run on a goroutine of its own
	k.Exit(parent)
	for v := range 2 {
		k.MadvisePageout(child, child.MM, v)
	}
	fmt.Println("resident:", k.Resident(), "swapped:", k.SlotsInUse(), "saved tags:", k.Tags.Use())

	text := make([]byte, 23)
	if _, err := k.Read(child, red, text); err != nil {
		panic(err)
	}
	tag, _ := k.TagAt(child, mm.VarAddr(1))
	fmt.Printf("%s, tag %d\n", text, tag)
	_, err = k.Read(child, red.WithTag(2), text)
	fmt.Println(err)

	k.Exit(child)
	k.CheckLeaks()
	// Output:
	// resident: 0 swapped: 2 saved tags: {2 16}
	// over the edge of a page, tag 1
	// access to 0x200000000000ff0: TagCheck
}
