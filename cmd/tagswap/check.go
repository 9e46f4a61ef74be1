package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tagswap/check"
	"tagswap/design"
	"tagswap/mm"
	"tagswap/report"
)

// checkRun is one call of the verb check.
type checkRun struct {
	in         inputs
	limits     limits
	format     string
	against    string
	properties []string

	bases []base // of each design
	out   io.Writer
	bar   *progress
	err   error // of writing
}

// base is what a design is compared with.
type base struct {
	name string // "" for nothing
	at   int    // column of the matrix
}

func newCheckCmd() *cobra.Command {
	c := &checkRun{}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Run litmus tests under designs, in every interleaving",
		Long: `Runs each test under each design and prints a record a test, as herd7 does. Without
--design or --litmus all of the catalogue are meant.

A design from a file is compared with its base: what fails now and did not is said
first, then what fails no more and what costs differ. --against names another design
to compare with; "none" compares with nothing.

Formats: text; json, one object a line; ktap, the kernel's own test format. A
comparison is part of text alone.

--search says how the interleavings are gone through. blocks, the default, leaves out
the switches that nobody can notice and comes to every state once. optimal runs every
Mazurkiewicz trace once and keeps no states; it does not take FIFO tasks. operations takes every operation for a point at
which tasks may switch, with sleep sets; all takes every choice in every state, for who
trusts no reduction. They find the same; where the first takes 10 ms, the others take
about 50 and 300.

With --checkpoint what is found is kept in a file, every few seconds and when the run
is stopped. The same command goes on from there, with the same totals in the end.`,
		Example: `  tagswap check --design v6.4 --litmus store-small-swap
  tagswap check --design my-patch.design
  tagswap check --design my-patch.design --litmus my-test.litmus --format json
  tagswap check --design thread-v1 --against v6.5 --litmus @litmus/catalogue/@all
  tagswap check --litmus stg-cow --format ktap --bound 100000
  tagswap check --litmus slot-cache-drain --search all
  tagswap check --litmus my-large.litmus --checkpoint run.ckpt`,
		Args:        noArgs,
		Annotations: verdictStatus,
		RunE:        func(cmd *cobra.Command, _ []string) error { return c.run(cmd) },
	}
	c.in.flags(cmd)
	c.limits.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&c.format, "format", "text", "text, json or ktap")
	f.StringVar(&c.against, "against", "", "compare with this design (default the base of a design file)")
	f.StringArrayVar(&c.properties, "property", nil, "judge this property alone; may be repeated (default all)")
	_ = cmd.RegisterFlagCompletionFunc("against", designNames)
	_ = cmd.RegisterFlagCompletionFunc("property", propertyNames)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(checkFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

var checkFormats = []string{"text", "json", "ktap"}

func propertyNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return report.Properties(), cobra.ShellCompDirectiveNoFileComp
}

// noArgs refuses words that belong to no flag.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no %q; name designs and tests with --design and --litmus", cmd.CommandPath(), args[0])
}

func knownFormat(format string, known []string) error {
	if slices.Contains(known, format) {
		return nil
	}
	return fmt.Errorf("there is no format %q; known: %s", format, strings.Join(known, ", "))
}

func knownProperties(names []string) error {
	for _, p := range names {
		if !slices.Contains(report.Properties(), p) {
			return fmt.Errorf("there is no property %q%s; known: %s", p, hint(p, report.Properties()),
				strings.Join(report.Properties(), ", "))
		}
	}
	return nil
}

func (c *checkRun) run(cmd *cobra.Command) error {
	o, err := c.limits.options()
	for _, e := range []error{err, knownFormat(c.format, checkFormats), knownProperties(c.properties)} {
		if e != nil {
			return e
		}
	}
	o.Options.Costs = true
	if err := c.in.load(cmd); err != nil {
		return err
	}
	progs, err := c.withBases(cmd)
	if err != nil {
		return err
	}
	keep, err := c.limits.open(&o)
	if err != nil {
		return err
	}
	defer keep.close(cmd)
	c.out = cmd.OutOrStdout()
	c.bar = newProgress(cmd.ErrOrStderr(), len(c.in.tests)*len(progs))
	o.Progress = c.bar.done
	told := 0
	o.Each = func(r *check.Result) {
		c.judge(r)
		if d := told % len(progs); d < len(c.in.designs) && !c.later() {
			c.write(c.cell(r, told/len(progs), d))
		}
		told++
	}
	rs := check.Matrix(cmd.Context(), c.in.tests, progs, o)
	c.bar.end()
	c.finish(rs, len(progs))
	if c.err != nil {
		return c.err
	}
	return verdict(c.own(rs, len(progs)))
}

// withBases finds what the designs are compared with, and returns the programs of
// the designs and then those of the bases.
func (c *checkRun) withBases(cmd *cobra.Command) ([]*mm.Program, error) {
	progs := c.in.programs()
	c.bases = make([]base, len(c.in.designs))
	if c.format != "text" && c.against == "" || c.against == "none" {
		return progs, nil
	}
	if c.format != "text" {
		return nil, fmt.Errorf("--against is for --format text; run check twice for %s", c.format)
	}
	add := func(name string, p *mm.Program) base {
		for i := range c.bases {
			if c.bases[i].name == name {
				return c.bases[i]
			}
		}
		progs = append(progs, p)
		return base{name, len(progs) - 1}
	}
	if c.against != "" {
		b, err := runnable(cmd, c.against)
		if err != nil {
			return nil, err
		}
		for i := range c.bases {
			c.bases[i] = add(c.against, b.prog)
		}
		return progs, nil
	}
	for i, d := range c.in.designs {
		if !isFile(d.name, design.Ext) || d.design.Linked() == nil {
			continue
		}
		p, err := design.Compile(d.design.Linked())
		if err != nil {
			return nil, designErrors(cmd, d.design.Base, err)
		}
		c.bases[i] = add(d.design.Base, p)
	}
	return progs, nil
}

// later says that nothing can be printed before everything is known.
func (c *checkRun) later() bool {
	return c.format == "ktap" || slices.ContainsFunc(c.bases, func(b base) bool { return b.name != "" })
}

func (c *checkRun) judge(r *check.Result) {
	if len(c.properties) > 0 {
		r.Only(c.properties)
	}
}

// cell is a result with what is needed to print it.
func (c *checkRun) cell(r *check.Result, test, design int) *report.Cell {
	d := c.in.designs[design]
	name := c.in.named[test]
	return &report.Cell{
		Result: r, Design: d.name, Litmus: name,
		Schedule: func(v int) string { return check.FormatSchedule(r.Test, d.prog, r.Violations[v].Schedule) },
		Explain:  fmt.Sprintf("%s explain --design %s --litmus %s", invocation(), quote(d.name), quote(name)),
	}
}

// write prints one result.
func (c *checkRun) write(cell *report.Cell) {
	c.bar.hide(func() {
		err := error(nil)
		switch c.format {
		case "text":
			err = report.WriteHerd(c.out, cell)
		case "json":
			err = report.WriteJSON(c.out, cell)
		}
		if c.err == nil {
			c.err = err
		}
	})
}

// finish prints what had to wait for all results.
func (c *checkRun) finish(rs []*check.Result, width int) {
	byDesign := make([][]*report.Cell, len(c.in.designs))
	var all []*report.Cell
	for i, r := range rs {
		if d := i % width; d < len(c.in.designs) {
			cell := c.cell(r, i/width, d)
			byDesign[d] = append(byDesign[d], cell)
			all = append(all, cell)
		}
	}
	if c.format == "ktap" {
		c.err = report.WriteKTAP(c.out, byDesign)
		return
	}
	if c.format != "text" {
		return
	}
	for d, b := range c.bases {
		if b.name == "" {
			continue
		}
		var was []*check.Result
		for i := b.at; i < len(rs); i += width {
			was = append(was, rs[i])
		}
		if err := report.WriteCompared(c.out, b.name, byDesign[d], was); c.err == nil {
			c.err = err
		}
	}
	if c.later() {
		for _, cell := range all {
			c.write(cell)
		}
	}
	if len(all) > 1 && c.err == nil {
		c.err = report.WriteSummary(c.out, all)
	}
}

// own are the results of the designs that were asked for, without the bases.
func (c *checkRun) own(rs []*check.Result, width int) []*check.Result {
	var out []*check.Result
	for i, r := range rs {
		if i%width < len(c.in.designs) {
			out = append(out, r)
		}
	}
	return out
}

// quote writes a word so that a shell reads it as one.
func quote(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./+:@,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
