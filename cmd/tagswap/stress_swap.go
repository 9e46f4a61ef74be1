package main

import (
	"fmt"
	"strings"

	"tagswap/mm"
	"tagswap/swapdev"
)

// Swap devices that are no file.
const (
	swapMemory = "memory"
	swapZram   = "zram-like"
)

// knownSwap refuses what is no device and does not look like a file.
func knownSwap(swap string) error {
	known := []string{swapMemory, swapZram}
	if swap == swapMemory || swap == swapZram || strings.Contains(swap, "/") {
		return nil
	}
	return fmt.Errorf("there is no swap device %q%s; known: %s, and files as in ./swapfile", swap, hint(swap, known),
		strings.Join(known, ", "))
}

// swapDevices are the devices of a run, one for each machine.
type swapDevices struct{ files []*swapdev.File }

// open makes a device; nil: plain memory. The second file of a run has "-2" behind
// its name, and so on.
func (s *swapDevices) open(swap string, slots int) (mm.Device, error) {
	switch swap {
	case swapMemory:
		return nil, nil
	case swapZram:
		return swapdev.NewZram(slots, 0), nil
	}
	if n := len(s.files) + 1; n > 1 {
		swap = fmt.Sprintf("%s-%d", swap, n)
	}
	f, err := swapdev.OpenFile(swap, slots)
	if err != nil {
		return nil, err
	}
	s.files = append(s.files, f)
	return f, nil
}

// remove gives the files up, which removes those that the run has made.
func (s *swapDevices) remove() error {
	var first error
	for _, f := range s.files {
		if err := f.Close(); err != nil && first == nil {
			first = err
		}
	}
	s.files = nil
	return first
}
