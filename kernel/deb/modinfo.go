package deb

import (
	"bytes"
	"debug/elf"
	"fmt"
	"sort"
	"strings"
)

// ModuleDeps reads the names of the modules that a module needs, from its
// .modinfo section. Names have - turned into _.
func ModuleDeps(ko []byte) ([]string, error) {
	f, err := elf.NewFile(bytes.NewReader(ko))
	if err != nil {
		return nil, fmt.Errorf("not a kernel module: %w", err)
	}
	sec := f.Section(".modinfo")
	if sec == nil {
		return nil, fmt.Errorf("not a kernel module: no .modinfo section")
	}
	info, err := sec.Data()
	if err != nil {
		return nil, err
	}
	for _, field := range bytes.Split(info, []byte{0}) {
		if v, ok := bytes.CutPrefix(field, []byte("depends=")); ok && len(v) > 0 {
			deps := strings.Split(string(v), ",")
			for i := range deps {
				deps[i] = canonical(deps[i])
			}
			return deps, nil
		}
	}
	return nil, nil
}

// LoadOrder sorts modules so that each comes after those it needs. Needed
// modules that are not in the set are left to the kernel (they may be built in).
func LoadOrder(deps map[string][]string) []string {
	names := make([]string, 0, len(deps))
	for n := range deps {
		names = append(names, n)
	}
	sort.Strings(names)
	var out []string
	state := map[string]int{} // 1 under way, 2 done
	var visit func(string)
	visit = func(n string) {
		if _, ok := deps[n]; !ok || state[n] != 0 {
			return
		}
		state[n] = 1
		for _, d := range deps[n] {
			visit(d)
		}
		state[n] = 2
		out = append(out, n)
	}
	for _, n := range names {
		visit(n)
	}
	return out
}

// canonical is a module's name as the kernel prints it.
func canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }
