package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tagswap/design"
	"tagswap/litmus"
	"tagswap/mm"
)

// inputs are the designs and tests that a verb works on.
type inputs struct {
	designNames []string
	litmusNames []string

	designs []loaded
	tests   []*litmus.Test
	named   []string // the tests, as the user gave them
}

// loaded is a design that can run.
type loaded struct {
	name   string // as the user gave it
	design *design.Design
	prog   *mm.Program
}

func (in *inputs) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&in.designNames, "design", nil,
		"a design's name or file, @FILE for a list, - for standard input; may be repeated (default all)")
	f.StringArrayVar(&in.litmusNames, "litmus", nil,
		"a test's name or file, @FILE for a list, - for standard input; may be repeated (default all)")
	_ = cmd.RegisterFlagCompletionFunc("design", designNames)
	_ = cmd.RegisterFlagCompletionFunc("litmus", litmusNames)
}

func litmusNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return litmus.Names(), cobra.ShellCompDirectiveDefault
}

// load reads everything; the catalogue stands for what was not named.
func (in *inputs) load(cmd *cobra.Command) error {
	designs, err := expand(in.designNames)
	if err != nil {
		return err
	}
	tests, err := expand(in.litmusNames)
	if err != nil {
		return err
	}
	if twice(slices.Concat(designs, tests), "-") {
		return errors.New("standard input (-) can be read once only")
	}
	if len(in.designNames) == 0 {
		designs = design.Names()
	}
	if len(in.litmusNames) == 0 {
		tests = litmus.Names()
	}
	for _, name := range designs {
		d, err := runnable(cmd, name)
		if err != nil {
			return err
		}
		in.designs = append(in.designs, d)
	}
	in.named = tests
	for _, name := range tests {
		t, err := loadTest(cmd, name)
		if err != nil {
			return err
		}
		in.tests = append(in.tests, t)
	}
	return nil
}

func twice(names []string, name string) bool {
	i := slices.Index(names, name)
	return i >= 0 && slices.Contains(names[i+1:], name)
}

func (in *inputs) programs() []*mm.Program {
	ps := make([]*mm.Program, len(in.designs))
	for i, d := range in.designs {
		ps[i] = d.prog
	}
	return ps
}

// runnable loads and compiles a design and prints its warnings.
func runnable(cmd *cobra.Command, name string) (loaded, error) {
	d, err := loadDesign(cmd, name)
	if err != nil {
		return loaded{}, err
	}
	es := design.Check(d)
	if isFile(name, design.Ext) {
		for _, w := range es.Warnings() {
			fmt.Fprintln(cmd.ErrOrStderr(), w)
		}
	}
	if err := designErrors(cmd, name, es.Fatal()); err != nil {
		return loaded{}, err
	}
	p, err := design.Compile(d)
	return loaded{name, d, p}, err
}

// litmusExt ends the name of a litmus test's file.
const litmusExt = ".litmus"

// isFile says whether a name means a file and not a name of the catalogue.
func isFile(name, ext string) bool {
	return name == "-" || strings.HasSuffix(name, ext) || strings.ContainsAny(name, `/\`)
}

// loadTest loads a test of the catalogue or from a file, and prints what is wrong
// with it.
func loadTest(cmd *cobra.Command, name string) (*litmus.Test, error) {
	if !isFile(name, litmusExt) {
		t, err := litmus.Lookup(name)
		if err != nil {
			if _, found := os.Stat(name + litmusExt); found == nil {
				return nil, fmt.Errorf("the catalogue has no test %q; write %s%s for the file", name, name, litmusExt)
			}
		}
		return t, testErrors(cmd, name, err)
	}
	src, err := readInput(cmd, name)
	if err != nil {
		return nil, err
	}
	t, err := litmus.Parse(name, src)
	return t, testErrors(cmd, name, err)
}

func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(cmd.InOrStdin())
	}
	return os.ReadFile(name)
}

// testErrors prints errors that have a place, one a line, and returns one for all.
func testErrors(cmd *cobra.Command, name string, err error) error {
	var es litmus.Errors
	if !errors.As(err, &es) {
		return err
	}
	return manyErrors(cmd.ErrOrStderr(), name, es)
}

// expand replaces @FILE by the names in the file, one a line; # starts a comment.
// A name in it that is a file beside the list means that file.
func expand(names []string) ([]string, error) {
	var out []string
	for _, n := range names {
		list, ok := strings.CutPrefix(n, "@")
		if !ok {
			out = append(out, n)
			continue
		}
		src, err := os.ReadFile(list)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n, err)
		}
		for line := range strings.Lines(string(src)) {
			line, _, _ = strings.Cut(line, "#")
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			beside := filepath.Join(filepath.Dir(list), line)
			if _, err := os.Stat(beside); err == nil && !filepath.IsAbs(line) {
				line = beside
				if !strings.ContainsAny(line, `/\`) {
					line = "." + string(filepath.Separator) + line
				}
			}
			out = append(out, line)
		}
	}
	return out, nil
}
