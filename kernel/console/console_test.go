package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tagswap/kernel/wire"
)

// corpus reads a recorded console: headers, an empty line, the raw log.
func corpus(t *testing.T, path string) (headers map[string]string, log string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, log, ok := strings.Cut(string(b), "\n\n")
	if !ok {
		t.Fatalf("%s has no empty line after its headers", path)
	}
	headers = map[string]string{}
	for _, l := range strings.Split(head, "\n") {
		k, v, ok := strings.Cut(l, ":")
		if !ok {
			t.Fatalf("%s: header %q", path, l)
		}
		switch k {
		case "TITLE", "TYPE", "DURING":
			headers[k] = strings.TrimSpace(v)
		default:
			t.Fatalf("%s: unknown header %q", path, k)
		}
	}
	return headers, log
}

func TestCorpus(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.log")
	seen := map[Type]bool{}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			want, log := corpus(t, f)
			var p Parser
			for _, l := range strings.Split(log, "\n") {
				p.Line(l + "\r\n")
			}
			got := p.Finish(want["TYPE"] == string(Hang))
			seen[got.Type] = true
			if string(got.Type) != want["TYPE"] || got.Title != want["TITLE"] || got.During != want["DURING"] {
				t.Errorf("outcome %q %q during %q\nwant    %q %q during %q",
					got.Type, got.Title, got.During, want["TYPE"], want["TITLE"], want["DURING"])
			}
			if len(p.Warnings) > 0 {
				t.Errorf("warnings %v", p.Warnings)
			}
			if !got.OK() && log != "" && len(got.Lines) == 0 && got.Type != Hang && got.Type != Lost {
				t.Error("no line of the console is quoted")
			}
		})
	}
	for _, typ := range []Type{Finished, Panic, Oops, Hang, Garbled, Lost, NoBoot} {
		if !seen[typ] {
			t.Errorf("no recorded console ends as %q", typ)
		}
	}
}

// Every beginning of a good console must be anything but Finished.
func TestNoPrefixOfAGoodConsoleIsSuccess(t *testing.T) {
	_, log := corpus(t, "testdata/finished.log")
	end := strings.LastIndex(log, wire.Mark)
	for n := end; n > 0; n -= 97 {
		var p Parser
		for _, l := range strings.Split(log[:n], "\n") {
			p.Line(l)
		}
		if o := p.Finish(false); o.OK() {
			t.Fatalf("the first %d of %d bytes count as success", n, len(log))
		}
	}
}

func TestWarningsAreFiledUnderTheirTest(t *testing.T) {
	var b strings.Builder
	w := wire.NewWriter(&b)
	w.Send(wire.Record{Kind: wire.Start, Test: "a"})
	b.WriteString("[    3.1] BUG: Bad rss-counter state mm:0 type:MM_SWAPENTS val:1\n")
	w.Send(wire.Record{Kind: wire.Result, Test: "a"})
	b.WriteString("[    3.2] WARNING: CPU: 1 PID: 7 at mm/swapfile.c:1\n")
	b.WriteString("[    3.3] Kernel command line: console=ttyAMA0 panic=-1 oops=panic\n")
	b.WriteString("[    3.4] kdb: debugger attached, not syncing\n")
	w.Send(wire.Record{Kind: wire.End})
	var p Parser
	for _, l := range strings.Split(b.String(), "\n") {
		p.Line(l)
	}
	if o := p.Finish(false); !o.OK() {
		t.Errorf("a warning ended the boot: %v", o)
	}
	if len(p.Warnings) != 2 || p.Warnings[0].During != "a" || p.Warnings[1].During != "" ||
		!strings.Contains(p.Warnings[0].Title, "Bad rss-counter") {
		t.Errorf("warnings %+v", p.Warnings)
	}
}

// The first report is what happened; an oops under oops=panic also panics.
func TestTheFirstReportIsTheTitle(t *testing.T) {
	var p Parser
	for _, l := range []string{
		"[ 1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [init:1]",
		"[ 1.1] Kernel panic - not syncing: softlockup: hung tasks",
	} {
		p.Line(l)
	}
	if o := p.Finish(false); o.Type != Hang || !strings.Contains(o.Title, "soft lockup") {
		t.Errorf("%v", o)
	}
}
