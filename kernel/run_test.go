//go:build linux

package kernel

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tagswap/kernel/console"
	"tagswap/kernel/deb"
	"tagswap/kernel/qemu"
	"tagswap/kernel/wire"
)

// boots makes a stand-in for QEMU that plays one console a boot, in order.
func boots(t *testing.T, consoles ...string) Options {
	t.Helper()
	dir := t.TempDir()
	for i, c := range consoles {
		os.WriteFile(filepath.Join(dir, "boot"+string(rune('1'+i))), []byte(c), 0o644)
	}
	script := "#!/bin/sh\ncd " + dir + "\necho x >>count\nn=$(wc -l <count)\ncat boot$((n)) 2>/dev/null\n"
	path := filepath.Join(dir, "qemu")
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return Options{QEMU: qemu.QEMU{Path: path, Version: "0"}, PerTest: time.Second, Guest: []byte("x")}
}

// speak writes a console of records and of lines of the kernel's.
func speak(parts ...any) string {
	var b bytes.Buffer
	w := wire.NewWriter(&b)
	w.Send(wire.Record{Kind: wire.Hello, Machine: &wire.Machine{Release: "6.1.0-1", MTE: true}})
	for _, p := range parts {
		switch p := p.(type) {
		case wire.Record:
			w.Send(p)
		case string:
			b.WriteString(p + "\n")
		}
	}
	return b.String()
}

func start(n string) wire.Record { return wire.Record{Kind: wire.Start, Test: n} }
func ran(n, key string) wire.Record {
	return wire.Record{Kind: wire.Result, Test: n, Status: wire.Ran, States: []wire.State{{Key: key, Count: 9}}}
}

var over = wire.Record{Kind: wire.End}

func verdicts(rep *Report) string {
	var s []string
	for _, r := range rep.Results {
		s = append(s, r.Litmus+":"+string(r.Verdict))
	}
	return strings.Join(s, " ")
}

func TestAKernelThatBreaksIsBootedAgainForTheRest(t *testing.T) {
	const a, b, c = "store-small-swap", "untagged-swapin", "munmap-swapped"
	okA, okB, okC := ran(a, "0:r1=red;"), ran(b, "0:r0=1;"), ran(c, "slots=0;")
	for name, tc := range map[string]struct {
		consoles []string
		want     string
		boots    int
		ends     []console.Type
	}{
		"all well": {[]string{speak(start(a), okA, start(b), okB, start(c), okC, over)},
			a + ":Ok " + b + ":Ok " + c + ":Ok", 1, []console.Type{console.Finished}},
		"oops in the second": {[]string{speak(start(a), okA, start(b), "[ 1.0] Internal error: Oops: 96000004 [#1] SMP", "[ 1.1] Kernel panic - not syncing: Oops: Fatal exception"),
			speak(start(c), okC, over)},
			a + ":Ok " + b + ":Undef " + c + ":Ok", 2, []console.Type{console.Oops, console.Finished}},
		"console lost": {[]string{speak(start(a), okA, start(b)), speak(start(c), okC, over)},
			a + ":Ok " + b + ":Undef " + c + ":Ok", 2, []console.Type{console.Lost, console.Finished}},
		"stuck tasks": {[]string{speak(start(a), wire.Record{Kind: wire.Result, Test: a, Status: wire.Hung, Reason: "stuck"}, wire.Record{Kind: wire.End, Status: wire.Hung}),
			speak(start(b), okB, start(c), okC, over)},
			a + ":Undef " + b + ":Ok " + c + ":Ok", 2, []console.Type{console.Finished, console.Finished}},
		"a warning is a flag": {[]string{speak(start(a), "[ 1.0] BUG: Bad page state in process init", okA, start(b), okB, start(c), okC, over)},
			a + ":Undef " + b + ":Ok " + c + ":Ok", 1, []console.Type{console.Finished}},
		"a long test": {[]string{speak(start(a), wire.Record{Kind: wire.Alive, Test: a, Rounds: 40}, okA, start(b), okB, start(c), okC, over)},
			a + ":Ok " + b + ":Ok " + c + ":Ok", 1, []console.Type{console.Finished}},
		"guest cannot begin": {[]string{speak(wire.Record{Kind: wire.End, Status: wire.Failed, Reason: "no zram"})},
			a + ":broken " + b + ":broken " + c + ":broken", 1, []console.Type{console.Finished}},
		"end without results": {[]string{speak(over), speak(over)},
			a + ":broken " + b + ":broken " + c + ":broken", 2, []console.Type{console.Finished, console.Finished}},
		"never speaks": {[]string{"[ 0.0] Booting Linux\n", "[ 0.0] Booting Linux\n"},
			a + ":broken " + b + ":broken " + c + ":broken", 2, []console.Type{console.NoBoot, console.NoBoot}},
	} {
		opt := boots(t, tc.consoles...)
		opt.Tests = lookup(t, a, b, c)
		rep, err := Run(context.Background(), &deb.Kernel{Name: "k", Image: "/none"}, opt)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var ends []console.Type
		for _, e := range rep.Ends {
			ends = append(ends, e.Type)
		}
		if verdicts(rep) != tc.want || rep.Boots != tc.boots || len(ends) != len(tc.ends) {
			t.Errorf("%s: %s in %d boots %v, want %s in %d %v", name, verdicts(rep), rep.Boots, ends, tc.want, tc.boots, tc.ends)
		}
		if rep.Failed() != (name != "all well" && name != "a long test") {
			t.Errorf("%s: failed is %v", name, rep.Failed())
		}
	}
}
