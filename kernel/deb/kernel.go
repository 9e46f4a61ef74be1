package deb

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Kernel is a kernel unpacked on disk: an image, and modules in load order.
type Kernel struct {
	Name    string   `json:"name"`    // as the user asked for it: debian:bookworm
	Release string   `json:"release"` // uname -r, "" when not known
	Version string   `json:"version"` // package version, "" for a plain image
	Package string   `json:"package"`
	Suite   string   `json:"suite"`
	Image   string   `json:"image"`   // path of vmlinuz or Image
	Modules []string `json:"modules"` // paths for ReadModule, in load order
	Wants   int      `json:"wants"`   // the version of the list wanted that it was unpacked by
}

// wantsVersion goes up when wanted does: what older versions of this program have
// unpacked lacks a module.
const wantsVersion = 2

// wanted are the modules that the guest can use; kernels have some built in and
// lack others. Anything these need comes from their own depends= fields.
var wanted = map[string]bool{}

func init() {
	for _, n := range strings.Fields(`lzo lzo_compress lzo_rle lz4 lz4_compress lz4hc lz4hc_compress 842
		842_compress zstd zstd_compress deflate zsmalloc zram loop virtio virtio_ring virtio_mmio virtio_pci
		virtio_pci_modern_dev virtio_pci_legacy_dev virtio_blk`) {
		wanted[n] = true
	}
}

// moduleName gives the module of a path under lib/modules/…/kernel, or "".
func moduleName(name string) string {
	if !strings.Contains(name, "lib/modules/") {
		return ""
	}
	return moduleOf(name)
}

// moduleOf gives the module of a file, or "".
func moduleOf(name string) string {
	for _, ext := range []string{".ko", ".ko.xz", ".ko.zst", ".ko.gz"} {
		if n, ok := strings.CutSuffix(path.Base(name), ext); ok {
			return canonical(n)
		}
	}
	return ""
}

// ReadModule reads a module, compressed or not, and gives the name of its file
// without the compression.
func ReadModule(file string) (name string, ko []byte, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	if ko, err = readModule(file, f); err != nil {
		return "", nil, fmt.Errorf("%s: %w", file, err)
	}
	return moduleOf(file) + ".ko", ko, nil
}

// imageRelease tells whether a path is the kernel image, and of what release.
func imageRelease(name string) (string, bool) {
	if rel, ok := strings.CutPrefix(name, "boot/vmlinuz-"); ok && !strings.Contains(rel, "/") {
		return rel, true
	}
	for _, dir := range []string{"usr/lib/modules/", "lib/modules/"} {
		if rest, ok := strings.CutPrefix(name, dir); ok {
			if rel, file, _ := strings.Cut(rest, "/"); file == "vmlinuz" {
				return rel, true
			}
		}
	}
	return "", false
}

// Unpack takes the image and the modules of interest out of packages into dir
// and completes k. It is an error if the packages hold no image.
func Unpack(debs []string, dir string, k *Kernel) error {
	if err := os.MkdirAll(filepath.Join(dir, "modules"), 0o755); err != nil {
		return err
	}
	deps := map[string][]string{}
	want := func(name string) bool {
		_, isImage := imageRelease(name)
		return isImage || wanted[moduleName(name)]
	}
	for _, file := range debs {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		err = Walk(f, Limits{}, want, func(name string, size int64, r io.Reader) error {
			if rel, ok := imageRelease(name); ok {
				k.Release, k.Image = rel, filepath.Join(dir, "vmlinuz")
				return writeFile(k.Image, r)
			}
			mod := moduleName(name)
			ko, err := readModule(name, r)
			if err != nil {
				return err
			}
			if deps[mod], err = ModuleDeps(ko); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "modules", mod+".ko"), ko, 0o644)
		})
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	if k.Image == "" {
		return fmt.Errorf("no kernel image in %s", strings.Join(debs, ", "))
	}
	for _, mod := range LoadOrder(deps) {
		k.Modules = append(k.Modules, filepath.Join(dir, "modules", mod+".ko"))
	}
	return nil
}

func readModule(name string, r io.Reader) ([]byte, error) {
	d, err := Decompress(name, r)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(&capped{r: d, left: 64 << 20})
}

func writeFile(name string, r io.Reader) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

const manifest = "kernel.json"

// Open describes a kernel given as a path: a folder that Fetch or build made, or
// an Image or vmlinuz, whose modules, if any, lie somewhere under the given folder,
// compressed or not.
func Open(name, modules string) (*Kernel, error) {
	st, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("no kernel at %s: give an arm64 Image or vmlinuz, a fetched folder, or debian:SUITE", name)
	}
	if st.IsDir() {
		return load(name)
	}
	if err := checkImage(name); err != nil {
		return nil, err
	}
	k := &Kernel{Name: filepath.Base(name), Image: name}
	if modules == "" {
		return k, nil
	}
	deps, paths := map[string][]string{}, map[string]string{}
	err = filepath.WalkDir(modules, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n := moduleOf(p)
		if !wanted[n] {
			return nil
		}
		_, ko, err := ReadModule(p)
		if err != nil {
			return err
		}
		paths[n] = p
		deps[n], err = ModuleDeps(ko)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, n := range LoadOrder(deps) {
		k.Modules = append(k.Modules, paths[n])
	}
	if len(k.Modules) == 0 {
		return nil, fmt.Errorf("%s holds no module that is wanted, such as zram.ko: give the folder lib/modules/RELEASE of this kernel", modules)
	}
	return k, nil
}

// checkImage looks for the arm64 Image magic (booting.rst: "ARM\x64" at 56), a
// gzip stream, or an EFI zboot image.
func checkImage(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 64)
	if _, err := io.ReadFull(f, head); err == nil {
		if string(head[56:60]) == "ARM\x64" || string(head[:2]) == "\x1f\x8b" || string(head[4:8]) == "zimg" {
			return nil
		}
	}
	return fmt.Errorf("%s is not an arm64 kernel: no Image header (arch/arm64/boot/Image or vmlinuz is wanted, not vmlinux)", name)
}

func load(dir string) (*Kernel, error) {
	b, err := os.ReadFile(filepath.Join(dir, manifest))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no %s: fetch again with tagswap kernel fetch", dir, manifest)
	}
	if err != nil {
		return nil, err
	}
	k := &Kernel{}
	if err := json.Unmarshal(b, k); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, manifest), err)
	}
	k.Image = filepath.Join(dir, filepath.Base(k.Image))
	for i, m := range k.Modules {
		k.Modules[i] = filepath.Join(dir, "modules", filepath.Base(m))
	}
	return k, nil
}

// Save writes the manifest that Open reads into dir.
func (k *Kernel) Save(dir string) error {
	k.Wants = wantsVersion
	b, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, manifest), append(b, '\n'), 0o644)
}
