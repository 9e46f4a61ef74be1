package pageout

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Mapping is one mapping of a process, from /proc/PID/smaps. Sizes are bytes.
type Mapping struct {
	Start, End uint64
	Perms      string // as in maps: rwxp
	Path       string // "", [heap], [anon:name], a file
	Inode      uint64
	Rss        uint64   // resident
	Anonymous  uint64   // resident and anonymous
	Swap       uint64   // in swap (private anonymous memory; shmem since 4.9)
	Flags      []string // VmFlags: two-letter codes
}

// Size is the mapping's length in bytes.
func (m Mapping) Size() uint64 { return m.End - m.Start }

// PrivateAnonymous tells whether the mapping is private and backed by no file:
// heap, stack, anonymous mmap, and anonymous mappings with a name.
func (m Mapping) PrivateAnonymous() bool {
	if len(m.Perms) != 4 || m.Perms[3] != 'p' || m.Inode != 0 {
		return false
	}
	switch {
	case m.Path == "", m.Path == "[heap]", strings.HasPrefix(m.Path, "[stack"), strings.HasPrefix(m.Path, "[anon:"):
		return true
	}
	return false
}

// unpageable flags of smaps' VmFlags for which madvise.c:can_madv_lru_vma
// (v6.1) refuses MADV_PAGEOUT: locked, hugetlb, PFN map; io (device memory) and
// the kernel's own special mappings have nothing to page out.
var unpageable = map[string]bool{"lo": true, "ht": true, "pf": true, "io": true}

// Pageable tells whether the kernel would try to page this mapping out.
func (m Mapping) Pageable() bool {
	for _, f := range m.Flags {
		if unpageable[f] {
			return false
		}
	}
	switch m.Path {
	case "[vvar]", "[vdso]", "[vsyscall]", "[vvar_vclock]":
		return false
	}
	return true
}

// ParseSmaps reads the text of /proc/PID/smaps. Fields it does not know are
// skipped; a line that is neither a mapping nor a field is an error.
func ParseSmaps(r io.Reader) ([]Mapping, error) {
	var out []Mapping
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 64<<10), 1<<20)
	for n := 1; sc.Scan(); n++ {
		line := sc.Text()
		key, rest, isField := strings.Cut(line, ":")
		if isField && !strings.ContainsAny(key, " -") {
			if len(out) == 0 {
				return nil, fmt.Errorf("smaps line %d: field %q before any mapping", n, key)
			}
			if err := out[len(out)-1].setField(key, rest); err != nil {
				return nil, fmt.Errorf("smaps line %d: %w", n, err)
			}
			continue
		}
		m, err := parseMapsLine(line)
		if err != nil {
			return nil, fmt.Errorf("smaps line %d: %w", n, err)
		}
		out = append(out, m)
	}
	return out, sc.Err()
}

func parseMapsLine(line string) (Mapping, error) {
	bad := fmt.Errorf("not a mapping: %q", line)
	f := strings.Fields(line)
	if len(f) < 5 {
		return Mapping{}, bad
	}
	lo, hi, ok := strings.Cut(f[0], "-")
	if !ok {
		return Mapping{}, bad
	}
	var m Mapping
	var err1, err2, err3 error
	m.Start, err1 = strconv.ParseUint(lo, 16, 64)
	m.End, err2 = strconv.ParseUint(hi, 16, 64)
	m.Inode, err3 = strconv.ParseUint(f[4], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || m.End <= m.Start {
		return Mapping{}, bad
	}
	m.Perms = f[1]
	if len(f) > 5 {
		m.Path = strings.Join(f[5:], " ")
	}
	return m, nil
}

func (m *Mapping) setField(key, rest string) error {
	var dst *uint64
	switch key {
	case "Rss":
		dst = &m.Rss
	case "Anonymous":
		dst = &m.Anonymous
	case "Swap":
		dst = &m.Swap
	case "VmFlags":
		m.Flags = strings.Fields(rest)
		return nil
	default:
		return nil
	}
	kb, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 54)
	if err != nil {
		return fmt.Errorf("%s: not a size in kB: %q", key, rest)
	}
	*dst = kb << 10
	return nil
}
