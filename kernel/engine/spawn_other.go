//go:build linux && !arm64

package engine

func spawn(_, _, _ uintptr) uintptr { return ^uintptr(37) } // -ENOSYS

func handlerPC() uintptr { return 0 }

// Supported says whether tasks can run on this architecture.
const Supported = false
