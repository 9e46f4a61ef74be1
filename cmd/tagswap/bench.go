package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tagswap/explore"
	"tagswap/explore/programs"
)

// newBenchCmd measures what can be measured without a kernel.
func newBenchCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the explorer",
	}
	cmd.AddCommand(newBenchExploreCmd())
	return cmd
}

// benchRow is one program under one search.
type benchRow struct {
	Name       string  `json:"name"`
	Search     string  `json:"search"`
	Workers    int     `json:"workers"`
	Executions int64   `json:"executions"`
	Traces     int64   `json:"traces,omitempty"`
	States     int64   `json:"states,omitempty"`
	Bytes      int64   `json:"bytes,omitempty"`
	Blocked    int64   `json:"blocked,omitempty"`
	Events     int64   `json:"events"`
	Seconds    float64 `json:"seconds"`
	Rate       float64 `json:"events_per_second"`
	Complete   bool    `json:"complete"`
	Cut        string  `json:"cut,omitempty"`
}

func newBenchExploreCmd() *cobra.Command {
	var format, search string
	var budget time.Duration
	var workers int
	cmd := &cobra.Command{
		Use:   "explore [PROGRAM]...",
		Short: "Explore the standard programs: executions, events, seconds",
		Long: `Explore the standard programs and print what each cost. A program is named as in
"mutex(3,3)"; * stands for anything, as in "mutex*". Without a name, all are run.

The optimal search visits every Mazurkiewicz trace once: executions and traces have to be
equal, or the command fails. The merging search visits no state twice. With --workers
several explore one program together; the others join in after 3,000 executions.`,
		Example: `  tagswap bench explore
  tagswap bench explore --search optimal --format json 'faa*'
  tagswap bench explore --search optimal --workers 2 'faa(2,10)'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("--format %s: text or json", format)
			}
			if workers < 1 {
				return fmt.Errorf("--workers %d: 1 or more", workers)
			}
			names, ok := map[string][]string{"both": {"optimal", "merge"}, "optimal": {"optimal"}, "merge": {"merge"}}[search]
			if !ok {
				return fmt.Errorf("--search %s: optimal, merge or both", search)
			}
			chosen, err := chooseBench(args)
			if err != nil {
				return err
			}
			cmd.SilenceUsage = true
			out := newBenchOutput(cmd.OutOrStdout(), format)
			wrong := 0
			for _, p := range chosen {
				for _, s := range names {
					r := benchExplore(p, s, budget, workers)
					if s == "optimal" && r.Complete && p.Traces != 0 && r.Executions != p.Traces {
						wrong++
					}
					if err := out.row(r); err != nil {
						return err
					}
				}
			}
			if err := out.end(); err != nil {
				return err
			}
			if wrong > 0 {
				return fmt.Errorf("%d programs were not explored once a trace", wrong)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVar(&search, "search", "both", "optimal, merge or both")
	cmd.Flags().IntVar(&workers, "workers", 1, "how many explore one program")
	cmd.Flags().DurationVar(&budget, "budget", 10*time.Second, "time for each program and search")
	return cmd
}

// chooseBench finds the programs that the patterns name.
func chooseBench(patterns []string) ([]programs.Program, error) {
	all := programs.All()
	if len(patterns) == 0 {
		return all, nil
	}
	var out []programs.Program
	for _, pat := range patterns {
		n := len(out)
		for _, p := range all {
			if ok, err := path.Match(pat, p.Name); err != nil {
				return nil, fmt.Errorf("%q: %w", pat, err)
			} else if ok {
				out = append(out, p)
			}
		}
		if len(out) == n {
			var names []string
			for _, p := range all {
				names = append(names, p.Name)
			}
			return nil, fmt.Errorf("no program is called %q; there are %s", pat, strings.Join(names, " "))
		}
	}
	return out, nil
}

// benchRepeat is how long a program is repeated.
const benchRepeat = 50 * time.Millisecond

func benchExplore(p programs.Program, search string, budget time.Duration, workers int) benchRow {
	o := explore.Options{Budget: budget, Workers: workers, Clone: func() func(*explore.X) { return programs.Named(p.Name).Run }}
	if search == "optimal" {
		o.Search = explore.Optimal
	}
	// Short ones are run again; the seconds are the median, which other jobs on the
	// machine disturb least.
	var r *explore.Result
	var took []time.Duration
	for start := time.Now(); time.Since(start) < benchRepeat; {
		one := time.Now()
		r = explore.Run(p.Run, o)
		took = append(took, time.Since(one))
	}
	slices.Sort(took)
	s := took[len(took)/2].Seconds()
	return benchRow{
		Name: p.Name, Search: search, Workers: workers, Executions: r.Executions, Traces: p.Traces, States: r.States, Bytes: r.Bytes,
		Blocked: r.Blocked, Events: r.Events, Seconds: s, Rate: float64(r.Events) / s, Complete: r.Complete, Cut: r.Cut,
	}
}

// benchOutput prints rows.
type benchOutput struct {
	enc *json.Encoder
	tab *tabwriter.Writer
}

func newBenchOutput(w io.Writer, format string) *benchOutput {
	if format == "json" {
		return &benchOutput{enc: json.NewEncoder(w)}
	}
	tab := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tab, "program\tsearch\texecutions\ttraces\tstates\tevents\tseconds\tevents/s\t")
	return &benchOutput{tab: tab}
}

func (o *benchOutput) row(r benchRow) error {
	if o.enc != nil {
		return o.enc.Encode(r)
	}
	dash := func(n int64) string {
		if n == 0 {
			return "-"
		}
		return fmt.Sprint(n)
	}
	done := ""
	if !r.Complete {
		done = "not finished: " + r.Cut
	}
	_, err := fmt.Fprintf(o.tab, "%s\t%s\t%d\t%s\t%s\t%d\t%.6f\t%.1fM\t%s\n", r.Name, r.Search, r.Executions, dash(r.Traces),
		dash(r.States), r.Events, r.Seconds, r.Rate/1e6, done)
	return err
}

func (o *benchOutput) end() error {
	if o.tab != nil {
		return o.tab.Flush()
	}
	return nil
}
