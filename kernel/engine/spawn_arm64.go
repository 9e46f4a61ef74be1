//go:build linux

package engine

// spawn clones with the given flags; the child runs prog on the given stack.
// It returns the child's id or a negative errno. All signals must be blocked.
func spawn(flags, stack, prog uintptr) uintptr

// handlerPC is the address of the engine's signal handler.
func handlerPC() uintptr

// Supported says whether tasks can run on this architecture.
const Supported = true
