package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tagswap/kernel/deb"
)

// workshop puts stand-ins for the compilers on the PATH: make takes the fragment
// for the whole configuration, less what lacks says.
func workshop(t *testing.T, lacks string) (tarball string, f *deb.Fetcher) {
	t.Helper()
	for _, tool := range []string{"tar", "xz", "sh", "grep", "mkdir"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("needs " + tool)
		}
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	tree := filepath.Join(dir, "linux-source-9.9", "mm")
	for _, d := range []string{bin, tree} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script := "#!/bin/sh\ncase \"$*\" in\n*allnoconfig) { echo; grep -v '" + lacks + "' tagswap.config; } > .config ;;\n" +
		"*Image) mkdir -p arch/arm64/boot include/config; echo 9.9.1-tagswap > include/config/kernel.release; echo image > arch/arm64/boot/Image ;;\n" +
		"*) echo 'mm/memory.c:1: error: no rule' >&2; exit 2 ;;\nesac\n"
	for _, tool := range tools {
		if tool != "tar" && tool != "xz" {
			if err := os.WriteFile(filepath.Join(bin, tool), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	if err := os.WriteFile(filepath.Join(tree, "memory.c"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	tarball = filepath.Join(dir, "linux-source-9.9.tar.xz")
	if out, err := exec.Command("tar", "-C", dir, "-cJf", tarball, "linux-source-9.9").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cache := filepath.Join(dir, "cache")
	if err := os.Mkdir(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	return tarball, &deb.Fetcher{Dir: cache}
}

func TestBuildMakesAKernelThatOpens(t *testing.T) {
	src, f := workshop(t, "nothing at all")
	var log strings.Builder
	k, err := Build(context.Background(), Options{Source: src, Reverts: []string{"restore-hook"}, Fetcher: f,
		Log: func(format string, args ...any) { fmt.Fprintf(&log, format+"\n", args...) }})
	if err != nil {
		t.Fatal(err)
	}
	if k.Name != "trimmed-9.9-without-restore-hook" || k.Release != "9.9.1-tagswap" || !strings.Contains(log.String(), "reverted 6dca4ac6fc91") {
		t.Errorf("%+v\n%s", k, log.String())
	}
	if b, err := os.ReadFile(k.Image); err != nil || string(b) != "image\n" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(k.Image), "kernel.json")); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(f.Dir, "build-*")); len(left) > 0 {
		t.Errorf("the source tree stays: %v", left)
	}
}

// A release whose configuration has other names must not give a kernel on which
// tests are quietly skipped.
func TestBuildNeedsItsOptions(t *testing.T) {
	for _, lacks := range []string{"CONFIG_ARM64_MTE", "CONFIG_MEMCG", "STACKTRACE_FILTER"} {
		src, f := workshop(t, lacks)
		if _, err := Build(context.Background(), Options{Release: "9.9", Source: src, Fetcher: f, Log: t.Logf}); err == nil || !strings.Contains(err.Error(), lacks) {
			t.Errorf("without %s: %v", lacks, err)
		}
	}
}

func TestBuildSaysWhatIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Build(context.Background(), Options{Log: t.Logf})
	if !errors.Is(err, ErrTools) || !strings.Contains(err.Error(), "apt-get install") {
		t.Errorf("%v", err)
	}
}

func TestBuildRefusesUnknownReverts(t *testing.T) {
	src, f := workshop(t, "nothing at all")
	if _, err := Build(context.Background(), Options{Source: src, Reverts: []string{"no-such"}, Fetcher: f, Log: t.Logf}); err == nil ||
		!strings.Contains(err.Error(), "restore-hook") {
		t.Errorf("%v", err)
	}
}
