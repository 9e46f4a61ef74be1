//go:build linux

package guest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tagswap/litmus"
)

// failPoint is how a kernel lets the allocation at a point of Fail= fail: by its
// fault injection, limited to calls from one function
// (Documentation/fault-injection/fault-injection.rst).
type failPoint struct {
	dir  string // under debugFS
	from string // the function; its first allocation is the one
}

// mte_alloc_tag_storage itself is inlined (v6.1).
var failPoints = map[string]failPoint{
	"mte_alloc_tag_storage": {"failslab", "mte_save_tags"},
	"alloc_folio":           {"fail_page_alloc", "handle_mm_fault"},
}

// neverFails says why nothing can make just this allocation fail on a real kernel.
var neverFails = map[string]string{
	"swap_duplicate": "the kernel allocates there only when a slot's count passes 62 (mm/swapfile.c:add_swap_count_continuation)",
	"add_to_swap":    "the kernel allocates there only when the swap cache's xarray lacks a node, which one page in 64 is the first to need",
}

const debugFS = "/sys/kernel/debug"

// failable lists the points at which this kernel lets allocations fail.
func failable() (points []string) {
	for point, f := range failPoints {
		if exists(filepath.Join(debugFS, f.dir, "require-start")) && exists("/proc/self/make-it-fail") {
			points = append(points, point)
		}
	}
	slices.Sort(points)
	return points
}

// failReason says why a test's Fail= cannot be run here, "" when it can.
func failReason(t *litmus.Test, m Machine) string {
	for _, f := range t.Machine.Fail {
		if why, ok := neverFails[f.Point]; ok {
			return "Fail=" + f.Point + ": " + why
		}
		if f.Nth > 1 {
			return fmt.Sprintf("Fail=%s:%d: a kernel's fault injection does not count the calls of one function, only the first can be made to fail", f.Point, f.Nth)
		}
		if !slices.Contains(m.Fail, f.Point) {
			return "Fail=" + f.Point + ": this kernel was built without fault injection (CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC with " +
				"the stack filter); tagswap kernel build makes one that has it"
		}
	}
	return ""
}

// failing prepares the injections of a test, which begin when a task sets times
// to 1; undo puts the kernel's settings back.
func failing(t *litmus.Test) (undo func(), err error) {
	var undos []func()
	undo = func() {
		for i := range undos {
			undos[len(undos)-1-i]()
		}
	}
	for _, f := range t.Machine.Fail {
		point := failPoints[f.Point]
		lo, hi, err := symbol(point.from)
		if err != nil {
			undo()
			return nil, err
		}
		for _, s := range [][2]string{
			{"times", "0"}, {"probability", "100"}, {"interval", "1"}, {"space", "0"}, {"verbose", "0"},
			{"task-filter", "Y"}, {"stacktrace-depth", "32"}, {"ignore-gfp-wait", "N"}, {"ignore-gfp-highmem", "N"}, {"min-order", "0"},
			{"require-start", fmt.Sprintf("%#x", lo)}, {"require-end", fmt.Sprintf("%#x", hi)},
		} {
			undos = append(undos, setting(filepath.Join(debugFS, point.dir, s[0]), s[1]))
		}
	}
	return undo, nil
}

// symbol finds where a function of the running kernel begins and where the next
// one does.
func symbol(name string) (lo, hi uint64, err error) {
	f, err := os.Open("/proc/kallsyms")
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	return symbolIn(f, name)
}

func symbolIn(kallsyms io.Reader, name string) (lo, hi uint64, err error) {
	sc := bufio.NewScanner(kallsyms)
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		if len(f) < 3 || !strings.ContainsAny(f[1], "tTwW") {
			continue
		}
		at, err := strconv.ParseUint(f[0], 16, 64)
		switch {
		case err != nil || at == 0 || len(f) > 3: // hidden, or a module's
		case f[2] == name:
			lo = at
		case lo != 0 && at > lo && (hi == 0 || at < hi):
			hi = at
		}
	}
	if lo == 0 || hi == 0 {
		return 0, 0, fmt.Errorf("/proc/kallsyms shows no address of %s", name)
	}
	return lo, hi, nil
}

// timesFile counts the failures to come at a point.
func timesFile(f litmus.Failure) string {
	return filepath.Join(debugFS, failPoints[f.Point].dir, "times")
}

// file appends one read or write of a file; those of debugfs cannot be held open,
// for they are not seekable.
func (b *build) file(p *prog, path string, flags int, nr uint64, buf uint64, n int) {
	fd := b.data.Words(1)
	p.sys(fd, sysOpenat, atFDCWD, b.code.CString(path), flags, 0)
	p.sys(0, nr, in(fd), buf, n)
	p.sys(0, sysClose, in(fd))
}

// mayFail lets the tasks of a new process, and those it starts, be hit.
func (b *build) mayFail(p *prog) {
	if len(b.t.Machine.Fail) > 0 {
		b.file(p, "/proc/self/make-it-fail", oWronly, sysWrite, b.code.CString("1"), 1)
	}
}

// arm lets the next call fail at every point of the test, after it has noted
// whether that of the instance before did.
func (b *build) arm(p *prog, k int) {
	for _, f := range b.t.Machine.Fail {
		if k > 0 {
			b.noteFail(p, f)
		}
		b.file(p, timesFile(f), oWronly, sysWrite, b.code.CString("1"), 1)
	}
}

// disarm ends the injections before the results are looked at.
func (b *build) disarm(p *prog, t int) {
	if t != b.firstLive() {
		return
	}
	for _, f := range b.t.Machine.Fail {
		b.noteFail(p, f)
		b.file(p, timesFile(f), oWronly, sysWrite, b.code.CString("0"), 1)
	}
}

// noteFail reads how many failures are still to come.
func (b *build) noteFail(p *prog, f litmus.Failure) {
	a := b.data.Words(1)
	b.file(p, timesFile(f), oRdonly, sysRead, a, 8)
	b.left = append(b.left, a)
}

// failed is how many allocations the last round made fail.
func (b *build) failed() (n int) {
	for _, a := range b.left {
		if b.data.Bytes(a, 1)[0] == '0' {
			n++
		}
	}
	return n
}
