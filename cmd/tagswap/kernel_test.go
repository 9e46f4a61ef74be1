//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tagswap/kernel"
	"tagswap/kernel/wire"
)

// standIn puts a QEMU on the PATH that plays a console and then does what tail
// says. It returns the flags that name a kernel and a guest program.
func standIn(t *testing.T, console, tail string) []string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, body string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(body), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	log := write("console", console, 0o644)
	write("qemu-system-aarch64", "#!/bin/sh\nif [ \"$1\" = --version ]; then echo QEMU emulator version 10.0.0; exit; fi\ncat "+log+"\n"+tail+"\n", 0o755)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	image := write("Image", strings.Repeat("\x00", 56)+"ARM\x64"+strings.Repeat("\x00", 8), 0o644)
	// The smallest header of a static arm64 program.
	elf := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 57)...)
	elf[16], elf[18], elf[20], elf[52] = 2, 183, 1, 64
	return []string{"kernel", "run", "--kernel", image, "--guest", write("guest", string(elf), 0o755), "--model-seconds", "1"}
}

// spoken is the console of a guest that sends records.
func spoken(recs ...wire.Record) string {
	var b bytes.Buffer
	w := wire.NewWriter(&b)
	w.Send(wire.Record{Kind: wire.Hello, Machine: &wire.Machine{Release: "6.1.0-1", MTE: true}})
	for _, r := range recs {
		w.Send(r)
	}
	return b.String()
}

func kernelRunOutput(ctx context.Context, args ...string) (stdout, stderr string, err error) {
	var out, errs bytes.Buffer
	root := newRootCmd()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&errs)
	err = root.ExecuteContext(ctx)
	return out.String(), errs.String(), err
}

const standInTest = "mte-free-before-restore-a"

func standInRan(state string) []wire.Record {
	return []wire.Record{{Kind: wire.Start, Test: standInTest},
		{Kind: wire.Result, Test: standInTest, Status: wire.Ran, Rounds: 1, States: []wire.State{{Key: state, Count: 9}}}}
}

// The exit status follows who is to blame, in every format.
func TestKernelRunBlames(t *testing.T) {
	const kept, lost = "0:r0=1; 0:r1=red;", "0:r0=1; 0:r1=green;"
	end := wire.Record{Kind: wire.End}
	broken := []wire.Record{{Kind: wire.Ground, Check: "tag memory", Detail: "all granules alike"},
		{Kind: wire.Result, Test: standInTest, Status: wire.Failed, Reason: "the machine is broken: its proof of tag memory failed"}, end}
	for name, tc := range map[string]struct {
		console string
		want    error
		text    string
	}{
		"kept":   {spoken(append(standInRan(kept), end)...), nil, "Model v6.1-debian agrees"},
		"lost":   {spoken(append(standInRan(lost), end)...), kernel.ErrFailed, "not allowed by model v6.1-debian"},
		"broken": {spoken(broken...), kernel.ErrBroken, "BROKEN MACHINE tag memory: all granules alike"},
		"no end": {spoken(standInRan(kept)...), kernel.ErrFailed, "Boot lost"},
		"panic":  {spoken(standInRan(kept)[0]) + "[ 1.0] Kernel panic - not syncing: no\n", kernel.ErrFailed, "Undef"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append(standIn(t, tc.console, ""), "--litmus", standInTest)
			out, errs, err := kernelRunOutput(context.Background(), args...)
			if !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) || !strings.Contains(out, tc.text) {
				t.Errorf("%v, want %v and %q in\n%s%s", err, tc.want, tc.text, out, errs)
			}
			out, _, err = kernelRunOutput(context.Background(), append(args, "--format", "json")...)
			lines := strings.Split(strings.TrimSpace(out), "\n")
			var rep struct{ Failed, Partial bool }
			if e := json.Unmarshal([]byte(lines[len(lines)-1]), &rep); e != nil || rep.Failed != (tc.want != nil) || rep.Partial || !errors.Is(err, tc.want) {
				t.Errorf("json: %v, %v:\n%s", e, err, out)
			}
			out, _, _ = kernelRunOutput(context.Background(), append(args, "--format", "ktap")...)
			if got := strings.Contains(out, "not ok 1 Image"); got != (tc.want != nil) || !strings.HasPrefix(out, "KTAP version 1\n1..1\n") {
				t.Errorf("ktap:\n%s", out)
			}
		})
	}
}

// An interruption ends QEMU and prints what there is, as partial.
func TestKernelRunInterrupted(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	args := append(standIn(t, spoken(standInRan("0:r0=1; 0:r1=red;")...), "sleep 300 & echo $! > "+pid+"; wait"),
		"--litmus", standInTest, "--litmus", "stg-cow")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for range 500 {
			if b, err := os.ReadFile(pid); err == nil && len(b) > 0 {
				time.Sleep(100 * time.Millisecond)
				cancel()
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	out, errs, err := kernelRunOutput(ctx, args...)
	var v verdictError
	if !errors.As(err, &v) || v != exitBounded {
		t.Errorf("ended with %v", err)
	}
	for _, want := range []string{"Test " + standInTest, "1 not run: cut short"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if !strings.Contains(errs, "partial") {
		t.Errorf("standard error: %s", errs)
	}
	b, _ := os.ReadFile(pid)
	proc := "/proc/" + strings.TrimSpace(string(b))
	for range 100 {
		if stat, err := os.ReadFile(proc + "/stat"); err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("QEMU's process group is alive after the interruption")
}

// A design of one's own, instead of the one of the release.
func TestKernelRunNamedDesign(t *testing.T) {
	args := append(standIn(t, spoken(append(standInRan("0:r0=1; 0:r1=green;"), wire.Record{Kind: wire.End})...), ""), "--litmus", standInTest)
	out, _, err := kernelRunOutput(context.Background(), append(args, "--design", "v6.4")...)
	if !errors.Is(err, kernel.ErrFailed) || !strings.Contains(out, "Model v6.4 agrees") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A kernel of kernel build is found by the name that was printed.
func TestBuiltKernelsHaveNames(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	dir := filepath.Join(cache, "tagswap", "kernels", "trimmed-9.9")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"trimmed-9.9": dir, "trimmed-9.8": "trimmed-9.8", "./trimmed-9.9": "./trimmed-9.9", dir: dir} {
		if got := built(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestKernelRunRefuses(t *testing.T) {
	for flag, want := range map[string]string{
		"--seconds=0":     "--seconds 0",
		"--seconds=NaN":   "--seconds NaN",
		"--iterations=-1": "--iterations -1",
		"--format=xml":    `no format "xml"`,
		"--modules=/x":    "--modules",
		"--litmus=stgcow": "did you mean",
		"--design=v6.44":  "did you mean",
		"word":            `takes no "word"`,
	} {
		if _, _, err := kernelRunOutput(context.Background(), "kernel", "run", flag); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", flag, err)
		}
	}
}
