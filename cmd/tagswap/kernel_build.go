package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"tagswap/kernel/build"
	"tagswap/kernel/deb"
)

func newKernelBuildCmd() *cobra.Command {
	var base string
	var o build.Options
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build a trimmed arm64 kernel from Debian's source, with fixes taken out",
		Long: `Unpacks Debian's linux-source package, removes the lines that the named fixes added,
and builds an arm64 Image with little more than swap, zram, virtio-blk, KSM and MTE in
it. It takes a few minutes on two cores and 2 GB of disk while it lasts. Reverts:
` + revertHelp(),
		Example:      "  tagswap kernel build --base debian:bookworm --revert restore-hook --revert skip-swapcache-pin",
		Args:         noKernelArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := interruptible(cmd)
			defer stop()
			spec, err := deb.ParseSpec(base)
			if err != nil {
				return err
			}
			if o.Fetcher, err = fetcher(cmd.ErrOrStderr(), false); err != nil {
				return err
			}
			o.Base, o.Log = spec, o.Fetcher.Log
			k, err := build.Build(ctx, o)
			if err != nil {
				return err
			}
			name := k.Name
			if o.Out != "" {
				name = filepath.Dir(k.Image)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: run it with tagswap kernel run --kernel %s\n", k.Name, name)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&base, "base", "debian:bookworm", "Debian suite whose source is taken")
	f.StringVar(&o.Release, "release", "", "kernel release of its source package, as 6.1 (default the one of the suite's kernels)")
	f.StringVar(&o.Source, "source", "", "the package's .deb or its tarball, instead of fetching it")
	f.StringArrayVar(&o.Reverts, "revert", nil, "take a fix out; may be repeated")
	f.StringVar(&o.Out, "out", "", "folder for the kernel (default in the cache)")
	f.IntVar(&o.Jobs, "jobs", runtime.NumCPU(), "compilers at once")
	f.BoolVar(&o.Keep, "keep", false, "leave the source tree")
	return cmd
}

func revertHelp() string {
	var b strings.Builder
	for _, n := range build.RevertNames() {
		fmt.Fprintf(&b, "  %-20s %s\n", n, build.Reverts[n].What)
	}
	return b.String()
}
