//go:build linux

package guest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// state is what a run changes on a machine and must put back: files with their
// contents, folders with their entries.
type state map[string]string

// fingerprint reads it.
func fingerprint() state {
	s := state{}
	read := func(paths ...string) {
		for _, p := range paths {
			b, err := os.ReadFile(p)
			if err == nil {
				s[p] = strings.TrimSpace(string(b))
			}
		}
	}
	read("/proc/sys/vm/page-cluster", lruGen, ksmDir+"run", ksmDir+"sleep_millisecs", ksmDir+"pages_to_scan")
	for _, dir := range []string{"/sys/block", cgroup2()} {
		names, _ := filepath.Glob(dir + "/*")
		s[dir] = strings.Join(names, " ")
	}
	stable, _ := filepath.Glob("/sys/block/*/queue/stable_writes")
	loops, _ := filepath.Glob("/sys/block/loop*/loop/backing_file")
	read(append(stable, loops...)...)
	// The columns behind the size change by themselves.
	b, _ := os.ReadFile("/proc/swaps")
	for _, l := range strings.Split(string(b), "\n") {
		if f := strings.Fields(l); len(f) > 2 {
			s["/proc/swaps"] += f[0] + " "
		}
	}
	return s
}

// changed lists what is otherwise now, in words.
func (s state) changed() (diff []string) {
	now := fingerprint()
	for _, k := range slices.Sorted(maps.Keys(s)) {
		if now[k] != s[k] {
			diff = append(diff, fmt.Sprintf("%s was %q and is %q", k, s[k], now[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(now)) {
		if _, ok := s[k]; !ok {
			diff = append(diff, fmt.Sprintf("%s is new: %q", k, now[k]))
		}
	}
	return diff
}
