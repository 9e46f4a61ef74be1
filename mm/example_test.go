package mm_test

import (
	"fmt"

	"tagswap/design"
	"tagswap/mm"
)

// A machine without an explorer: an address space with one page, which gets a
// tag, is paged out, and is read by a child.
func ExampleKernel() {
	d, err := design.Lookup("v7.2")
	if err != nil {
		panic(err)
	}
	program, err := design.Compile(d)
	if err != nil {
		panic(err)
	}
	k := &mm.Kernel{OnViolation: func(property, detail string) { fmt.Println(property, detail) }}
	k.Reset(nil, program, mm.Config{
		Areas: []mm.AreaConfig{{Slots: 8}},
		Vars:  []mm.VarConfig{{Name: "x"}},
	})
	space := k.NewMM(nil)
	k.Map(space, 0, mm.VMWrite|mm.VMMTE)
	k.Spare(k.NewMM(nil)) // for the child

	task := k.Task(1, space) // one goroutine a task
	k.Do(task, mm.Access{Var: 0, Write: true, Value: 42})
	k.Do(task, mm.Access{Var: 0, Write: true, Tag: true, Whole: true, NewTag: 5})
	k.MadvisePageout(task, space, 0)
	fmt.Println("swapped:", k.PageState(space, 0, "swapped"), "saved tags:", k.Tags.Kept())

	child := k.Task(2, k.TakeMM())
	k.Fork(task, child.MM)
	value, _ := k.Do(child, mm.Access{Var: 0})
	tag, _ := k.Do(child, mm.Access{Var: 0, Tag: true})
	fmt.Println("the child reads", value, "with tag", tag)

	k.Exit(child)
	k.Exit(task)
	k.CheckLeaks()
	// Output:
	// swapped: 1 saved tags: 1
	// the child reads 42 with tag 5
}
