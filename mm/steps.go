package mm

// Kernel is one machine that runs the swap path.
type Kernel struct{}

// Frame holds the registers of one call of a function.
type Frame struct{}

// Steps returns every primitive that a design may use, in the order in which
// documentation shows them. The slice is shared and must not be changed.
func Steps() []*Step { return steps }

// Entries returns the functions that the model itself calls; every design has
// them, its own or inherited.
func Entries() []string { return entries }

var (
	steps   []*Step
	entries []string
)
