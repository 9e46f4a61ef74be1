//go:build linux

package kernel

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tagswap/kernel/deb"
	"tagswap/kernel/guest"
	"tagswap/kernel/qemu"
	"tagswap/litmus"
)

// enable is the command that makes the end-to-end tests run.
const enable = "go run ./cmd/tagswap kernel fetch debian:bookworm && go test ./kernel -run EndToEnd"

// bootable gives what an end-to-end test needs, or skips with the reason.
func bootable(t *testing.T) (*deb.Kernel, Options) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots a kernel; without -short: " + enable)
	}
	ctx := context.Background()
	q, err := qemu.Find(ctx)
	if err != nil {
		t.Skipf("%v; then: %s", err, enable)
	}
	dir, err := deb.CacheDir()
	if err != nil {
		t.Skip(err)
	}
	f := &deb.Fetcher{Dir: dir}
	k, ok := f.Cached(deb.Spec{Suite: "bookworm"})
	if !ok {
		t.Skipf("no kernel is fetched; %s", enable)
	}
	prog, err := GuestProgram(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	return k, Options{QEMU: q, Guest: prog, PerTest: 200 * time.Millisecond, Seed: 1}
}

func lookup(t *testing.T, names ...string) (ts []*litmus.Test) {
	t.Helper()
	for _, n := range names {
		test, err := litmus.Lookup(n)
		if err != nil {
			t.Fatal(err)
		}
		ts = append(ts, test)
	}
	return ts
}

func TestEndToEnd(t *testing.T) {
	k, opt := bootable(t)
	opt.Tests = lookup(t, "store-small-swap", "shmem-swap-tags", "munmap-vs-fault", "exit-while-swapped", "checked-load-wrong-tag", "fail-tag-storage")
	rep, err := Run(context.Background(), k, opt)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Failed() || rep.Boots != 1 || len(rep.Results) != len(opt.Tests) {
		t.Errorf("%d boots, %d results, ends %v", rep.Boots, len(rep.Results), rep.Ends)
	}
	for _, g := range rep.Ground {
		if !g.OK {
			t.Errorf("ground %s: %s", g.Check, g.Detail)
		}
	}
	for _, r := range rep.Results {
		want := Ok
		if r.Litmus == "fail-tag-storage" {
			want = Skipped
		}
		if r.Verdict != want || want == Ok && r.Positive == 0 {
			t.Errorf("%s: %s %d/%d %s %v", r.Litmus, r.Verdict, r.Positive, r.Negative, r.Reason, r.Flags)
		}
	}
	if !strings.HasPrefix(rep.Release, "6.1.") {
		t.Errorf("release %q", rep.Release)
	}
}

// The machine is as the tests say: the slot cache is switched, reclaim is the
// kernel's own, a pin for reading unshares and sees a store, and the ground says what
// was found.
func TestEndToEndSettings(t *testing.T) {
	k, opt := bootable(t)
	for _, src := range []string{
		"LinuxMM switch-on\nSlotCache=off\n{ anon x = 1:red; 0:swapped(x); }\n P0 ;\n slotcache on ;\n r0 = tag(x) ;\nforall (0:r0=red)\n",
		"LinuxMM switch-off\nSlotCache=on\n{ anon x = 1:red; 0:swapped(x); }\n P0 ;\n slotcache off ;\n r0 = tag(x) ;\nforall (0:r0=red)\n",
		"LinuxMM reclaimed\nSlotCache=off\n{ anon x = 1:red; }\n P0 | P1:process ;\n barrier | barrier ;\n | reclaim x ;\nexists (0:swapped(x))\n",
		"LinuxMM object-goes\nSlotCache=off\n{ shared x = 1; 0:swapped(x); }\n P0 ;\n munmap x ;\nforall (slots=0)\n",
		"LinuxMM stable\nSwap=async,slots:8,stable\nSlotCache=off\nCPUs=1\nFIFO=P1\n{ anon x = 1; 0:swapped(x); }\n P0 | P1 ;\n r0 = load x | store x 2 ;\nforall (x=2)\n",
		"LinuxMM read-pin\nSlotCache=off\n{ anon x = 1:red; }\n P0 | P1:child ;\n pin x | r0 = load x ;\n store x 2 | ;\n r0 = load pin(x) | ;\n unpin x | ;\n" +
			"forall (0:r0=2 /\\ 1:r0=1 /\\ tag(x)=red)\n",
	} {
		opt.Tests = append(opt.Tests, parse(t, src))
	}
	rep, err := Run(context.Background(), k, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rep.Results {
		if r.Verdict != Ok {
			t.Errorf("%s: %s %d/%d %s %v", r.Litmus, r.Verdict, r.Positive, r.Negative, r.Reason, r.Flags)
		}
	}
	if !strings.Contains(rep.Results[2].Setup, "memory.reclaim") {
		t.Errorf("reclaim: %s; notes %v", rep.Results[2].Setup, rep.Notes)
	}
	if rep.Failed() || len(rep.Results) != len(opt.Tests) {
		t.Errorf("%d results, ends %v", len(rep.Results), rep.Ends)
	}
}

// On a device nothing stays behind: the guest itself looks, before and after.
func TestEndToEndDevice(t *testing.T) {
	k, opt := bootable(t)
	opt.Device = true
	opt.Tests = lookup(t, "store-small-swap", "stable-writes-store", "writeback-store", "slot-cache-drain", "ksm-untagged-swap", "free-then-store")
	rep, err := Run(context.Background(), k, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rep.Results {
		if r.Verdict != Ok {
			t.Errorf("%s: %s %s %v", r.Litmus, r.Verdict, r.Reason, r.Flags)
		}
	}
	if rep.Failed() || len(rep.Results) != len(opt.Tests) || len(rep.Notes) > 0 {
		t.Errorf("%d results, ends %v, notes %v", len(rep.Results), rep.Ends, rep.Notes)
	}
}

// Nor does anything stay behind when the run is cut short in the middle of a test.
func TestEndToEndDeviceCutShort(t *testing.T) {
	k, opt := bootable(t)
	opt.Device, opt.PerTest, opt.stop = true, time.Minute, 3*time.Second
	opt.Tests = lookup(t, "writeback-store")
	rep, err := Run(context.Background(), k, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Notes) > 0 || len(rep.Results) != 1 || rep.Results[0].Seconds > 30 || rep.Results[0].Rounds == 0 || rep.Results[0].Verdict != Ok {
		t.Errorf("results %+v, notes %v, ends %v", verdicts(rep), rep.Notes, rep.Ends)
	}
}

// A machine without MTE must not be able to pass the tagged tests.
func TestEndToEndWithoutMTE(t *testing.T) {
	k, opt := bootable(t)
	opt.Append = "arm64.nomte"
	opt.Tests = lookup(t, "store-small-swap", "untagged-swapin")
	rep, err := Run(context.Background(), k, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Results) != 2 || rep.Results[0].Verdict != Skipped || rep.Results[1].Verdict != Ok {
		for _, r := range rep.Results {
			t.Errorf("%s: %s %s", r.Litmus, r.Verdict, r.Reason)
		}
	}
}

func TestEndToEndMonkey(t *testing.T) {
	k, opt := bootable(t)
	opt.Monkey = 4 * time.Second
	rep, err := Run(context.Background(), k, opt)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Failed() || rep.Monkey == nil || rep.Monkey.Counts["checks"] == 0 || rep.Monkey.Counts["pages-left"] == 0 {
		t.Errorf("ends %v, monkey %+v", rep.Ends, rep.Monkey)
	}
}

// A guest that dies takes its test with it, and no more; one that never speaks
// is given up.
func TestEndToEndPanicIsNamed(t *testing.T) {
	k, opt := bootable(t)
	dir := t.TempDir()
	src := filepath.Join(dir, "main.go")
	os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module x\ngo 1.26\n"), 0o644)
	os.WriteFile(src, []byte("package main\nfunc main() {}\n"), 0o644)
	cmd := exec.Command("go", "build", "-o", "init", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=arm64", "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var err error
	if opt.Guest, err = os.ReadFile(filepath.Join(dir, "init")); err != nil {
		t.Fatal(err)
	}
	opt.Tests = lookup(t, "store-small-swap")
	rep, err := Run(context.Background(), k, opt)
	if err != nil {
		t.Fatal(err)
	}
	if !rep.Failed() || rep.Boots != maxLostBoots || len(rep.Results) != 1 || rep.Results[0].Verdict != Broken ||
		!strings.Contains(rep.Results[0].Reason, "Attempted to kill init") {
		t.Errorf("%d boots, ends %v, results %+v", rep.Boots, rep.Ends, rep.Results)
	}
}

func TestGuestProgram(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the Go toolchain")
	}
	b, err := GuestProgram(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "guest")
	os.WriteFile(path, b, 0o755)
	if again, err := GuestProgram(context.Background(), path); err != nil || len(again) != len(b) {
		t.Errorf("the built program is refused when it is given: %v", err)
	}
	self, _ := os.Executable()
	if _, err := GuestProgram(context.Background(), self); !errors.Is(err, ErrGuest) && os.Getenv("GOARCH") != "arm64" {
		t.Errorf("this test's own program was taken: %v", err)
	}
	if _, err := GuestProgram(context.Background(), filepath.Join(t.TempDir(), "none")); !errors.Is(err, ErrGuest) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestHereRefusesWithoutMTE(t *testing.T) {
	if guest.HasMTE() {
		t.Skip("this machine has MTE")
	}
	_, err := Here(context.Background(), Options{Tests: lookup(t, "store-small-swap", "untagged-swapin")}, false)
	if !errors.Is(err, ErrNoMTE) || !strings.Contains(err.Error(), "the 1 tests that need no tags") {
		t.Errorf("%v", err)
	}
}
