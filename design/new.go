package design

import (
	"fmt"
	"slices"
)

// DefaultFn is the function that New copies when none is asked for.
const DefaultFn = "do_swap_page"

// New returns the text of a new design: the named functions of the base, word
// for word and with their comments, so that moving a line is all there is to do.
func New(name string, base *Design, fns []string) (string, error) {
	if !validDesignName(name) {
		return "", fmt.Errorf("%q cannot name a design: letters, digits, _ . and - only, and a letter or digit first", name)
	}
	if slices.Contains(Names(), name) {
		return "", fmt.Errorf("the catalogue has a design %s already; take another name", name)
	}
	d := &Design{Name: name, Base: base.Name, Doc: "What this changes against " + base.Name + ", and why."}
	for _, n := range fns {
		f, err := base.Lookup(n)
		if err != nil {
			return "", err
		}
		if d.Fn(n) == nil {
			d.Fns = append(d.Fns, f.Fn)
		}
	}
	return d.Format(), nil
}

func validDesignName(s string) bool {
	for i := 0; i < len(s); i++ {
		if !wordByte(s[i]) || s[i] == '+' || i == 0 && (s[i] == '.' || s[i] == '-') {
			return false
		}
	}
	return s != ""
}
