package build

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Revert takes a fix out of a source tree by removing lines of one function.
type Revert struct {
	Name string
	What string // the fix that it undoes
	File string
	Func string
	From string // the first line removed contains this
	To   string // the last one contains this; "" for the same line
}

// Reverts are the fixes that can be taken out, with Linux's own line of history.
var Reverts = map[string]Revert{
	"restore-hook": {
		Name: "restore-hook",
		What: "6dca4ac6fc91 (2023): do_swap_page() restores the tags before it frees the swap entry",
		File: "mm/memory.c", Func: "do_swap_page", From: "arch_swap_restore(",
	},
	"skip-swapcache-pin": {
		Name: "skip-swapcache-pin",
		What: "13ddaf26be32 (2024): a fault that bypasses the swap cache pins the slot with SWAP_HAS_CACHE",
		File: "mm/memory.c", Func: "do_swap_page", From: "if (swapcache_prepare(entry", To: "need_clear_cache = true;",
	},
}

// RevertNames lists the names in order.
func RevertNames() []string {
	var n []string
	for k := range Reverts {
		n = append(n, k)
	}
	sort.Strings(n)
	return n
}

// Apply edits the tree and returns the removed lines with their numbers.
func (r Revert) Apply(tree string) (removed []string, err error) {
	path := filepath.Join(tree, r.File)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out, removed, err := r.edit(string(b))
	if err != nil {
		return nil, fmt.Errorf("revert %s: %s: %w", r.Name, r.File, err)
	}
	return removed, os.WriteFile(path, []byte(out), 0o644)
}

func (r Revert) edit(src string) (out string, removed []string, err error) {
	lines := strings.SplitAfter(src, "\n")
	lo, hi, err := function(lines, r.Func)
	if err != nil {
		return "", nil, err
	}
	from, err := only(lines, lo, hi, r.From)
	if err != nil {
		return "", nil, err
	}
	to := from
	if r.To != "" {
		if to, err = only(lines, from, hi, r.To); err != nil {
			return "", nil, err
		}
	}
	for i := from; i <= to; i++ {
		removed = append(removed, fmt.Sprintf("%d: %s", i+1, strings.TrimRight(lines[i], "\n")))
	}
	return strings.Join(append(lines[:from:from], lines[to+1:]...), ""), removed, nil
}

// function finds the lines of a C function: from the line that names it and has a
// brace in column one below it, to the closing brace in column one.
func function(lines []string, name string) (lo, hi int, err error) {
	for i, l := range lines {
		if !strings.Contains(l, name+"(") || strings.HasPrefix(l, "\t") || strings.HasPrefix(l, " ") {
			continue
		}
		for j := i; j < len(lines) && j < i+8; j++ {
			if strings.HasSuffix(strings.TrimSpace(lines[j]), ";") {
				break // a declaration
			}
			if !strings.HasPrefix(lines[j], "{") {
				continue
			}
			for k := j; k < len(lines); k++ {
				if strings.HasPrefix(lines[k], "}") {
					return i, k, nil
				}
			}
		}
	}
	return 0, 0, fmt.Errorf("no function %s", name)
}

// only finds the one line of [lo,hi] that contains text.
func only(lines []string, lo, hi int, text string) (int, error) {
	found := -1
	for i := lo; i <= hi; i++ {
		if !strings.Contains(lines[i], text) {
			continue
		}
		if found >= 0 {
			return 0, fmt.Errorf("%q stands on lines %d and %d; this tree is not one the revert knows", text, found+1, i+1)
		}
		found = i
	}
	if found < 0 {
		return 0, fmt.Errorf("%q is not there: the tree lacks the fix, or has it in another form", text)
	}
	return found, nil
}
