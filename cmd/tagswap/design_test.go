package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"tagswap/design"
)

// The scripts run the test program itself under the name tagswap, with the verb
// alone, so that they need nothing of the other verbs.
const designTestEnv = "TAGSWAP_DESIGN_TEST"

func init() {
	if os.Getenv(designTestEnv) == "" {
		return
	}
	root := &cobra.Command{Use: "tagswap", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(newDesignCmd())
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "tagswap:", err)
		os.Exit(2)
	}
	os.Exit(0)
}

// designBin returns a folder with the program, for PATH.
func designBin(t *testing.T) string {
	bin := t.TempDir()
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(bin, "tagswap"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return bin + string(os.PathListSeparator) + os.Getenv("PATH")
}

func TestDesignScripts(t *testing.T) {
	path := designBin(t)
	files, err := filepath.Glob("testdata/script/design*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts: ", err)
	}
	testscript.Run(t, testscript.Params{
		Files: files,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", path)
			e.Setenv(designTestEnv, "1")
			return nil
		},
	})
}

// Every verb has an example, and each example names the verb.
func TestDesignExamples(t *testing.T) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Runnable() && !strings.Contains(c.Example, "tagswap "+c.CommandPath()) {
			t.Errorf("%s: the example does not show the verb: %q", c.CommandPath(), c.Example)
		}
		for _, s := range c.Commands() {
			visit(s)
		}
	}
	visit(newDesignCmd())
}

var updateDocs = flag.Bool("update-docs", false, "rewrite the outputs in docs/designs.md")

// Every command of docs/designs.md prints what the page shows.
func TestDesignDocs(t *testing.T) {
	const page = "../../docs/designs.md"
	src, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	env := append(os.Environ(), "PATH="+designBin(t), designTestEnv+"=1")
	block := regexp.MustCompile("(?s)```console\n.*?```")
	got := block.ReplaceAllStringFunc(string(src), func(b string) string {
		var out strings.Builder
		out.WriteString("```console\n")
		for _, l := range strings.Split(b, "\n") {
			line, ok := strings.CutPrefix(l, "$ ")
			if !ok {
				continue
			}
			c := exec.Command("sh", "-c", line)
			c.Dir, c.Env = dir, env
			text, _ := c.CombinedOutput()
			fmt.Fprintf(&out, "$ %s\n%s", line, text)
		}
		return out.String() + "```"
	})
	if *updateDocs {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if d := cmp.Diff(string(src), got); d != "" {
		t.Errorf("docs/designs.md shows something else (-shown +printed; -update-docs rewrites it):\n%s", d)
	}
}

// Every design of docs/designs.md can run and is in the canonical form.
func TestDesignDocsExamples(t *testing.T) {
	src, err := os.ReadFile("../../docs/designs.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```design\n(.*?)```").FindAllSubmatch(src, -1)
	if len(blocks) < 3 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, b := range blocks {
		d, err := design.Parse("designs.md", b[1])
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := design.Compile(d); err != nil {
			t.Error(err)
		}
		if ws := design.Check(d).Warnings(); (len(ws) > 0) != d.Allows(design.AllowMissingLock) {
			t.Errorf("%s: %v", d.Name, ws)
		}
		if diff := cmp.Diff(d.Format(), string(b[1])); diff != "" {
			t.Errorf("%s is not in the canonical form:\n%s", d.Name, diff)
		}
	}
}
