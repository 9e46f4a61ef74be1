package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A function of the shape that the reverts look for; written for this test.
const source = `int do_swap_page(int);

static int other(void)
{
	arch_swap_restore(entry, folio);
	return 0;
}

int do_swap_page(int x)
{
	if (x) {
		if (swapcache_prepare(entry)) {
			/* somebody else is at it */
			goto out;
		}
		need_clear_cache = true;
	}
	arch_swap_restore(entry, folio);
	swap_free(entry);
out:
	return 0;
}
`

func TestRevertsRemoveTheirLinesOnly(t *testing.T) {
	for name, gone := range map[string][]string{
		"restore-hook":       {"\tarch_swap_restore(entry, folio);\n\tswap_free"},
		"skip-swapcache-pin": {"swapcache_prepare", "goto out", "need_clear_cache"},
	} {
		dir := t.TempDir()
		os.Mkdir(filepath.Join(dir, "mm"), 0o755)
		path := filepath.Join(dir, "mm/memory.c")
		os.WriteFile(path, []byte(source), 0o644)
		removed, err := Reverts[name].Apply(dir)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(path)
		for _, g := range gone {
			if strings.Contains(string(b), g) {
				t.Errorf("%s left %q:\n%s", name, g, b)
			}
		}
		if want := strings.Count(source, "\n") - len(removed); strings.Count(string(b), "\n") != want {
			t.Errorf("%s removed %d lines and says %d", name, want, len(removed))
		}
		if !strings.Contains(string(b), "static int other(void)\n{\n\tarch_swap_restore(entry, folio);") {
			t.Errorf("%s edited another function", name)
		}
		if _, err := Reverts[name].Apply(dir); err == nil || !strings.Contains(err.Error(), "lacks the fix") {
			t.Errorf("%s twice: %v", name, err)
		}
	}
}

func TestAnAmbiguousAnchorIsAnError(t *testing.T) {
	twice := strings.Replace(source, "\tswap_free(entry);\n", "\tarch_swap_restore(entry, folio);\n", 1)
	if _, _, err := Reverts["restore-hook"].edit(twice); err == nil || !strings.Contains(err.Error(), "lines 18 and 19") {
		t.Errorf("%v", err)
	}
	if _, _, err := Reverts["restore-hook"].edit("int x;\n"); err == nil || !strings.Contains(err.Error(), "no function") {
		t.Errorf("%v", err)
	}
}
