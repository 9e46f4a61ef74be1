package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tagswap/litmus"
)

// newLitmusCmd is the verb "litmus": look at tests, and check one's own.
func newLitmusCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "litmus",
		Short: "Print and check litmus tests",
		Long: `A litmus test is a small program for a few tasks that share memory, and a question
about what can be true when all of them are done: herd7's file with operations on
memory mappings for instructions. docs/litmus.md explains the language.`,
	}
	cmd.AddCommand(newLitmusListCmd(), newLitmusShowCmd(), newLitmusCheckCmd())
	return cmd
}

func newLitmusListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Print the catalogue of tests",
		Example: "  tagswap litmus list",
		Args:    cobra.NoArgs,
	}
	format := formatFlag(cmd)
	type row struct {
		Name  string `json:"name"`
		Group string `json:"group"`
		Doc   string `json:"doc"`
		Tasks int    `json:"tasks"`
		Hash  string `json:"hash"`
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asJSON, err := format()
		if err != nil {
			return err
		}
		var rows []row
		for _, g := range litmus.Groups() {
			for _, name := range g.Tests {
				t, err := litmus.Lookup(name)
				if err != nil {
					return testErrors(cmd, name, err)
				}
				rows = append(rows, row{name, g.Title, oneLine(t.Doc), len(t.Tasks), litmus.Hash(t)})
			}
		}
		out := cmd.OutOrStdout()
		if asJSON {
			return printJSON(out, rows)
		}
		group := ""
		for i, r := range rows {
			if r.Group != group {
				if i > 0 {
					fmt.Fprintln(out)
				}
				group = r.Group
				fmt.Fprintln(out, group)
			}
			fmt.Fprintf(out, "  %s\n%s", r.Name, wrap(r.Doc, 6))
		}
		return nil
	}
	return cmd
}

func newLitmusShowCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "show TEST…",
		Short: "Print tests in the canonical form",
		Long: `Prints each test, from the catalogue or from a file, in the one canonical form:
columns aligned, metadata in order, tags by colour, without comments.`,
		Example: `  tagswap litmus show store-small-swap
  tagswap litmus show my-test.litmus`,
		Args:              someArgs("a test's name or file", litmus.Names),
		ValidArgsFunction: litmusNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := expand(args)
			if err != nil {
				return err
			}
			for i, name := range names {
				t, err := loadTest(cmd, name)
				if err != nil {
					return err
				}
				if i > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				fmt.Fprint(cmd.OutOrStdout(), litmus.Format(t))
			}
			return nil
		},
	}
}

func newLitmusCheckCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "check TEST…",
		Short: "Say what is wrong with a test, without running it",
		Long: `Reads each test and prints what is wrong with it as file:line:column, on standard
error; for a test that can run, one line says how large it is.

Exit status: 0 all can run, 2 one has errors.`,
		Example: `  tagswap litmus check my-test.litmus
  tagswap litmus check @tests`,
		Args:              someArgs("a test's file or name", litmus.Names),
		ValidArgsFunction: litmusNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := expand(args)
			if err != nil {
				return err
			}
			var failed error
			for _, name := range names {
				t, err := loadTest(cmd, name)
				if err != nil {
					failed = errors.Join(failed, err)
					continue
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: ok, %s\n", name, testSize(t))
			}
			return failed
		},
	}
}

// testSize says how large a test is.
func testSize(t *litmus.Test) string {
	ops := 0
	for i := range t.Tasks {
		ops += len(t.Tasks[i].Ops)
	}
	return strings.Join([]string{plural(len(t.Tasks), "task"), plural(ops, "operation"), plural(len(t.Vars), "page")}, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// someArgs asks for at least one argument and says what it is.
func someArgs(what string, known func() []string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return nil
		}
		return fmt.Errorf("%s wants %s, such as %s", cmd.CommandPath(), what, known()[0])
	}
}
