//go:build linux

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"tagswap/kernel/guest"
	"tagswap/kernel/wire"
	"tagswap/litmus"
)

// here runs tests on this machine and prints one record a line. The status is 0
// when all was run, 1 when a proof failed or a task went wrong, 2 when nothing
// could be run. It judges no condition: give the lines to tagswap, or use
// tagswap kernel run --here.
func here() int {
	var cfg guest.Config
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: tagswap-guest [flags] [NAME|FILE…]\n\n"+
			"Runs litmus tests (default the catalogue) on the kernel it is started on and prints\n"+
			"one JSON record a line. Needs root, arm64 and zram; puts back what it changes.")
		flag.PrintDefaults()
	}
	flag.Int64Var(&cfg.Rounds, "iterations", 0, "rounds of each test (default: what fits in -seconds)")
	flag.Float64Var(&cfg.Seconds, "seconds", 0.3, "seconds for each test")
	flag.Uint64Var(&cfg.Seed, "seed", rand.Uint64N(1<<32), "seed of the random delays")
	flag.Float64Var(&cfg.Monkey, "monkey", 0, "instead of tests: seconds of tasks at random")
	contentOnly := flag.Bool("content-only", false, "go on without MTE, with the tests that need no tags")
	flag.Parse()
	fail := func(err error) int { fmt.Fprintln(os.Stderr, "tagswap-guest:", err); return 2 }
	if !guest.HasMTE() && !*contentOnly {
		return fail(fmt.Errorf("no MTE on this machine, or the kernel was built without it; -content-only runs the tests that need no tags"))
	}
	names := flag.Args()
	if len(names) == 0 {
		names = litmus.Names()
	}
	for _, n := range names {
		if src, err := os.ReadFile(n); err == nil {
			cfg.Tests = append(cfg.Tests, string(src))
			continue
		}
		t, err := litmus.Lookup(n)
		if err != nil {
			return fail(err)
		}
		cfg.Tests = append(cfg.Tests, litmus.Format(t))
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	status := 0
	enc := json.NewEncoder(os.Stdout)
	err := guest.Run(ctx, cfg, false, func(r wire.Record) {
		if r.Kind == wire.Ground && !r.OK || r.Status == wire.Hung || r.Status == wire.Failed || len(r.Problems) > 0 {
			status = 1
		}
		enc.Encode(r)
	})
	if err != nil {
		return fail(err)
	}
	return status
}
