// Command tagswap is litmus testing for the Linux swap path with arm64 tags.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{Use: "tagswap", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(newPageoutCmd(), newKernelCmd())
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "tagswap:", err)
		os.Exit(2)
	}
}
