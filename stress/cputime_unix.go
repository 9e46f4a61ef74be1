//go:build unix

package stress

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is how long this process was on processors; 0 if that is not known.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
