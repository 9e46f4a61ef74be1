//go:build !unix

package stress

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
