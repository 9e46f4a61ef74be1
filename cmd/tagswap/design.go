package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tagswap/design"
)

// newDesignCmd is the verb "design": look at step lists, write and check one's own.
func newDesignCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "design",
		Short: "Print, compare, check and write step lists of the swap path",
		Long: `A design is one way to order the swap path: a kernel release, or a patch that
somebody proposes. It is a file of step lists: "base v6.12" takes everything from
a release, and the functions that follow replace the release's own.

Where a verb wants a design, give a name of the catalogue or the path of a
.design file; - is standard input.`,
	}
	cmd.AddCommand(newDesignListCmd(), newDesignShowCmd(), newDesignDiffCmd(), newDesignCheckCmd(),
		newDesignNewCmd(), newDesignStepsCmd())
	return cmd
}

// loadDesign loads a design for a verb, and prints what is wrong with it.
func loadDesign(cmd *cobra.Command, name string) (*design.Design, error) {
	loader := design.Loader{ReadFile: func(file string) ([]byte, error) {
		if file == "-" {
			return io.ReadAll(cmd.InOrStdin())
		}
		return os.ReadFile(file)
	}}
	d, err := loader.Load(name)
	if errors.Is(err, design.ErrUnknown) {
		if _, found := os.Stat(name + design.Ext); found == nil {
			return nil, fmt.Errorf("the catalogue has no design %q; write %s%s for the file", name, name, design.Ext)
		}
	}
	return d, designErrors(cmd, name, err)
}

// designErrors prints errors that have a place, one a line, and returns one
// error for all.
func designErrors(cmd *cobra.Command, name string, err error) error {
	var es design.Errors
	if !errors.As(err, &es) {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), es)
	n := "1 error"
	if len(es) > 1 {
		n = fmt.Sprintf("%d errors", len(es))
	}
	return fmt.Errorf("%s: %s", name, n)
}

// designNames completes names of the catalogue, and leaves files to the shell.
func designNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return design.Names(), cobra.ShellCompDirectiveDefault
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// formatFlag adds --format and returns the check that goes into RunE.
func formatFlag(cmd *cobra.Command) func() (asJSON bool, err error) {
	format := cmd.Flags().String("format", "text", "text or json")
	return func() (bool, error) {
		switch *format {
		case "text", "json":
			return *format == "json", nil
		}
		return false, fmt.Errorf("there is no format %q; text or json", *format)
	}
}

func newDesignListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Print the catalogue of designs",
		Example: "  tagswap design list",
		Args:    cobra.NoArgs,
	}
	format := formatFlag(cmd)
	type row struct {
		Name    string   `json:"name"`
		Base    string   `json:"base,omitempty"`
		Doc     string   `json:"doc"`
		Changes []string `json:"changes,omitempty"`
		Hash    string   `json:"hash"`
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asJSON, err := format()
		if err != nil {
			return err
		}
		all, err := design.Catalogue()
		if err != nil {
			return designErrors(cmd, "the catalogue", err)
		}
		rows := make([]row, len(all))
		for i, d := range all {
			rows[i] = row{Name: d.Name, Base: d.Base, Doc: oneLine(d.Doc), Hash: d.Hash()}
			if d.Base != "" {
				rows[i].Changes = design.Changed(d.Linked(), d)
			}
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), rows)
		}
		for _, r := range rows {
			head := r.Name
			if r.Base != "" {
				head += ", from " + r.Base
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s", head, wrap(r.Doc, 4))
		}
		return nil
	}
	return cmd
}

func newDesignShowCmd() *cobra.Command {
	var flat bool
	var fns []string
	cmd := &cobra.Command{
		Use:   "show DESIGN",
		Short: "Print a design, or functions of it, in the canonical form",
		Example: `  tagswap design show v6.4
  tagswap design show v6.5 --fn do_swap_page --fn swap_free
  tagswap design show my-patch.design --flat`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: designNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := loadDesign(cmd, args[0])
			if err != nil {
				return err
			}
			switch {
			case len(fns) > 0:
				return showFns(cmd.OutOrStdout(), d, fns)
			case flat:
				fmt.Fprint(cmd.OutOrStdout(), d.Flat())
			default:
				fmt.Fprint(cmd.OutOrStdout(), d.Format())
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&flat, "flat", false, "with everything that comes from the base, as one design")
	cmd.Flags().StringArrayVar(&fns, "fn", nil, "only this function, wherever it comes from; may be repeated")
	return cmd
}

// showFns prints functions of a design and says which design they come from.
func showFns(w io.Writer, d *design.Design, fns []string) error {
	for i, n := range fns {
		f, err := d.Lookup(n)
		if err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprintln(w)
		}
		if f.Design != d {
			fmt.Fprintf(w, "# from %s\n", f.Design.Name)
		}
		fmt.Fprint(w, f.Source())
	}
	return nil
}

func newDesignDiffCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "diff DESIGN DESIGN",
		Short: "Print how two designs differ, like a patch",
		Long: `Prints a unified diff of the two designs' step lists, function by function, without
comments. What the designs have in common through their bases does not show.`,
		Example: `  tagswap design diff v6.4 thread-v1
  tagswap design diff v6.12 my-patch.design`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: designNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := loadDesign(cmd, args[0])
			if err != nil {
				return err
			}
			b, err := loadDesign(cmd, args[1])
			if err != nil {
				return err
			}
			out := design.Diff(a, b)
			if out == "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s and %s have the same step lists\n", args[0], args[1])
			}
			fmt.Fprint(cmd.OutOrStdout(), out)
			return nil
		},
	}
}

func newDesignCheckCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check DESIGN…",
		Short: "Say what is wrong with a design, before any test runs",
		Long: `Checks names, jumps, and the locks and registers of every path through every
function. Errors and warnings go to standard error as file:line:column; for each
design that can run one line says what it changes.

A patch that is meant to break a rule about locks says "allow missing-lock" in its
header; what would be errors are warnings then.

Exit status: 0 all can run, 2 one has errors.`,
		Example:           "  tagswap design check my-patch.design",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: designNames,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var failed error
		for _, a := range args {
			d, err := loadDesign(cmd, a)
			if err == nil {
				es := design.Check(d)
				for _, w := range es.Warnings() {
					fmt.Fprintln(cmd.ErrOrStderr(), w)
				}
				err = designErrors(cmd, a, es.Fatal())
			}
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: ok, %s\n", a, changes(d))
		}
		return failed
	}
	return cmd
}

// changes says in words what a design does to its base.
func changes(d *design.Design) string {
	if d.Base == "" {
		return fmt.Sprintf("%d functions", len(d.Fns))
	}
	var replaced, added []string
	base := d.Linked().Resolve()
	for _, n := range design.Changed(d.Linked(), d) {
		if _, ok := base[n]; ok {
			replaced = append(replaced, n)
		} else {
			added = append(added, n)
		}
	}
	text := "changes " + strings.Join(replaced, ", ") + " of " + d.Base
	if len(replaced) == 0 {
		text = "changes nothing of " + d.Base
	}
	if len(added) > 0 {
		text += "; adds " + strings.Join(added, ", ")
	}
	return text
}

func newDesignNewCmd() *cobra.Command {
	var base string
	fns := []string{design.DefaultFn}
	cmd := &cobra.Command{
		Use:   "new NAME --base DESIGN",
		Short: "Write NAME.design with functions of a base to edit",
		Long: `Writes NAME.design into the current directory: a design that does what its base
does, with the functions to edit copied from it. Move, drop or add a line there.
A file that exists is left alone.`,
		Example: `  tagswap design new my-patch --base v6.12
  tagswap design new my-patch --base v6.12 --fn unuse_pte --fn mte_restore_tags`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := loadDesign(cmd, base)
			if err != nil {
				return err
			}
			text, err := design.New(args[0], b, fns)
			if err != nil {
				return err
			}
			file := args[0] + design.Ext
			if err := writeNew(file, text); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), `%[1]s holds %[2]s of %[3]s. Edit it, then:
  tagswap design diff %[3]s %[1]s
  tagswap check --design %[1]s
`, file, strings.Join(fns, ", "), base)
			return nil
		},
	}
	cmd.Flags().StringVar(&base, "base", "", "the design to start from")
	cmd.Flags().StringArrayVar(&fns, "fn", fns, "a function to edit; may be repeated")
	_ = cmd.MarkFlagRequired("base")
	_ = cmd.RegisterFlagCompletionFunc("base", designNames)
	return cmd
}

// writeNew writes a file that must not exist.
func writeNew(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists; it is left as it is", file)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
