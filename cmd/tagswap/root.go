package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tagswap/design"
	"tagswap/litmus"
)

const rootLong = `tagswap runs litmus tests of the Linux swap path, with arm64 memory tags, under
designs: kernel releases and patches to them, as lists of steps. Every interleaving
of a test is run, and what fails comes with an execution that shows it.

Alone it prints the matrix of its catalogue: all tests under all designs.`

const rootAfter = `
Exit status, of tagswap alone, check and explain:
  0  every interleaving was run and nothing failed
  1  something failed
  2  the input is wrong, or tagswap is; standard error says where
  3  nothing failed, but not every interleaving was run
`

// newRootCmd is the whole command line.
func newRootCmd() *cobra.Command {
	root := newMatrixCmd()
	root.Long = rootLong
	root.SilenceErrors, root.SilenceUsage = true, true
	root.Version = version()
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(newCheckCmd(), newExplainCmd(), newLitmusCmd(), newDesignCmd(), newBenchCmd(),
		newKernelCmd(), newPageoutCmd(), newStressCmd())
	root.SetHelpTemplate(root.HelpTemplate() + rootAfterTemplate)
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	refuse(root)
	return root
}

// rootAfterTemplate shows the exit status in the help of the verbs that have it.
const rootAfterTemplate = `{{if index .Annotations "verdict"}}` + rootAfter + `{{end}}`

// verdictStatus marks a command whose exit status is the verdict.
var verdictStatus = map[string]string{"verdict": "yes"}

// refuse makes every command that only groups others refuse what is no verb.
func refuse(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		refuse(c)
	}
	if !cmd.HasSubCommands() {
		return
	}
	cmd.Args = noSuchVerb
	if !cmd.Runnable() {
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
}

// flagError names the nearest flag for one that does not exist.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
	name := "--" + unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		name = "-" + unknown.GetSpecifiedShortnames()
	}
	return fmt.Errorf("%s has no flag %s%s; see %s --help", cmd.CommandPath(), name, hint(name, known), cmd.CommandPath())
}

// hint ends a message about an unknown word with the nearest known one.
func hint(word string, known []string) string {
	best, dist := "", len(word)/3+2
	for _, k := range known {
		if d := levenshtein.ComputeDistance(word, k); d < dist && d < len(k) {
			best, dist = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// version is the module's version and a hash of the catalogue: with both, results
// can be repeated.
func version() string {
	v := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v = info.Main.Version
	}
	return fmt.Sprintf("tagswap %s, catalogue %s", v, catalogueHash())
}

// catalogueHash stands for what the designs and tests of the catalogue mean.
func catalogueHash() string {
	h := sha256.New()
	designs, err := design.Catalogue()
	if err != nil {
		return "broken"
	}
	for _, d := range designs {
		fmt.Fprintln(h, d.Name, d.Hash())
	}
	tests, err := litmus.Catalogue()
	if err != nil {
		return "broken"
	}
	for _, t := range tests {
		fmt.Fprintln(h, t.Name, litmus.Hash(t))
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// manyErrors prints errors that have places, one a line, and returns one for all.
func manyErrors(w io.Writer, name string, err error) error {
	lines := strings.Split(err.Error(), "\n")
	fmt.Fprintln(w, err)
	if len(lines) == 1 {
		return fmt.Errorf("%s: 1 error", name)
	}
	return fmt.Errorf("%s: %d errors", name, len(lines))
}
