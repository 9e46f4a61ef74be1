package journal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func open(t *testing.T, path, kind string) *Journal {
	t.Helper()
	j, err := Open(path, kind)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func add(t *testing.T, j *Journal, key, record string) {
	t.Helper()
	if err := j.Add(key, []byte(record)); err != nil {
		t.Fatal(err)
	}
}

func kept(j *Journal, key string) string {
	var parts []string
	for _, r := range j.Kept(key) {
		parts = append(parts, string(r))
	}
	return strings.Join(parts, " ")
}

// What was added is there when the file is opened again, whole or cut anywhere.
func TestCutAnywhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j := open(t, path, "kind")
	add(t, j, "a", `{"n":1}`)
	add(t, j, "b", `"x"`)
	add(t, j, "a", `{"n":2}`)
	j.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := strings.Index(string(whole), "\n") + 1
	for n := first; n <= len(whole); n++ {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		j := open(t, path, "kind")
		lines := strings.Count(string(whole[:n]), "\n")
		want := []string{"", "", `{"n":1}`, `{"n":1}`, `{"n":1} {"n":2}`}[lines]
		if got := kept(j, "a"); got != want {
			t.Errorf("%d bytes: %q, want %q", n, got, want)
		}
		add(t, j, "c", "3")
		j.Close()
		j = open(t, path, "kind")
		if kept(j, "a") != want || kept(j, "c") != "3" {
			t.Errorf("%d bytes and one more: a %q c %q", n, kept(j, "a"), kept(j, "c"))
		}
		j.Close()
	}
}

// A flipped bit ends the journal there.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j := open(t, path, "kind")
	add(t, j, "a", "1")
	add(t, j, "a", "2")
	j.Close()
	b, _ := os.ReadFile(path)
	b[len(b)-3] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	j = open(t, path, "kind")
	defer j.Close()
	if got := kept(j, "a"); got != "1" {
		t.Errorf("kept %q", got)
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "j")
	j := open(t, path, "kind")
	if _, err := Open(path, "kind"); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("opened twice: %v", err)
	}
	j.Close()
	if _, err := Open(path, "other"); err == nil || !strings.Contains(err.Error(), "another build") {
		t.Errorf("another kind: %v", err)
	}
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("precious\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(text, "kind"); err == nil || !strings.Contains(err.Error(), "no checkpoint") {
		t.Errorf("a text: %v", err)
	}
	if b, _ := os.ReadFile(text); string(b) != "precious\n" {
		t.Errorf("it was changed: %q", b)
	}
	if _, err := Open(dir, "kind"); err == nil {
		t.Error("a folder was opened")
	}
}

// A file that cannot grow keeps what it has, and says so once more.
func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j := open(t, path, "kind")
	add(t, j, "a", "1")
	ro, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	j.f.Close()
	j.f = ro // writing fails as on a full disk
	if err := j.Add("a", []byte("2")); err == nil || j.Err() == nil {
		t.Errorf("no error: %v, %v", err, j.Err())
	}
	ro.Close()
	j = open(t, path, "kind")
	defer j.Close()
	if got := kept(j, "a"); got != "1" {
		t.Errorf("kept %q", got)
	}
}
