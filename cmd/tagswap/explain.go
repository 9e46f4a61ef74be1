package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tagswap/check"
	"tagswap/explore"
	"tagswap/litmus"
	"tagswap/report"
)

// explainRun is one call of the verb explain.
type explainRun struct {
	designName, litmusName string
	schedule               string
	format                 string
	property               string
	full                   bool
	timeout                time.Duration

	d loaded
	t *litmus.Test
}

var explainFormats = []string{"text", "mail"}

func newExplainCmd() *cobra.Command {
	x := &explainRun{}
	cmd := &cobra.Command{
		Use:   "explain --design DESIGN --litmus TEST",
		Short: "Show an execution in which a test fails, as columns",
		Long: `Looks for the simplest execution that breaks a property: fewest preemptions, then
fewest switches between tasks, then shortest. It prints what each task does in a
column of its own, in the kernel's names; steps that touch nothing of interest are
left out (--full shows them). Numbers in the margin lead to the notes below.

The last line replays the execution, on any machine. A schedule belongs to one test
and one design; it is refused when either has changed.

Exit status: as of check, so 1 when it shows a failure, 0 when nothing fails.`,
		Example: `  tagswap explain --design v6.4 --litmus store-small-swap
  tagswap explain --design my-patch.design --litmus pageout-by-other --property tags
  tagswap explain --design readpage-hook --litmus two-tasks-one-entry --format mail`,
		Args:        noArgs,
		Annotations: verdictStatus,
		RunE:        func(cmd *cobra.Command, _ []string) error { return x.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&x.designName, "design", "", "a design's name or file, - for standard input")
	f.StringVar(&x.litmusName, "litmus", "", "a test's name or file, - for standard input")
	f.StringVar(&x.schedule, "schedule", "", "replay this schedule instead of looking for one")
	f.StringVar(&x.format, "format", "text", "text, or mail: 72 columns")
	f.StringVar(&x.property, "property", "", "show how this property fails (default the most telling one that does)")
	f.BoolVar(&x.full, "full", false, "show every step")
	f.DurationVar(&x.timeout, "timeout", 0, "time for the search at most, as 30s (default no limit)")
	_ = cmd.RegisterFlagCompletionFunc("design", designNames)
	_ = cmd.RegisterFlagCompletionFunc("litmus", litmusNames)
	_ = cmd.RegisterFlagCompletionFunc("property", propertyNames)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(explainFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (x *explainRun) run(cmd *cobra.Command) error {
	if err := x.load(cmd); err != nil {
		return err
	}
	if x.schedule != "" {
		steps, err := check.ParseSchedule(x.t, x.d.prog, x.schedule)
		if err != nil {
			return err
		}
		c, err := check.ReplayCounterexample(x.t, x.d.prog, steps)
		if err != nil {
			return err
		}
		return x.show(cmd.OutOrStdout(), c)
	}
	property, known, err := x.find(cmd)
	if err != nil || property == "" {
		return err
	}
	c, err := check.Explain(x.t, x.d.prog, property, known)
	if err != nil {
		return err
	}
	return x.show(cmd.OutOrStdout(), c)
}

// load reads the flags.
func (x *explainRun) load(cmd *cobra.Command) (err error) {
	var properties []string
	if x.property != "" {
		properties = append(properties, x.property)
	}
	for _, e := range []error{knownFormat(x.format, explainFormats), knownProperties(properties)} {
		if e != nil {
			return e
		}
	}
	switch {
	case x.designName == "" || x.litmusName == "":
		return fmt.Errorf("explain wants one design and one test: --design v6.4 --litmus store-small-swap")
	case x.designName == "-" && x.litmusName == "-":
		return fmt.Errorf("standard input (-) can be read once only")
	}
	if x.d, err = runnable(cmd, x.designName); err != nil {
		return err
	}
	x.t, err = loadTest(cmd, x.litmusName)
	return err
}

// find runs the test and says which property to explain, with an execution that
// breaks it. Without one it prints what came out; the error is the exit status.
func (x *explainRun) find(cmd *cobra.Command) (property string, known *explore.Violation, err error) {
	ctx := cmd.Context()
	r := check.Run(x.t, x.d.prog, check.Options{Budget: x.timeout, Stop: func() bool { return ctx.Err() != nil }})
	out := cmd.OutOrStdout()
	if x.property != "" && r.Verdict == check.Fails && !slices.Contains(r.Properties(), x.property) {
		fmt.Fprintf(out, "%s under %s: %s does not fail; %s does\n", x.t.Name, x.designName, x.property,
			strings.Join(report.Failing(r), ", "))
		r.Only([]string{x.property})
		return "", nil, verdict([]*check.Result{r})
	}
	if r.Verdict != check.Fails {
		fmt.Fprintln(out, report.Verdict(&report.Cell{Result: r, Design: x.designName}))
		return "", nil, verdict([]*check.Result{r})
	}
	property = x.property
	if property == "" {
		property = report.Failing(r)[0]
	}
	for i := range r.Violations {
		if r.Violations[i].Property == property {
			known = &r.Violations[i]
		}
	}
	if len(known.Schedule) == 0 {
		fmt.Fprintf(out, "%s under %s: %s. There are:\n", x.t.Name, x.designName, known.Detail)
		for _, o := range r.Outcomes {
			fmt.Fprintf(out, "  %s\n", o.State)
		}
		return "", nil, verdictError(exitFails)
	}
	return property, known, nil
}

// show prints an execution; the error is the exit status.
func (x *explainRun) show(w io.Writer, c *check.Counterexample) error {
	width := report.TextWidth
	if x.format == "mail" {
		width = report.MailWidth
	}
	replay := fmt.Sprintf("%s explain --design %s --litmus %s --schedule '%s'", invocation(), quote(x.designName),
		quote(x.litmusName), check.FormatSchedule(x.t, x.d.prog, c.Schedule))
	err := report.WriteExplain(w, &report.Story{Counterexample: c, Design: x.designName, Doc: x.t.Doc,
		Replay: replay, Full: x.full, Mail: x.format == "mail", Width: width})
	if err == nil && c.Property != "" {
		err = verdictError(exitFails)
	}
	return err
}
