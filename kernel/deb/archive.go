package deb

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/blakesmith/ar"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// ErrHostile marks a package that no Debian tool would have made: a path that
// climbs out, a link or device where a file was wanted, a size out of bounds.
var ErrHostile = errors.New("refused")

// Limits bound what a package may make us read. Zero fields take the default.
type Limits struct {
	FileBytes  int64 // of one file, unpacked
	TotalBytes int64 // of everything, unpacked
	Files      int   // entries in the archive
}

func (l Limits) orDefault() Limits {
	if l.FileBytes == 0 {
		l.FileBytes = 256 << 20
	}
	if l.TotalBytes == 0 {
		l.TotalBytes = 4 << 30
	}
	if l.Files == 0 {
		l.Files = 200_000
	}
	return l
}

// Walk reads the data archive of a .deb and calls visit for every regular file
// for which want says yes, with its clean relative path. want sees each path of
// any type; a wanted path that is a link or a device is ErrHostile, and so is any
// path, wanted or not, that is absolute or climbs out. Errors carry the place.
func Walk(r io.Reader, lim Limits, want func(name string) bool, visit func(name string, size int64, r io.Reader) error) error {
	lim = lim.orDefault()
	data, err := dataMember(r)
	if err != nil {
		return err
	}
	budget := &capped{r: data, left: lim.TotalBytes}
	tr := tar.NewReader(budget)
	seen := map[string]bool{}
	for n := 0; ; n++ {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("data archive: %w", err)
		}
		if n >= lim.Files {
			return fmt.Errorf("%w: more than %d entries in the data archive", ErrHostile, lim.Files)
		}
		name, err := cleanName(h.Name)
		if err != nil {
			return err
		}
		if h.Size < 0 || h.Size > lim.FileBytes {
			return fmt.Errorf("%w: %s says it has %d bytes, the limit is %d", ErrHostile, name, h.Size, lim.FileBytes)
		}
		if h.Typeflag == tar.TypeDir || !want(name) {
			continue
		}
		if h.Typeflag != tar.TypeReg {
			return fmt.Errorf("%w: %s is not a regular file (type %q, to %q)", ErrHostile, name, h.Typeflag, h.Linkname)
		}
		if seen[name] {
			return fmt.Errorf("%w: %s occurs twice", ErrHostile, name)
		}
		seen[name] = true
		if err := visit(name, h.Size, tr); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// cleanName makes an archive path relative and refuses one that climbs.
func cleanName(s string) (string, error) {
	if s == "" || strings.ContainsRune(s, 0) || path.IsAbs(s) {
		return "", fmt.Errorf("%w: path %q in the data archive", ErrHostile, s)
	}
	for _, part := range strings.Split(s, "/") {
		if part == ".." {
			return "", fmt.Errorf("%w: path %q climbs out of the archive", ErrHostile, s)
		}
	}
	return path.Clean(s), nil
}

const arMagic = "!<arch>\n"

// dataMember finds data.tar in the ar archive and returns it unpacked. The ar
// library indexes header fields without looking, so a malformed header makes it
// panic: that is turned into an error here, and sizes are checked here.
func dataMember(r io.Reader) (data io.Reader, err error) {
	defer func() {
		if p := recover(); p != nil {
			data, err = nil, fmt.Errorf("%w: malformed ar header (%v)", ErrHostile, p)
		}
	}()
	magic := make([]byte, len(arMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != arMagic {
		return nil, fmt.Errorf("not a Debian package: no ar archive")
	}
	// Only the Read method: given a Seeker the library would seek by the size a
	// header claims, backwards too.
	rd := ar.NewReader(io.MultiReader(bytes.NewReader(magic), struct{ io.Reader }{r}))
	for i := 0; i < 16; i++ {
		h, err := rd.Next()
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("not a whole Debian package: it ends before data.tar")
		}
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(strings.TrimSpace(h.Name), "/")
		if h.Size < 0 {
			return nil, fmt.Errorf("%w: ar member %q has size %d", ErrHostile, name, h.Size)
		}
		switch {
		case i == 0:
			version, err := io.ReadAll(io.LimitReader(rd, 64))
			if err != nil || name != "debian-binary" || !bytes.HasPrefix(version, []byte("2.")) {
				return nil, fmt.Errorf("not a Debian package: first member is %q, format %q", name, version)
			}
			if h.Size > 64 {
				return nil, fmt.Errorf("%w: debian-binary has %d bytes", ErrHostile, h.Size)
			}
		case strings.HasPrefix(name, "data.tar"):
			return Decompress(name, rd)
		}
	}
	return nil, fmt.Errorf("%w: no data.tar among the first 16 members", ErrHostile)
}

// Decompress unpacks by the name's ending: .xz, .zst, .gz; any other ending but
// .tar and .ko is an error.
func Decompress(name string, r io.Reader) (io.Reader, error) {
	switch path.Ext(name) {
	case ".xz":
		return xz.NewReader(r)
	case ".zst":
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	case ".gz":
		return gzip.NewReader(r)
	case ".tar", ".ko":
		return r, nil
	}
	return nil, fmt.Errorf("%s: unknown compression; known are .xz, .zst, .gz and none", name)
}

// capped fails, instead of ending, when more than left bytes are read.
type capped struct {
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, fmt.Errorf("%w: unpacks to more than the limit", ErrHostile)
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	return n, err
}
