package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"tagswap/design"
	"tagswap/stress"
)

// An interrupted run prints what it has, says that it is partial and what it has
// not begun, removes its swap files, and ends with status 3.
func TestStressInterrupt(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("tagswap", "stress", "--design", "v7.2", "--design", "v6.12", "--seconds", "600", "--swap", "./swapfile")
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The first design runs when its file is there; some slices later it has
	// something to show.
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(dir + "/swapfile-2"); err == nil {
			break
		}
	}
	time.Sleep(2 * stressSlice)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitBounded {
		t.Errorf("%v\n%s%s", err, &out, &errs)
	}
	for _, want := range []string{"\nv7.2: nothing was lost in ", "\n  partial: it ran for ", "\nnot begun: v6.12\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if errs.Len() > 0 {
		t.Errorf("on standard error: %s", &errs)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A run that is killed leaves a swap file that the next run takes.
func TestStressKilled(t *testing.T) {
	dir := t.TempDir()
	run := func(seconds string) *exec.Cmd {
		cmd := exec.Command("tagswap", "stress", "--seconds", seconds, "--swap", "./swapfile")
		cmd.Dir = dir
		return cmd
	}
	cmd := run("600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	for end := time.Now().Add(30 * time.Second); size < 100*4096 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if st, err := os.Stat(dir + "/swapfile"); err == nil {
			size = st.Size()
		}
	}
	time.Sleep(stressSlice)
	if out, err := run("0.1").CombinedOutput(); err == nil || !strings.Contains(string(out), "another run uses it") {
		t.Errorf("a second run uses the file as well: %v\n%s", err, out)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	st, err := os.Stat(dir + "/swapfile")
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", st, err)
	}
	if out, err := run("0.5").CombinedOutput(); err != nil || !strings.Contains(string(out), "v7.2: nothing was lost") {
		t.Errorf("the next run: %v\n%s", err, out)
	}
}

// The figures on the terminal are those of the slice: none of them stays 0, but
// for the violations of a right design.
func TestStressLive(t *testing.T) {
	d, err := design.Lookup("v7.2")
	if err != nil {
		t.Fatal(err)
	}
	p, err := design.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	m := stress.New(p, stress.Options{Seed: 1, Tasks: 8})
	var text string
	zero := regexp.MustCompile(`(^|[^0-9.])0 [^v]`)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		s := m.Run(stressSlice)
		text = strings.Join(liveLines(m, &s), "\n")
		if !zero.MatchString(text) {
			break
		}
	}
	want := regexp.MustCompile(`^v7.2: [1-9]\d* accesses/s, [1-9]\d* faults/s, [1-9]\d* swap-outs/s, [1-9]\d* swap-ins/s, 0 violations
[1-9]\d* pages resident, [1-9]\d* swapped, tag store [1-9]\d* records, [1-9]\d* bytes, [1-9]\d* lock waits/s \(\d+% of the tasks' time\)$`)
	if !want.MatchString(text) {
		t.Errorf("%s", text)
	}
}
