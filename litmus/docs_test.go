package litmus

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const docFile = "../docs/litmus.md"

// fences returns the fenced blocks of the documentation: kind and text.
func fences(t *testing.T) (blocks [][2]string, text string) {
	t.Helper()
	src, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(src), "\n```")
	for i := 1; i+1 < len(parts); i += 2 {
		kind, body, _ := strings.Cut(parts[i], "\n")
		blocks = append(blocks, [2]string{kind, body + "\n"})
	}
	return blocks, string(src)
}

// TestDocExamples parses the examples; those that show errors are followed by
// what Parse says.
func TestDocExamples(t *testing.T) {
	blocks, _ := fences(t)
	good, bad := 0, 0
	for i, b := range blocks {
		switch b[0] {
		case "litmus":
			good++
			test, err := Parse(docFile, []byte(b[1]))
			if err != nil {
				t.Errorf("%v\n%s", err, b[1])
			} else if got := Format(test); got != b[1] {
				t.Errorf("not in canonical form:\n%s", got)
			}
		case "litmus-error":
			bad++
			_, err := Parse("bad.litmus", []byte(b[1]))
			if err == nil || i+1 == len(blocks) || err.Error()+"\n" != blocks[i+1][1] {
				t.Errorf("got\n%v\nfor\n%s", err, b[1])
			}
		case "text":
		default:
			t.Errorf("unknown kind of block %q", b[0])
		}
	}
	if good < 3 || bad < 2 {
		t.Errorf("%d examples and %d of errors; the blocks were not found", good, bad)
	}
}

// TestDocComplete: each word of the language and each test that is named stands
// in the documentation.
func TestDocComplete(t *testing.T) {
	_, text := fences(t)
	words := slices.Concat(OpWords(), metaKeys, varWords, kindWords, initFuncs, relations, locFuncs, faultTypes,
		sectionWords, advices, protections, cacheVerbs, FailPoints, tagNames, []string{"plain", "true", "false", "not"})
	for _, w := range words {
		if !regexp.MustCompile("`[^`\n]*\\b" + w + "\\b[^`\n]*`").MatchString(text) {
			t.Errorf("%s does not explain %q", docFile, w)
		}
	}
	_, table, _ := strings.Cut(text, "## When are tags lost?")
	named := 0
	for _, m := range regexp.MustCompile("`([a-z0-9-]+)`").FindAllStringSubmatch(table, -1) {
		named++
		if _, err := Lookup(m[1]); err != nil {
			t.Error(err)
		}
	}
	if named < 11 {
		t.Errorf("the table names %d tests", named)
	}
}
