package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tagswap/design"
)

func newDesignStepsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "steps [NAME…]",
		Short: "Document the steps that a design may use",
		Long: `Prints each step by the kernel file it follows: how it is written, what it does, the
locks it needs, takes and drops, and the registers it uses and sets. A step marked
with ? has a result: it can be tested with if, while and else.`,
		Example: `  tagswap design steps
  tagswap design steps swap_free pte_same
  tagswap design steps --format json`,
	}
	format := formatFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asJSON, err := format()
		if err != nil {
			return err
		}
		reg := design.Default()
		docs := reg.StepDocs()
		if len(args) > 0 {
			docs = nil
		}
		for _, a := range args {
			d, err := reg.StepDoc(a)
			if err != nil {
				return err
			}
			docs = append(docs, d)
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), docs)
		}
		printSteps(cmd.OutOrStdout(), docs)
		return nil
	}
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, d := range design.Default().StepDocs() {
			names = append(names, d.Name)
		}
		slices.Sort(names)
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

func printSteps(w io.Writer, docs []design.StepDoc) {
	file := ""
	for i, d := range docs {
		if d.File() != file {
			if i > 0 {
				fmt.Fprintln(w)
			}
			file = d.File()
			fmt.Fprintln(w, file)
		}
		mark := ""
		if d.Test {
			mark = " ?"
		}
		fmt.Fprintf(w, "  %s%s\n%s", d.Usage(), mark, wrap(d.Doc, 6))
		if e := d.Effects(); e != "" {
			fmt.Fprint(w, wrap(e, 6))
		}
		fmt.Fprintf(w, "      As in %s.\n", d.Func())
	}
}

// oneLine joins the lines of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// wrap breaks a text into lines of at most 80 columns, indented.
func wrap(s string, indent int) string {
	var b strings.Builder
	col := 0
	for _, w := range strings.Fields(s) {
		switch {
		case col == 0:
			col = indent
			b.WriteString(strings.Repeat(" ", indent))
		case col+1+len(w) > 80:
			col = indent
			b.WriteString("\n" + strings.Repeat(" ", indent))
		default:
			col++
			b.WriteByte(' ')
		}
		b.WriteString(w)
		col += len(w)
	}
	return b.String() + "\n"
}
