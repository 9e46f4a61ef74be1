package main

import "github.com/spf13/cobra"

func newLitmusCmd() *cobra.Command { return &cobra.Command{Use: "litmus"} }
