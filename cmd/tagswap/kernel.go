package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"tagswap/kernel/deb"
)

// newKernelCmd is the verb "kernel": the same litmus tests on real kernels.
func newKernelCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kernel",
		Short: "Run litmus tests on real arm64 kernels with MTE, in QEMU or here",
	}
	cmd.AddCommand(newKernelFetchCmd(), newKernelRunCmd(), newKernelBuildCmd())
	return cmd
}

// noKernelArgs refuses words where kernels are named by flags.
func noKernelArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no %q; name kernels and tests with flags, see %s --help", cmd.CommandPath(), args[0], cmd.CommandPath())
}

func newKernelFetchCmd() *cobra.Command {
	var refresh bool
	cmd := &cobra.Command{
		Use:   "fetch debian:SUITE[=VERSION]…",
		Short: "Get Debian's arm64 cloud kernels through this machine's apt",
		Long: `Reads the signed lists of a suite and of its security suite into a private folder,
downloads the newest arm64 cloud kernel (or the given package version) with
apt-get, which checks its hash, and unpacks the image and the few modules that the
guest needs into the cache folder. Nothing is installed and the machine's own apt
state is not touched.`,
		Example:      "  tagswap kernel fetch debian:bookworm debian:trixie debian:bookworm=6.1.190-1",
		Args:         cobra.MinimumNArgs(1),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd)
			defer stop()
			f, err := fetcher(cmd.ErrOrStderr(), refresh)
			if err != nil {
				return err
			}
			for _, a := range args {
				spec, err := deb.ParseSpec(a)
				if err != nil {
					return err
				}
				k, err := f.Fetch(ctx, spec)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s %s, release %s, %d modules, in %s\n",
					a, k.Package, k.Version, k.Release, len(k.Modules), filepath.Dir(k.Image))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&refresh, "refresh", false, "look for a newer package even when one is cached")
	return cmd
}

func interruptible(cmd *cobra.Command) (context.Context, func()) {
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	return signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
}

func fetcher(progress io.Writer, refresh bool) (*deb.Fetcher, error) {
	dir, err := deb.CacheDir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return &deb.Fetcher{Dir: dir, Refresh: refresh, Log: func(format string, args ...any) {
		fmt.Fprintf(progress, format+"\n", args...)
	}}, nil
}
