package litmus

import "strings"

// Group is tests of the catalogue that belong together.
type Group struct {
	Title string
	Tests []string
}

// Groups returns Names in the groups of the index: a comment above tests is the
// title of those below it.
func Groups() []Group {
	index, err := files.ReadFile("catalogue/@all")
	if err != nil {
		panic("tagswap internal: " + err.Error())
	}
	var groups []Group
	title := ""
	for line := range strings.Lines(string(index)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case line[0] == '#':
			title = strings.TrimSpace(line[1:])
		default:
			if n := len(groups); n == 0 || groups[n-1].Title != title {
				groups = append(groups, Group{Title: title})
			}
			g := &groups[len(groups)-1]
			g.Tests = append(g.Tests, strings.TrimSuffix(line, ".litmus"))
		}
	}
	return groups
}
