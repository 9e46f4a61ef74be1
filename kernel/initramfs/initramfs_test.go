package initramfs

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/klauspost/compress/zstd"
)

func sample(t *testing.T) []File {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	prog, err := os.ReadFile(self) // a real program of a few megabytes
	if err != nil {
		t.Fatal(err)
	}
	return []File{{"init", 0o755, prog}, {"tests/a.litmus", 0o644, []byte("LinuxMM a\n")}, {"empty", 0o600, nil}}
}

func TestWriteReadsBack(t *testing.T) {
	files := sample(t)
	for _, c := range []Compression{None, Zstd} {
		var b bytes.Buffer
		if err := Write(&b, files, c); err != nil {
			t.Fatal(err)
		}
		var r io.Reader = &b
		if c == Zstd {
			z, err := zstd.NewReader(&b)
			if err != nil {
				t.Fatal(err)
			}
			r = z
		}
		got := map[string]string{}
		cr := cpio.NewReader(r)
		for {
			h, err := cr.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(cr)
			got[h.Name] = h.Mode.String() + " " + string(body)
		}
		for _, f := range files {
			if !strings.HasSuffix(got[f.Path], " "+string(f.Body)) {
				t.Errorf("%s came back with %d bytes, want %d", f.Path, len(got[f.Path]), len(f.Body))
			}
		}
		if len(got) != len(files)+2 { // dev, tests
			t.Errorf("%d entries", len(got))
		}
	}
}

func TestCpioReadsIt(t *testing.T) {
	if _, err := exec.LookPath("cpio"); err != nil {
		t.Skip("needs cpio; on Debian: apt-get install cpio")
	}
	files := sample(t)
	var b bytes.Buffer
	if err := Write(&b, files, None); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command("cpio", "-idm", "--quiet")
	cmd.Dir, cmd.Stdin = dir, &b
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, f := range files {
		got, err := os.ReadFile(filepath.Join(dir, f.Path))
		if err != nil || !bytes.Equal(got, f.Body) {
			t.Errorf("%s: %d bytes, %v", f.Path, len(got), err)
		}
		if st, _ := os.Stat(filepath.Join(dir, f.Path)); st != nil && uint32(st.Mode().Perm()) != f.Mode {
			t.Errorf("%s has mode %o, want %o", f.Path, st.Mode().Perm(), f.Mode)
		}
	}
}

func TestSameEntriesSameBytes(t *testing.T) {
	var a, b bytes.Buffer
	Write(&a, sample(t), Zstd)
	Write(&b, sample(t), Zstd)
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two archives of the same files differ")
	}
}

func TestBadPathsAreRefused(t *testing.T) {
	for _, files := range [][]File{
		{{Path: ""}}, {{Path: "/init"}}, {{Path: "../x"}}, {{Path: ".."}}, {{Path: "a//b"}}, {{Path: "a/../../b"}},
		{{Path: "a"}, {Path: "a"}}, {{Path: "a"}, {Path: "a/b"}}, {{Path: "dev"}},
	} {
		if err := Write(io.Discard, files, None); err == nil {
			t.Errorf("%v was written", files)
		}
	}
}
