package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tagswap/check"
	"tagswap/design"
	"tagswap/litmus"
	"tagswap/report"
)

// limits bound how much is run, and by how many workers.
type limits struct {
	bound      int64
	jobs       int
	timeout    time.Duration
	checkpoint string
	search     string
}

func (l *limits) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Int64Var(&l.bound, "bound", 0, "executions of a test under a design at most (default no bound)")
	f.IntVar(&l.jobs, "jobs", 0, "how many to run at once (default one a processor)")
	f.DurationVar(&l.timeout, "timeout", 0, "time for a test under a design at most, as 30s (default no limit)")
	f.StringVar(&l.checkpoint, "checkpoint", "", "keep what is found in this file, and go on from what it has")
	f.StringVar(&l.search, "search", "blocks", "blocks; optimal, no states kept; operations, each a scheduling point; or all, without sleep sets too")
	_ = cmd.MarkFlagFilename("checkpoint")
	_ = cmd.RegisterFlagCompletionFunc("search", cobra.FixedCompletions(searches, cobra.ShellCompDirectiveNoFileComp))
}

func (l *limits) options() (check.MatrixOptions, error) {
	switch {
	case l.bound < 0:
		return check.MatrixOptions{}, fmt.Errorf("--bound %d: a number of executions, 0 for no bound", l.bound)
	case l.jobs < 0:
		return check.MatrixOptions{}, fmt.Errorf("--jobs %d: a number of workers, 0 for one a processor", l.jobs)
	case l.timeout < 0:
		return check.MatrixOptions{}, fmt.Errorf("--timeout %s: a time, 0 for no limit", l.timeout)
	case !slices.Contains(searches, l.search):
		return check.MatrixOptions{}, fmt.Errorf("there is no search %q; known: %s", l.search, strings.Join(searches, ", "))
	}
	all := l.search == "all"
	return check.MatrixOptions{
		Options: check.Options{
			MaxExecutions: l.bound, Budget: l.timeout,
			Optimal: l.search == "optimal", AllVisible: all || l.search == "operations", NoSleep: all,
		},
		Workers: l.jobs,
	}, nil
}

// searches are how the interleavings are gone through. They find the same; the first
// needs the argument in explore/doc.go, the last none.
var searches = []string{"blocks", "optimal", "operations", "all"}

func (l *limits) workers() int {
	if l.jobs > 0 {
		return l.jobs
	}
	return runtime.GOMAXPROCS(0)
}

// newMatrixCmd is tagswap alone: the catalogue's tests under the catalogue's
// designs.
func newMatrixCmd() *cobra.Command {
	var in inputs
	var l limits
	cmd := &cobra.Command{
		Use:   "tagswap",
		Short: "Litmus tests for the Linux swap path with arm64 memory tags",
		Example: `  tagswap
  tagswap --design v6.4 --design v6.5 --litmus store-small-swap
  tagswap check --design my-patch.design
  tagswap explain --design v6.4 --litmus store-small-swap`,
		Annotations: verdictStatus,
		RunE:        func(cmd *cobra.Command, _ []string) error { return runMatrix(cmd, &in, &l) },
	}
	in.flags(cmd)
	l.flags(cmd)
	return cmd
}

func runMatrix(cmd *cobra.Command, in *inputs, l *limits) error {
	o, err := l.options()
	if err == nil {
		err = in.load(cmd)
	}
	if err != nil {
		return err
	}
	keep, err := l.open(&o)
	if err != nil {
		return err
	}
	defer keep.close(cmd)
	start := time.Now()
	p := newProgress(cmd.ErrOrStderr(), len(in.tests)*len(in.designs))
	o.Progress = p.done
	rs := check.Matrix(cmd.Context(), in.tests, in.programs(), o)
	p.end()
	m := &report.Matrix{Results: rs, Groups: groups(in), Command: invocation(), Width: width(),
		Workers: min(l.workers(), max(len(rs), 1)), Elapsed: time.Since(start), Stopped: cmd.Context().Err() != nil}
	for _, d := range in.designs {
		m.Columns = append(m.Columns, report.Column{Name: d.name, Base: release(d.design)})
	}
	if err := report.WriteMatrix(cmd.OutOrStdout(), m); err != nil {
		return err
	}
	return verdict(rs)
}

// release names the release that a design changes in the end, "" for a release.
func release(d *design.Design) string {
	if report.IsRelease(d.Name) {
		return ""
	}
	for d.Linked() != nil && !report.IsRelease(d.Name) {
		d = d.Linked()
	}
	return d.Name
}

// verdict turns results into an exit status.
func verdict(rs []*check.Result) error {
	t := report.Total(rs)
	switch {
	case t.Fails > 0:
		return verdictError(exitFails)
	case t.Bounded > 0:
		return verdictError(exitBounded)
	}
	return nil
}

// groups are the catalogue's, or one without a title for tests that were named.
func groups(in *inputs) []report.Group {
	var out []report.Group
	if len(in.litmusNames) > 0 {
		g := report.Group{}
		for _, t := range in.tests {
			g.Tests = append(g.Tests, t.Name)
		}
		return append(out, g)
	}
	for _, g := range litmus.Groups() {
		out = append(out, report.Group{Title: g.Title, Tests: g.Tests})
	}
	return out
}

// width is the terminal's, 80 when there is none.
func width() int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		return w
	}
	return 80
}

// invocation is how the reader runs this program again.
func invocation() string {
	self, err := os.Executable()
	if err == nil && strings.Contains(filepath.ToSlash(self), "/go-build") {
		return "go run ./cmd/tagswap"
	}
	return "tagswap"
}
