package deb

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/blakesmith/ar"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// entry is one tar header with its contents.
type entry struct {
	tar.Header
	body string
}

func file(name, body string) entry {
	return entry{tar.Header{Name: name, Mode: 0o644, Size: int64(len(body)), Typeflag: tar.TypeReg}, body}
}

func makeTar(t *testing.T, es []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range es {
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	return b.Bytes()
}

func compress(t *testing.T, ext string, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch ext {
	case "":
		return b
	case ".xz":
		w, err = xz.NewWriter(&out)
	case ".zst":
		w, err = zstd.NewWriter(&out)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Write(b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func makeDeb(t *testing.T, ext string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := ar.NewWriter(&b)
	w.WriteGlobalHeader()
	for _, m := range []struct {
		name string
		body []byte
	}{{"debian-binary", []byte("2.0\n")}, {"control.tar", nil}, {"data.tar" + ext, data}} {
		if err := w.WriteHeader(&ar.Header{Name: m.name, Size: int64(len(m.body)), Mode: 0o100644}); err != nil {
			t.Fatal(err)
		}
		w.Write(m.body)
	}
	return b.Bytes()
}

func all(string) bool { return true }

func readAll(r io.Reader, lim Limits) (map[string]string, error) {
	got := map[string]string{}
	err := Walk(r, lim, all, func(name string, _ int64, r io.Reader) error {
		b, err := io.ReadAll(r)
		got[name] = string(b)
		return err
	})
	return got, err
}

func TestWalkReadsEveryCompression(t *testing.T) {
	for _, ext := range []string{"", ".xz", ".zst"} {
		data := compress(t, ext, makeTar(t, []entry{
			{tar.Header{Name: "./boot/", Typeflag: tar.TypeDir, Mode: 0o755}, ""},
			file("./boot/vmlinuz-1", "image"), file("./lib/odd", "x"),
		}))
		got, err := readAll(bytes.NewReader(makeDeb(t, ext, data)), Limits{})
		if err != nil || got["boot/vmlinuz-1"] != "image" || got["lib/odd"] != "x" || len(got) != 2 {
			t.Errorf("data.tar%s: %v, %v", ext, got, err)
		}
	}
}

func TestHostileArchivesAreRefused(t *testing.T) {
	link := func(kind byte, name, to string) entry {
		return entry{tar.Header{Name: name, Typeflag: kind, Linkname: to, Mode: 0o777}, ""}
	}
	lim := Limits{FileBytes: 1 << 10, TotalBytes: 8 << 10, Files: 5}
	for name, es := range map[string][]entry{
		"climbs":          {file("../etc/passwd", "x")},
		"climbs inside":   {file("./boot/../../x", "x")},
		"absolute":        {file("/etc/passwd", "x")},
		"symlink":         {link(tar.TypeSymlink, "boot/vmlinuz-1", "/etc/shadow")},
		"hard link":       {link(tar.TypeLink, "boot/vmlinuz-1", "/etc/shadow")},
		"device":          {link(tar.TypeBlock, "boot/vmlinuz-1", "")},
		"fifo":            {link(tar.TypeFifo, "boot/vmlinuz-1", "")},
		"twice":           {file("a", "x"), file("./a", "y")},
		"huge file":       {file("a", strings.Repeat("x", 2<<10))},
		"many":            {file("a", ""), file("b", ""), file("c", ""), file("d", ""), file("e", ""), file("f", "")},
		"big in all":      {file("a", strings.Repeat("x", 1<<10)), file("b", strings.Repeat("x", 1<<10)), file("c", strings.Repeat("x", 1<<10)), file("d", strings.Repeat("x", 1<<10)), file("e", strings.Repeat("x", 1<<10))},
		"empty component": {file("boot/./../..", "x")},
	} {
		for _, ext := range []string{"", ".zst"} {
			deb := makeDeb(t, ext, compress(t, ext, makeTar(t, es)))
			if got, err := readAll(bytes.NewReader(deb), lim); !errors.Is(err, ErrHostile) {
				t.Errorf("%s (data.tar%s): read %v, error %v", name, ext, got, err)
			}
		}
	}
}

func TestMalformedArIsAnErrorNotAPanic(t *testing.T) {
	good := makeDeb(t, "", makeTar(t, []entry{file("a", "x")}))
	field := func(off int, s string) []byte {
		b := bytes.Clone(good)
		copy(b[off:], s)
		return b
	}
	const first = len(arMagic) // first header: name 16, date 12, uid 6, gid 6, mode 8, size 10
	for name, b := range map[string][]byte{
		"empty":           nil,
		"magic only":      []byte(arMagic),
		"not ar":          []byte("PK\x03\x04 and so on, long enough to be read"),
		"blank mode":      field(first+40, "        "),
		"negative size":   field(first+48, "-400      "),
		"wrong first":     field(first, "data.tar        "),
		"format 3":        field(first+60, "3.0\n"),
		"cut off":         good[:len(good)-700],
		"huge first size": field(first+48, "9999999999"),
	} {
		if got, err := readAll(bytes.NewReader(b), Limits{}); err == nil {
			t.Errorf("%s: read %v without an error", name, got)
		}
	}
}

// A compressed tar that claims nothing but unpacks to a lot.
func TestDecompressionBombHitsTheLimit(t *testing.T) {
	zeros := make([]byte, 64<<20) // two zero blocks end a tar, so make it one entry
	data := makeTar(t, []entry{{tar.Header{Name: "skipped", Size: int64(len(zeros)), Typeflag: tar.TypeReg}, string(zeros)}})
	deb := makeDeb(t, ".zst", compress(t, ".zst", data))
	if len(deb) > 1<<20 {
		t.Fatalf("the bomb has %d bytes", len(deb))
	}
	err := Walk(bytes.NewReader(deb), Limits{TotalBytes: 1 << 20}, func(string) bool { return false }, nil)
	if !errors.Is(err, ErrHostile) {
		t.Errorf("64 MiB through a limit of 1 MiB: %v", err)
	}
}

func TestWalkReadsWhatDpkgMakes(t *testing.T) {
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("needs dpkg-deb; on Debian: apt-get install dpkg")
	}
	root := filepath.Join(t.TempDir(), "p")
	os.MkdirAll(filepath.Join(root, "DEBIAN"), 0o755)
	os.MkdirAll(filepath.Join(root, "boot"), 0o755)
	os.WriteFile(filepath.Join(root, "DEBIAN/control"), []byte("Package: p\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b.example>\nDescription: d\n"), 0o644)
	body := strings.Repeat("kernel ", 1000)
	os.WriteFile(filepath.Join(root, "boot/vmlinuz-9"), []byte(body), 0o644)
	os.Symlink("vmlinuz-9", filepath.Join(root, "boot/vmlinuz"))
	for _, z := range []string{"none", "gzip", "xz", "zstd"} {
		out := filepath.Join(t.TempDir(), z+".deb")
		if b, err := exec.Command("dpkg-deb", "--root-owner-group", "-Z"+z, "-b", root, out).CombinedOutput(); err != nil {
			t.Logf("dpkg-deb -Z%s: %s", z, b)
			continue // an older dpkg without zstd
		}
		k := &Kernel{}
		if err := Unpack([]string{out}, filepath.Join(t.TempDir(), "k"), k); err != nil {
			t.Errorf("%s: %v", z, err)
			continue
		}
		b, _ := os.ReadFile(k.Image)
		if string(b) != body || k.Release != "9" || len(k.Modules) != 0 {
			t.Errorf("%s: %+v, image of %d bytes", z, k, len(b))
		}
	}
}

func TestUnpackNeedsAnImage(t *testing.T) {
	p := filepath.Join(t.TempDir(), "a.deb")
	os.WriteFile(p, makeDeb(t, "", makeTar(t, []entry{file("usr/share/doc", "x")})), 0o644)
	if err := Unpack([]string{p}, t.TempDir(), &Kernel{}); err == nil || !strings.Contains(err.Error(), "no kernel image") {
		t.Errorf("a package without a kernel: %v", err)
	}
}

func FuzzWalk(f *testing.F) {
	f.Add([]byte(arMagic + fmt.Sprintf("%-16s%-12d%-6d%-6d%-8s%-10d`\n2.0\n", "debian-binary", 0, 0, 0, "100644", 4)))
	f.Fuzz(func(t *testing.T, b []byte) {
		readAll(bytes.NewReader(b), Limits{FileBytes: 1 << 16, TotalBytes: 1 << 20, Files: 100})
	})
}
