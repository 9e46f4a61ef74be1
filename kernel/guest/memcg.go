//go:build linux

package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tagswap/litmus"
)

// The operation reclaim is the kernel's own reclaim, where it can be aimed: every
// variable's pages of an instance are charged to a memory cgroup of their own, and
// memory.reclaim (5.19 and later, Documentation/admin-guide/cgroup-v2.rst) makes
// the kernel look for pages in that cgroup, by its LRU lists and reference bits as
// kswapd does. Elsewhere it is process_madvise(MADV_PAGEOUT).
//
// The multi-generational LRU is off meanwhile: it hardly ages a cgroup of one page
// (mm/vmscan.c:should_skip_mm (v6.12) leaves out processes of fewer than 64), and
// what both have in common, shrink_folio_list, is where the races are.
const lruGen = "/sys/kernel/mm/lru_gen/enabled"

const fdCgroup = 3000 // + 2 * group: cgroup.procs, memory.reclaim

// groups are the memory cgroups of a test.
type groups struct {
	base string // under the mount of cgroup v2; "" when the kernel has none
	n    int
}

// findGroups makes the folder for our cgroups, where the kernel has
// memory.reclaim.
func findGroups() (g groups) {
	mount := cgroup2()
	if mount == "" {
		return g
	}
	// Controllers are handed down from the root. Where somebody else has done it,
	// it stays as it is.
	enable := func(dir string) bool {
		file := filepath.Join(dir, "cgroup.subtree_control")
		b, _ := os.ReadFile(file)
		return strings.Contains(" "+strings.TrimSpace(string(b))+" ", " memory ") || os.WriteFile(file, []byte("+memory"), 0) == nil
	}
	base := filepath.Join(mount, fmt.Sprintf("tagswap-%d", os.Getpid()))
	if !enable(mount) || os.Mkdir(base, 0o755) != nil {
		return g
	}
	g.base = base
	if !enable(base) || !exists(filepath.Join(base, "memory.reclaim")) {
		g.close()
	}
	return g
}

// cgroup2 finds where cgroup v2 is mounted.
func cgroup2() string {
	b, _ := os.ReadFile("/proc/self/mounts")
	for _, l := range strings.Split(string(b), "\n") {
		if f := strings.Fields(l); len(f) > 2 && f[2] == "cgroup2" {
			return f[1]
		}
	}
	return ""
}

func (g *groups) dir(i int) string { return filepath.Join(g.base, strconv.Itoa(i)) }

// grow makes the first n cgroups.
func (g *groups) grow(n int) error {
	for ; g.n < n; g.n++ {
		if err := os.Mkdir(g.dir(g.n), 0o755); err != nil {
			return fmt.Errorf("memory cgroup: %w", err)
		}
	}
	return nil
}

// close removes all cgroups; the tasks are gone.
func (g *groups) close() {
	if g.base == "" {
		return
	}
	for ; g.n > 0; g.n-- {
		rmdir(g.dir(g.n - 1))
	}
	rmdir(g.base)
	g.base = ""
}

// rmdir waits a moment for a cgroup whose tasks are still going.
func rmdir(dir string) {
	for range 100 {
		if err := os.Remove(dir); !errors.Is(err, unix.EBUSY) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// open opens the cgroups of a round under their fixed descriptors.
func (g *groups) open(n int, place func(fd, at int) error) error {
	if err := g.grow(n); err != nil {
		return err
	}
	for i := range n {
		for j, name := range []string{"cgroup.procs", "memory.reclaim"} {
			fd, err := unix.Open(filepath.Join(g.dir(i), name), unix.O_WRONLY|unix.O_CLOEXEC, 0)
			if err == nil {
				err = place(fd, fdCgroup+2*i+j)
			}
			if err != nil {
				return fmt.Errorf("memory cgroup: %s: %w", name, err)
			}
		}
	}
	return nil
}

// group is the number of a variable's cgroup.
func (b *build) group(v *litmus.Var, k int) int { return b.varIndex(v)*len(b.inst) + k }

// enterGroup moves the process there: what it touches from now on is charged to
// that cgroup.
func (b *build) enterGroup(p *prog, v *litmus.Var, k int) {
	if b.p.Groups > 0 {
		p.sys(0, sysWrite, fdCgroup+2*b.group(v, k), b.code.CString("0"), 1)
	}
}

// lru puts freshly touched pages on the LRU lists: they wait in a batch of the CPU
// (mm/madvise.c:madvise_pageout drains it (v6.1)), where reclaim does not look.
func (b *build) lru(p *prog) {
	if b.p.Groups > 0 {
		p.sys(0, sysMmap, fillerBase, pageSize, protOf(true, false), mapFixed|mapPrivate|mapAnon, -1, 0)
		p.sys(0, sysMadvise, fillerBase, pageSize, madvPageout)
		p.sys(0, sysMunmap, fillerBase, pageSize)
	}
}

// reclaim looks for pages of a variable, or of all.
func (b *build) reclaim(p *prog, t, k int, v *litmus.Var) {
	for i := range b.t.Vars {
		w := &b.t.Vars[i]
		if v != nil && v != w {
			continue
		}
		if b.p.Groups > 0 {
			p.sys(0, sysWrite, fdCgroup+2*b.group(w, k)+1, b.code.CString(strconv.Itoa(pageSize)), 4)
			continue
		}
		for u := range b.t.Tasks {
			if b.t.Maps(u, w) && b.t.Space(u) == u && !b.forked(u) {
				b.pageout(p, t, u, b.addr(w, k))
				break
			}
		}
	}
}
