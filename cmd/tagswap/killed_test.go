//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A check that is killed where it stands goes on from its file, and ends with the totals
// of one that was not.
func TestCheckpointKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for what is written down every two seconds; go test ./cmd/tagswap runs it")
	}
	slow := append(append([]string{}, large...), "--search", "operations")
	want, _, wantStatus := status(t, slow...)
	args := append(slow, "--checkpoint", filepath.Join(t.TempDir(), "run.ckpt"))
	kills := 0
	for range 8 {
		if kills < 2 && killed(t, args) {
			kills++
		}
	}
	got, errs, s := status(t, args...)
	if kills < 2 || s != wantStatus || totals(got) != totals(want) {
		t.Errorf("after %d kills status %d, %s\n%s\nat once status %d,\n%s", kills, s, errs, totals(got), wantStatus, totals(want))
	}
}

// killed starts tagswap and kills it when it has written down more of a search, and says
// whether it came to that. So that the search is not over by the time that it is written
// down, tagswap is stopped for as long as that takes.
func killed(t *testing.T, args []string) bool {
	t.Helper()
	file := args[len(args)-1]
	searches := func() int {
		b, _ := os.ReadFile(file)
		return strings.Count(string(b[:bytes.LastIndexByte(b, '\n')+1]), `"Work":`)
	}
	before := searches()
	cmd := exec.Command("tagswap", args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	time.Sleep(300 * time.Millisecond)
	_ = cmd.Process.Signal(syscall.SIGSTOP)
	time.Sleep(2100 * time.Millisecond)
	_ = cmd.Process.Signal(syscall.SIGCONT)
	for searches() == before {
		select {
		case <-ended:
			return false
		case <-time.After(time.Millisecond):
		}
	}
	_ = cmd.Process.Kill()
	<-ended
	return cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
}
