package design

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed catalogue
var catalogue embed.FS

// Ext ends the name of a design file.
const Ext = ".design"

// Loader finds designs: in the catalogue, and in files by way of ReadFile.
// Without ReadFile it knows the catalogue alone.
type Loader struct {
	ReadFile func(name string) ([]byte, error)
}

// Load returns the design with the given name, or from the given file when the
// argument contains a slash, ends in .design, or is - (which ReadFile may take
// for the standard input). Its bases are linked.
func (l Loader) Load(nameOrPath string) (*Design, error) {
	if nameOrPath == "-" || strings.HasSuffix(nameOrPath, Ext) || strings.ContainsAny(nameOrPath, `/\`) {
		return l.file(nameOrPath)
	}
	return Lookup(nameOrPath)
}

// file reads one design file and links its bases.
func (l Loader) file(file string) (*Design, error) {
	if l.ReadFile == nil {
		return nil, fmt.Errorf("%s: only the designs of the catalogue can be used here", file)
	}
	src, err := l.ReadFile(file)
	if err != nil {
		return nil, err
	}
	d, err := Parse(file, src)
	if err != nil {
		return nil, err
	}
	return d, l.Link(d)
}

// Link finds the base of a design, its base, and so on: in the catalogue, else
// in the file beside the design that names it.
func (l Loader) Link(d *Design) error {
	chain := []string{d.Name}
	for d.Base != "" {
		if slices.Contains(chain, d.Base) {
			return oneError(d.File, d.BasePos, "the bases form a circle: %s", strings.Join(append(chain, d.Base), " -> "))
		}
		chain = append(chain, d.Base)
		if d.base == nil {
			base, err := l.base(d)
			if err != nil {
				return err
			}
			d.base = base
		}
		d = d.base
	}
	return nil
}

// base finds and parses the base of d, without linking it.
func (l Loader) base(d *Design) (*Design, error) {
	if src, err := catalogue.ReadFile("catalogue/" + d.Base + Ext); err == nil {
		return Parse(d.Base+Ext, src)
	}
	where := ""
	if l.ReadFile != nil {
		beside := path.Join(path.Dir(strings.ReplaceAll(d.File, `\`, "/")), d.Base+Ext)
		src, err := l.ReadFile(beside)
		if err == nil {
			base, err := Parse(beside, src)
			if err == nil && base.Name != d.Base {
				err = oneError(beside, base.NamePos, "the file is called %s, but the design %s", d.Base, base.Name)
			}
			return base, err
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		where = ", and there is no file " + beside
	}
	return nil, oneError(d.File, d.BasePos, "the catalogue has no design %q%s%s", d.Base, where, hint(d.Base, Names()))
}

func oneError(file string, pos Pos, format string, args ...any) error {
	var errs Errors
	errs.add(file, pos, format, args...)
	return errs
}

// ErrUnknown is returned for a name that is not in the catalogue.
var ErrUnknown = errors.New("unknown design")

// Lookup returns a design of the catalogue, linked.
func Lookup(name string) (*Design, error) {
	src, err := catalogue.ReadFile("catalogue/" + name + Ext)
	if err != nil || name == "" {
		return nil, fmt.Errorf("%w %q%s", ErrUnknown, name, hint(name, Names()))
	}
	d, err := Parse(name+Ext, src)
	if err != nil {
		return nil, err
	}
	return d, Loader{}.Link(d)
}

// Catalogue returns all designs of the catalogue, the releases first and in
// their order. A file that does not parse is a bug of the catalogue.
func Catalogue() ([]*Design, error) {
	var all []*Design
	for _, n := range Names() {
		d, err := Lookup(n)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// Names returns the names in the catalogue, the releases first and in their order.
func Names() []string {
	files, err := catalogue.ReadDir("catalogue")
	if err != nil {
		panic("tagswap internal: " + err.Error())
	}
	var names []string
	for _, f := range files {
		if n, ok := strings.CutSuffix(f.Name(), Ext); ok {
			names = append(names, n)
		}
	}
	slices.SortStableFunc(names, compareNames)
	return names
}

// compareNames orders releases by number, and before all other names.
func compareNames(a, b string) int {
	va, vb := release(a), release(b)
	switch {
	case va != nil && vb == nil:
		return -1
	case va == nil && vb != nil:
		return 1
	case slices.Equal(va, vb):
		return strings.Compare(a, b)
	}
	return slices.Compare(va, vb)
}

// release returns the numbers of a name such as v6.1-debian, nil for a name
// that is no release.
func release(name string) []int {
	rest, ok := strings.CutPrefix(name, "v")
	if !ok || rest == "" || rest[0] < '0' || rest[0] > '9' {
		return nil
	}
	nums := []int{0}
	for _, c := range rest {
		switch {
		case c >= '0' && c <= '9':
			nums[len(nums)-1] = nums[len(nums)-1]*10 + int(c-'0')
		case c == '.':
			nums = append(nums, 0)
		default:
			return nums
		}
	}
	return nums
}
