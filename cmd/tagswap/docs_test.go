package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The outputs on these pages are real: each command of a console block is run, in
// one folder a page, and each diff block is applied to the file that it names. A
// line […] stands for lines that are left out.
var pages = []struct {
	file string
	slow bool // it runs the whole catalogue
}{
	{"README.md", true},
	{"docs/tutorial.md", true},
	{"docs/stress.md", false},
	{"docs/madv-free.md", false},
}

// gap is the line that stands for lines that are left out.
const gap = "[…]"

// goRun is how the README runs tagswap.
const goRun = "go run ./cmd/tagswap"

func TestPages(t *testing.T) {
	for _, p := range pages {
		t.Run(p.file, func(t *testing.T) {
			if p.slow && testing.Short() {
				t.Skip("runs the whole catalogue")
			}
			t.Parallel()
			runPage(t, filepath.Join("..", "..", p.file))
		})
	}
}

var block = regexp.MustCompile("(?s)```(console|diff \\S+)\n.*?```\n")

func runPage(t *testing.T, page string) {
	src, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	found := 0
	got := block.ReplaceAllStringFunc(string(src), func(b string) string {
		found++
		head, body, _ := strings.Cut(strings.TrimSuffix(b, "```\n"), "\n")
		if file, ok := strings.CutPrefix(head, "```diff "); ok {
			patch(t, filepath.Join(dir, file), body)
			return b
		}
		return head + "\n" + console(t, dir, body) + "```\n"
	})
	if found < 2 {
		t.Errorf("%s shows nothing", page)
	}
	if *update && got != string(src) {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// console runs the commands of a block and returns it with what they print.
func console(t *testing.T, dir, body string) string {
	var out strings.Builder
	var shown []string
	command := ""
	flush := func() {
		if command == "" {
			return
		}
		real := runLine(t, dir, command)
		out.WriteString("$ " + command + "\n")
		for _, l := range compare(t, command, shown, real) {
			out.WriteString(l + "\n")
		}
	}
	for _, l := range strings.Split(strings.TrimSuffix(body, "\n"), "\n") {
		if c, ok := strings.CutPrefix(l, "$ "); ok {
			flush()
			command, shown = c, nil
			continue
		}
		shown = append(shown, l)
	}
	flush()
	return out.String()
}

func runLine(t *testing.T, dir, command string) []string {
	line := strings.ReplaceAll(command, goRun, "tagswap")
	c := exec.Command("sh", "-c", line)
	c.Dir = dir
	text, err := c.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !asExit(err, &exit) {
		t.Fatalf("%s: %v", command, err)
	}
	if line != command {
		text = []byte(strings.ReplaceAll(string(text), "  tagswap ", "  "+goRun+" "))
	}
	if len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func asExit(err error, exit **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*exit = e
	return ok
}

// compare fails when the shown lines are not the real ones, up to gaps, and
// returns what the page should show.
func compare(t *testing.T, command string, shown, real []string) []string {
	if !slices.Contains(shown, gap) {
		if timeless(strings.Join(shown, "\n")) == timeless(strings.Join(real, "\n")) {
			return shown
		}
		if !*update {
			t.Errorf("$ %s\nshown:\n%s\nreal:\n%s", command, strings.Join(shown, "\n"), strings.Join(real, "\n"))
		}
		return real
	}
	at := 0
	var out []string
	free := false // a gap stands before this line
	for _, l := range shown {
		if l == gap {
			free = true
			out = append(out, l)
			continue
		}
		i := find(real[at:], l, free, timeless)
		if i < 0 {
			if !*update {
				t.Errorf("$ %s\nshows %q, but the real output goes on\n%s", command, l,
					strings.Join(real[at:min(len(real), at+5)], "\n"))
				return shown
			}
			i = max(find(real[at:], l, free, shape), 0)
		}
		if at+i < len(real) {
			if timeless(real[at+i]) != timeless(l) {
				l = real[at+i]
			}
			at += i + 1
		}
		out = append(out, l)
		free = false
	}
	if !free && at < len(real) && !*update {
		t.Errorf("$ %s\nends too early; it goes on %q", command, real[at])
	}
	return out
}

// find looks for a line: the next one, or behind a gap any.
func find(real []string, line string, free bool, as func(string) string) int {
	for i, r := range real {
		if as(r) == as(line) {
			return i
		}
		if !free {
			break
		}
	}
	return -1
}

// shape is what stays of a line when results change: its first word, or its
// words without numbers.
func shape(line string) string {
	if f := strings.Fields(line); len(f) > 0 && line[0] != ' ' && !strings.ContainsAny(f[0], "0123456789,") {
		return f[0]
	}
	return regexp.MustCompile(`[0-9,]+`).ReplaceAllString(line, "#")
}

// patch applies a diff without line numbers: what it takes away and its context
// stand in the file once.
func patch(t *testing.T, file, diff string) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var from, to []string
	for _, l := range strings.Split(strings.TrimSuffix(diff, "\n"), "\n") {
		switch {
		case l == "":
		case l[0] == '-':
			from = append(from, l[1:])
		case l[0] == '+':
			to = append(to, l[1:])
		default:
			from, to = append(from, l[1:]), append(to, l[1:])
		}
	}
	old := strings.Join(from, "\n") + "\n"
	if n := strings.Count(string(src), old); n != 1 {
		t.Fatalf("%s has this %d times:\n%s", filepath.Base(file), n, old)
	}
	text := strings.Replace(string(src), old, strings.Join(to, "\n")+"\n", 1)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The links of the pages lead to files that are there.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, p := range pages {
		page := filepath.Join("..", "..", p.file)
		src, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(src), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Error(fmt.Errorf("%s: %w", p.file, err))
			}
		}
	}
}
