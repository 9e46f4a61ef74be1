package litmus

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed catalogue/*.litmus catalogue/@all
var files embed.FS

// Names returns the names of the catalogue's tests in the order of its index,
// catalogue/@all, which goes from the thread's own questions to the rest.
func Names() []string {
	index, err := files.ReadFile("catalogue/@all")
	if err != nil {
		panic("tagswap internal: " + err.Error())
	}
	var names []string
	for line := range strings.Lines(string(index)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			names = append(names, strings.TrimSuffix(line, ".litmus"))
		}
	}
	return names
}

// Catalogue parses all tests of the catalogue, in the order of Names. The
// caller owns them. It fails only when the catalogue that was built in is wrong.
func Catalogue() ([]*Test, error) {
	var tests []*Test
	for _, name := range Names() {
		t, err := Lookup(name)
		if err != nil {
			return nil, err
		}
		tests = append(tests, t)
	}
	return tests, nil
}

// Lookup parses one test of the catalogue. Its error names the nearest test.
func Lookup(name string) (*Test, error) {
	src, err := Source(name)
	if err != nil {
		return nil, err
	}
	return Parse("catalogue/"+name+".litmus", src)
}

// Source returns the text of one test of the catalogue.
func Source(name string) ([]byte, error) {
	src, err := files.ReadFile("catalogue/" + name + ".litmus")
	if err != nil {
		return nil, fmt.Errorf("no litmus test %q in the catalogue%s", name, hint(name, Names()))
	}
	return src, nil
}
