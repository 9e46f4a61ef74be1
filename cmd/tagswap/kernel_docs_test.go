package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tagswap/kernel/guest"
	"tagswap/litmus"
)

// docs/kernel.md and docs/madv-free.md show what kernels did, which no test can run
// again. What can be held against the program is: every command, every record's
// arithmetic, and that the table has the whole catalogue.
func kernelPage(t *testing.T) string { return readDoc(t, "kernel.md") }

func readDoc(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestKernelPageCommands(t *testing.T) {
	page := strings.ReplaceAll(kernelPage(t)+readDoc(t, "madv-free.md"), "\\\n", " ")
	found := 0
	for _, m := range regexp.MustCompile(`(?m)^    (?:\$ |sudo )?tagswap (.*)$`).FindAllStringSubmatch(page, -1) {
		words, _, _ := strings.Cut(m[1], " #")
		root := newRootCmd()
		cmd, rest, err := root.Find(strings.Fields(words))
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err == nil {
			err = cmd.ValidateArgs(cmd.Flags().Args())
		}
		if err != nil {
			t.Errorf("tagswap %s: %v", words, err)
		}
		if f := cmd.Flags().Lookup("litmus"); f != nil {
			names, _ := cmd.Flags().GetStringArray("litmus")
			for _, n := range names {
				if _, err := litmus.Lookup(n); err != nil {
					t.Errorf("tagswap %s: %v", words, err)
				}
			}
		}
		found++
	}
	if found < 6 {
		t.Errorf("only %d commands", found)
	}
}

var shownRecord = regexp.MustCompile(`(?m)^    Test (\S+) \w+\n    Histogram \((\d+) states\)\n((?:    \d+ .*\n)+)    (\w+)\n\n    Witnesses\n` +
	`    Positive: (\d+), Negative: (\d+)\n    Condition (.*) is (NOT )?validated\n`)

func TestKernelPageRecords(t *testing.T) {
	recs := shownRecord.FindAllStringSubmatch(kernelPage(t)+readDoc(t, "madv-free.md"), -1)
	if len(recs) < 5 {
		t.Fatalf("%d records", len(recs))
	}
	for _, r := range recs {
		test, err := litmus.Lookup(r[1])
		if err != nil {
			t.Error(err)
			continue
		}
		lines := strings.Split(strings.TrimSpace(r[3]), "\n")
		sum, star := 0, 0
		for _, l := range lines {
			f := strings.Fields(l)
			n, err := strconv.Atoi(f[0])
			if err != nil {
				t.Fatal(err)
			}
			sum += n
			if strings.HasPrefix(f[1], "*>") {
				star += n
			}
			key := l[strings.Index(l, ">")+1:]
			for _, loc := range guest.Visible(test) {
				if !strings.Contains(key, loc.String()+"=") {
					t.Errorf("%s: state %q lacks %s", r[1], key, loc)
				}
			}
		}
		pos, _ := strconv.Atoi(r[5])
		neg, _ := strconv.Atoi(r[6])
		cond := fmt.Sprintf("%s (%s)", test.Quant, test.Cond)
		if strconv.Itoa(len(lines)) != r[2] || pos+neg != sum || test.Quant == litmus.Forall && neg != star ||
			r[7] != cond || (r[8] == "") != (r[4] == "Ok") {
			t.Errorf("%s: %s states, %d lines of %d in all, %d starred; %d and %d; %s; %q", r[1], r[2], len(lines), sum, star, pos, neg, r[7], cond)
		}
	}
}

// Every test of the catalogue is a row of the table, or the page says what of it.
func TestKernelPageHasTheCatalogue(t *testing.T) {
	page := kernelPage(t)
	table := page[strings.Index(page, "────"):]
	rest := ""
	rows := map[string]bool{}
	for _, l := range strings.Split(table, "\n")[1:] {
		f := strings.Fields(l)
		if len(f) < 2 || strings.HasSuffix(f[0], ":") {
			break
		}
		if _, err := litmus.Lookup(f[0]); err != nil || rows[f[0]] {
			t.Errorf("row %s: twice, or %v", f[0], err)
		}
		rows[f[0]] = true
	}
	rest = page[:strings.Index(page, "────")] + table[strings.Index(table, "What it says:"):]
	for _, n := range litmus.Names() {
		if !rows[n] && !strings.Contains(rest, "`"+n+"`") {
			t.Errorf("%s is not in the table, and nothing says that it was not measured", n)
		}
	}
}
