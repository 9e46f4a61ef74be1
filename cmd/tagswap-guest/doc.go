//go:build linux

// Command tagswap-guest runs litmus tests on the kernel it is started on. As
// /init of a virtual machine it takes its orders from the initramfs and switches
// the machine off; elsewhere see tagswap-guest -help.
package main
