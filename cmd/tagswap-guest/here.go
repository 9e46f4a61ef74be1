//go:build linux

package main

func here() int { return 2 }
