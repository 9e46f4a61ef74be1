package explore

// state is what a strategy may know at a scheduling point.
type state struct {
	Enabled uint32 // bit i: task i can go on
	Live    uint32 // bit i: task i has not returned
}

// strategy decides who goes on. It is called on the stack of the task that came
// to its next visible operation and must not block.
type strategy interface {
	// Next prepares the next execution; false ends the exploration.
	Next(x *X) bool
	// Choose returns the task that goes on, or -1 to cut the execution here.
	Choose(x *X, s *state) int
}

// Step is a run of one task: its number and how many operations it did before
// another task went on. Starting, joining and Retry count as operations.
type Step struct {
	Task int
	Ops  int
}
