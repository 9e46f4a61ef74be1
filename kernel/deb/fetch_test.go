package deb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseMirrors(t *testing.T) {
	known := "http://m.example/debian-security/|Debian-Security|Debian\n" +
		"http://m.example/deb/|Debian|Debian\nhttp://other.example/debian/|Node|Node\n"
	if got := parseMirrors(known); got != (Mirrors{"http://m.example/deb/", "http://m.example/debian-security/"}) {
		t.Errorf("after an update: %+v", got)
	}
	fresh := "http://m.example/debian/|$(LABEL)|$(ORIGIN)\nhttp://m.example/debian-security/|$(LABEL)|$(ORIGIN)\n"
	if got := parseMirrors(fresh); got != (Mirrors{"http://m.example/debian/", "http://m.example/debian-security/"}) {
		t.Errorf("before the first update: %+v", got)
	}
	if got := parseMirrors("http://u.example/ubuntu/|Ubuntu|Ubuntu\n\n"); got != (Mirrors{}) {
		t.Errorf("no Debian archive: %+v", got)
	}
}

func TestParseSpec(t *testing.T) {
	for in, want := range map[string]Spec{
		"debian:bookworm":              {"bookworm", ""},
		"debian:bookworm-backports":    {"bookworm-backports", ""},
		"debian:sid=7.2.13-1":          {"sid", "7.2.13-1"},
		"debian:trixie=6.12.1-1~deb13": {"trixie", "6.12.1-1~deb13"},
	} {
		if got, err := ParseSpec(in); err != nil || got != want || got.String() != in {
			t.Errorf("ParseSpec(%q) = %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "debian:", "debian:../x", "debian:a=", "ubuntu:jammy", "debian:a=1 -o Dpkg::x=y", "debian:a=-x"} {
		if got, err := ParseSpec(in); err == nil {
			t.Errorf("ParseSpec(%q) = %+v", in, got)
		}
	}
}

func TestLoadOrder(t *testing.T) {
	got := LoadOrder(map[string][]string{
		"zram": {"zsmalloc"}, "zsmalloc": nil, "virtio_blk": {"virtio", "virtio_ring"}, "virtio_ring": {"virtio"}, "virtio": nil,
		"loop_a": {"loop_b"}, "loop_b": {"loop_a"}, "lzo": {"not_here"},
	})
	before := func(a, b string) {
		if slices.Index(got, a) < 0 || slices.Index(got, a) > slices.Index(got, b) {
			t.Errorf("%s does not come before %s in %v", a, b, got)
		}
	}
	before("zsmalloc", "zram")
	before("virtio", "virtio_ring")
	before("virtio_ring", "virtio_blk")
	if len(got) != 8 {
		t.Errorf("order %v", got)
	}
}

func TestStanza(t *testing.T) {
	m := firstStanza("Package: a\nDepends: linux-image-6.1.0-1-cloud-arm64 (= 6.1-1), kmod | x\nDescription: d\n more\n\nPackage: b\n")
	if m["Package"] != "a" || m["Description"] != "d\n more" {
		t.Errorf("%q", m)
	}
	if got := splitDepends(m["Depends"]); !slices.Equal(got, []string{"linux-image-6.1.0-1-cloud-arm64", "kmod", "x"}) {
		t.Errorf("depends %q", got)
	}
}

func TestSourceOf(t *testing.T) {
	if got := sourceOf(map[string]string{"Depends": "linux-source-6.12 (= 6.12.118-1), x"}); got != "linux-source-6.12" {
		t.Errorf("%q", got)
	}
	if got := sourceOf(map[string]string{"Depends": "x"}); got != "" {
		t.Errorf("%q", got)
	}
}

func TestAptErrorsKeepsWhatAptSaid(t *testing.T) {
	got := aptErrors("W: noise\nE: The repository 'x' does not have a Release file.\nE: b\n", errors.New("exit status 100"))
	if got != "The repository 'x' does not have a Release file.; b" {
		t.Errorf("%q", got)
	}
	if got := aptErrors("", errors.New("exit status 1")); got != "exit status 1" {
		t.Errorf("%q", got)
	}
}

func TestNoAptSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := HostMirrors(context.Background())
	if !errors.Is(err, ErrNoApt) || !strings.Contains(err.Error(), "--kernel PATH") {
		t.Errorf("%v", err)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	img := filepath.Join(dir, "Image")
	head := make([]byte, 128)
	copy(head[56:], "ARM\x64")
	os.WriteFile(img, head, 0o644)
	if k, err := Open(img, ""); err != nil || k.Image != img {
		t.Errorf("%+v, %v", k, err)
	}
	elf := filepath.Join(dir, "vmlinux")
	os.WriteFile(elf, []byte("\x7fELF"+strings.Repeat("x", 100)), 0o644)
	if _, err := Open(elf, ""); err == nil || !strings.Contains(err.Error(), "not vmlinux") {
		t.Errorf("an ELF: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none"), ""); err == nil {
		t.Error("a missing file was opened")
	}
	if _, err := Open(dir, ""); err == nil || !strings.Contains(err.Error(), "kernel fetch") {
		t.Errorf("a folder without a manifest: %v", err)
	}
	if _, err := Open(img, dir); err == nil || !strings.Contains(err.Error(), "lib/modules/RELEASE") {
		t.Errorf("a folder without modules: %v", err)
	}
	k := &Kernel{Name: "n", Image: filepath.Join(dir, "Image"), Modules: []string{"/elsewhere/modules/a.ko"}}
	if err := k.Save(dir); err != nil {
		t.Fatal(err)
	}
	got, err := Open(dir, "")
	if err != nil || got.Image != img || got.Modules[0] != filepath.Join(dir, "modules/a.ko") {
		t.Errorf("%+v, %v: a moved folder must still open", got, err)
	}
}
