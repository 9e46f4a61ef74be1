//go:build linux

package main

import (
	"os"

	"tagswap/kernel/guest"
)

func main() {
	if os.Getpid() == 1 {
		guest.Init()
	}
	os.Exit(here())
}
