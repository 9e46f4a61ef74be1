package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// large is a check whose search is long enough to be written down.
var large = []string{"check", "--design", "unuse-deletes-cache", "--litmus", "unuse-forked-sharer", "--format", "json", "--jobs", "1"}

// status runs tagswap and returns what it printed and its exit status.
func status(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.Command("tagswap", args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), status
}

// totals are an output without the time that it took.
func totals(text string) string { return times[1].find.ReplaceAllString(text, times[1].put) }

// A check that runs out of time again and again, each time in a process of its
// own, ends with the totals of one that does not; and what is done is not done
// again.
func TestCheckpoint(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.ckpt")
	want, _, wantStatus := status(t, large...)
	args := append(append([]string{}, large...), "--checkpoint", file)
	stops := 0
	var at struct{ Seconds float64 }
	if err := json.Unmarshal([]byte(want), &at); err != nil {
		t.Fatal(err)
	}
	quarter := time.Duration(at.Seconds * float64(time.Second) / 4).String()
	got, errs, s := "", "", exitBounded
	for ; s == exitBounded && stops < 500; stops++ {
		got, errs, s = status(t, append(args, "--timeout", quarter)...)
	}
	if stops < 2 || s != wantStatus || totals(got) != totals(want) {
		t.Errorf("after %d stops status %d, %s\n%s\nat once status %d,\n%s", stops, s, errs, totals(got), wantStatus, totals(want))
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	again, errs, s := status(t, args...)
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if again != got || s != wantStatus || errs != "" || !bytes.Equal(before, after) {
		t.Errorf("once more: status %d, %s\n%s\nthe file was %d bytes, is %d", s, errs, again, len(before), len(after))
	}
}

// Another build, and what is no checkpoint, are refused in one line.
func TestCheckpointRefused(t *testing.T) {
	dir := t.TempDir()
	for _, c := range [][2]string{
		{"precious text\n", "is no checkpoint of tagswap"},
		{"2144df1c \"x\"\n", "is no checkpoint of tagswap"},
	} {
		file := filepath.Join(dir, "file")
		if err := os.WriteFile(file, []byte(c[0]), 0o600); err != nil {
			t.Fatal(err)
		}
		_, errs, s := status(t, append(large, "--checkpoint", file)...)
		if s != exitWrong || !strings.Contains(errs, c[1]) || strings.Count(errs, "\n") != 1 {
			t.Errorf("status %d, %q", s, errs)
		}
	}
	if _, errs, s := status(t, append(large, "--checkpoint", dir)...); s != exitWrong || strings.Count(errs, "\n") != 1 {
		t.Errorf("a folder: status %d, %q", s, errs)
	}
}

// A disk without room does not stop a run, which says what it could not keep; the
// file still has what came before.
func TestCheckpointFull(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no ulimit")
	}
	file := filepath.Join(t.TempDir(), "run.ckpt")
	small := []string{"check", "--design", "v6.4", "--design", "v6.5", "--litmus", "store-small-swap", "--format", "json", "--checkpoint", file}
	script := `trap '' XFSZ; ulimit -f 1; exec tagswap "$@"`
	cmd := exec.Command("sh", append([]string{"-c", script, "sh"}, small...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != exitFails {
		t.Errorf("%v: %s", err, errs.String())
	}
	if n := strings.Count(out.String(), "\n"); n != 2 || !strings.Contains(errs.String(), file+": ") ||
		!strings.Contains(errs.String(), "it has what came before") {
		t.Errorf("%d results, and %q", n, errs.String())
	}
	if _, errs, s := status(t, small...); s != exitFails || errs != "" {
		t.Errorf("with room again: status %d, %q", s, errs)
	}
}
