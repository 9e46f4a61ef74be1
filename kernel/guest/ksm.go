//go:build linux

package guest

import (
	"os"
	"strconv"
	"strings"
	"time"
)

const ksmDir = "/sys/kernel/mm/ksm/"

// ksm switches ksmd on and returns what puts it back.
func ksm() (restore func()) {
	var undo []func()
	for _, s := range [][2]string{{"sleep_millisecs", "0"}, {"pages_to_scan", "1000"}, {"run", "1"}} {
		undo = append(undo, setting(ksmDir+s[0], s[1]))
	}
	return func() {
		for i := range undo {
			undo[len(undo)-1-i]()
		}
	}
}

// ksmScan waits until ksmd has gone through everything three times: the first
// pass takes checksums, the second compares them, the third finds the merged page.
func ksmScan() {
	scans := func() int {
		b, _ := os.ReadFile(ksmDir + "full_scans")
		n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
		return n
	}
	for start, end := scans(), time.Now().Add(2*time.Second); scans() < start+3 && time.Now().Before(end); {
		time.Sleep(100 * time.Microsecond)
	}
}
