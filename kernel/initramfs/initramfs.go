package initramfs

import (
	"fmt"
	"io"
	"path"
	"sort"
	"strings"
	"time"

	"github.com/cavaliergopher/cpio"
	"github.com/klauspost/compress/zstd"
)

// Compression of the archive. The kernel must have been built with it
// (CONFIG_RD_ZSTD); None works everywhere.
type Compression int

// The compressions.
const (
	None Compression = iota
	Zstd
)

// File is one file: a path from the root without a leading slash, its mode bits
// (0o755 for programs) and its contents.
type File struct {
	Path string
	Mode uint32
	Body []byte
}

// Write writes an archive of the files, with the folders they need and an empty
// /dev. There is no console node in it (the cpio library writes no device
// numbers): the kernel warns, and /init mounts devtmpfs and opens one. It is an error if a path is not clean, climbs, is absolute, or occurs twice.
func Write(w io.Writer, files []File, c Compression) error {
	if c == Zstd {
		z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
		if err != nil {
			return err
		}
		if err := Write(z, files, None); err != nil {
			z.Close()
			return err
		}
		return z.Close()
	}
	dirs := map[string]bool{"dev": true}
	seen := map[string]bool{}
	for _, f := range files {
		if f.Path == "" || f.Path != path.Clean(f.Path) || path.IsAbs(f.Path) || f.Path == ".." || strings.HasPrefix(f.Path, "../") {
			return fmt.Errorf("initramfs: path %q", f.Path)
		}
		if seen[f.Path] {
			return fmt.Errorf("initramfs: %s occurs twice", f.Path)
		}
		seen[f.Path] = true
		for d := path.Dir(f.Path); d != "."; d = path.Dir(d) {
			dirs[d] = true
		}
	}
	for d := range dirs {
		if seen[d] {
			return fmt.Errorf("initramfs: %s is a file and a folder", d)
		}
	}
	a := &archive{w: cpio.NewWriter(w)}
	for _, d := range sorted(dirs) {
		a.add(d, cpio.TypeDir|0o755, nil)
	}
	for _, f := range files {
		a.add(f.Path, cpio.TypeReg|cpio.FileMode(f.Mode)&0o777, f.Body)
	}
	if a.err != nil {
		return a.err
	}
	return a.w.Close()
}

type archive struct {
	w     *cpio.Writer
	inode int64
	err   error
}

func (a *archive) add(name string, mode cpio.FileMode, body []byte) {
	if a.err != nil {
		return
	}
	a.inode++
	h := &cpio.Header{Name: name, Mode: mode, Size: int64(len(body)), Inode: a.inode, Links: 1, ModTime: time.Unix(0, 0)}
	if a.err = a.w.WriteHeader(h); a.err == nil {
		_, a.err = a.w.Write(body)
	}
}

func sorted(m map[string]bool) []string {
	var s []string
	for k := range m {
		s = append(s, k)
	}
	sort.Strings(s)
	return s
}
