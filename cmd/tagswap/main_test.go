package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"tagswap/litmus"
)

// The scripts, and every test that runs "tagswap", run this program.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tagswap": main})
}

// times are what differs from run to run, and how much was run, which differs
// from one version of the explorer to the next.
var times = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`(?m)^(Time \S+) \d+\.\d+$`), "$1 0.00"},
	{regexp.MustCompile(`"seconds":[0-9.e+-]+`), `"seconds":0`},
	{regexp.MustCompile(`\d+\.\d s on \d+ workers?`), "0.0 s on n workers"},
	{regexp.MustCompile(`[0-9,]+ executions?, [0-9,]+ states?`), "N executions, N states"},
	{regexp.MustCompile(`"executions":\d+,"events":\d+`), `"executions":0,"events":0`},
	{regexp.MustCompile(`(?m)^(\S+ fails: tags) \d+$`), "$1 N"},
	{regexp.MustCompile(`[0-9a-f]{8} init\*\d+( \w+\*\d+)*`), "HASH init*1 P0*2"},
}

// timeless takes times out of an output.
func timeless(text string) string {
	for _, t := range times {
		text = t.find.ReplaceAllString(text, t.put)
	}
	return text
}

func TestScripts(t *testing.T) {
	all, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, f := range all {
		if !strings.HasPrefix(filepath.Base(f), "design_") {
			files = append(files, f)
		}
	}
	testscript.Run(t, testscript.Params{
		Files:         files,
		UpdateScripts: *update,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status":   cmdStatus,
			"timeless": cmdTimeless,
			"lines":    cmdLines,
		},
	})
}

// cmdStatus is "status N command args…": the command ends with that status.
func cmdStatus(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// cmdTimeless is "timeless FROM TO": it copies an output without times. FROM may
// be stdout.
func cmdTimeless(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(timeless(ts.ReadFile(args[0]))), 0o666))
}

// cmdLines is "lines FILE MIN MAX WIDTH": how many lines, and how wide at most.
func cmdLines(ts *testscript.TestScript, _ bool, args []string) {
	var n [3]int
	for i := range n {
		var err error
		n[i], err = strconv.Atoi(args[i+1])
		ts.Check(err)
	}
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n")
	if len(lines) < n[0] || len(lines) > n[1] {
		ts.Fatalf("%d lines, want %d to %d", len(lines), n[0], n[1])
	}
	for _, l := range lines {
		if len([]rune(l)) > n[2] {
			ts.Fatalf("more than %d columns: %s", n[2], l)
		}
	}
}

// Every verb has an example that names it, and help that says what it does.
func TestExamples(t *testing.T) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Runnable() && !c.HasSubCommands() {
			if !strings.Contains(c.Example, c.CommandPath()) {
				t.Errorf("%s: the example does not show the verb: %q", c.CommandPath(), c.Example)
			}
			if c.Short == "" {
				t.Errorf("%s says nothing", c.CommandPath())
			}
		}
		for _, s := range c.Commands() {
			visit(s)
		}
	}
	visit(newRootCmd())
}

// What a panic says is one line, without a stack, and asks for a report.
func TestInternal(t *testing.T) {
	old := os.Stderr
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stderr = w
	status := internal("tagswap internal: of all things")
	other := internal(errors.New("index out of range"))
	os.Stderr = old
	w.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `tagswap internal: of all things
tagswap: this is a bug of tagswap; please report the line above, the command and the input
tagswap internal: index out of range
tagswap: this is a bug of tagswap; please report the line above, the command and the input
`
	if string(text) != want || status != exitWrong || other != exitWrong {
		t.Errorf("%d, %d, %s", status, other, text)
	}
}

// An interrupted check prints what it knows, says what it did not run, and ends
// with status 3 when nothing has failed.
func TestInterrupt(t *testing.T) {
	cmd := exec.Command("tagswap", "check", "--design", "v6.12", "--jobs", "1")
	var out, errs bytes.Buffer
	lines, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// After the first record nearly all tests are to come.
	buf := make([]byte, 4096)
	for !strings.Contains(out.String(), "Verdict") {
		n, err := lines.Read(buf)
		if err != nil {
			t.Fatal(err, out.String())
		}
		out.Write(buf[:n])
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := io.Copy(&out, lines); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitBounded {
		t.Errorf("%v\n%s", err, &errs)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %s to stop", took)
	}
	for _, want := range []string{"Verdict v6.12 holds", "bounded: interrupted before it began", fmt.Sprintf("%d cells: ", len(litmus.Names()))} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if errs.Len() > 0 {
		t.Errorf("on standard error: %s", &errs)
	}
}

var update = flag.Bool("update", false, "write the golden parts of the scripts")

// The examples in the help are commands that there are, with flags that they have.
func TestExamplesParse(t *testing.T) {
	n := 0
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		for line := range strings.Lines(c.Example) {
			words := strings.Fields(strings.NewReplacer("$(pidof system_server)", "1", "'", "").Replace(line))
			if len(words) > 0 && words[0] == "sudo" {
				words = words[1:]
			}
			if len(words) == 0 || words[0] != "tagswap" {
				t.Errorf("%s: %q is no command", c.CommandPath(), line)
				continue
			}
			n++
			cmd, rest, err := newRootCmd().Find(words[1:])
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err == nil {
				err = cmd.ValidateArgs(cmd.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: %q: %v", c.CommandPath(), line, err)
			}
		}
		for _, s := range c.Commands() {
			visit(s)
		}
	}
	visit(newRootCmd())
	if n < 20 {
		t.Errorf("%d examples", n)
	}
}
