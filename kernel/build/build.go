package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tagswap/kernel/deb"
)

// ErrTools says that this machine cannot build kernels, and what to install.
var ErrTools = errors.New("cannot build kernels here")

// cross is the prefix of the cross compiler.
const cross = "aarch64-linux-gnu-"

var tools = []string{"make", cross + "gcc", "flex", "bison", "bc", "tar", "xz"}

const toolPackages = "make gcc gcc-aarch64-linux-gnu flex bison bc xz-utils libssl-dev"

// fragment is what is switched on over allnoconfig. ARM64_MTE needs the two
// before it; everything is built in, for the kernel has no modules. Fault injection
// is for Fail=, memory cgroups for reclaim, userfaultfd and CROSS_MEMORY_ATTACH for
// pins for reading.
const fragment = `CONFIG_ARM64_PAN=y
CONFIG_ARM64_TAGGED_ADDR_ABI=y
CONFIG_ARM64_MTE=y
CONFIG_ARM64_VA_BITS_48=y
CONFIG_SMP=y
CONFIG_NR_CPUS=8
CONFIG_PRINTK=y
CONFIG_PRINTK_TIME=y
CONFIG_BUG=y
CONFIG_KALLSYMS=y
CONFIG_TTY=y
CONFIG_SERIAL_AMBA_PL011=y
CONFIG_SERIAL_AMBA_PL011_CONSOLE=y
CONFIG_BLK_DEV_INITRD=y
CONFIG_BINFMT_ELF=y
CONFIG_BINFMT_SCRIPT=y
CONFIG_PROC_FS=y
CONFIG_PROC_SYSCTL=y
CONFIG_PROC_PAGE_MONITOR=y
CONFIG_SYSFS=y
CONFIG_DEVTMPFS=y
CONFIG_SHMEM=y
CONFIG_TMPFS=y
CONFIG_MEMFD_CREATE=y
CONFIG_MULTIUSER=y
CONFIG_FUTEX=y
CONFIG_EPOLL=y
CONFIG_EVENTFD=y
CONFIG_IO_URING=y
CONFIG_USERFAULTFD=y
CONFIG_CROSS_MEMORY_ATTACH=y
CONFIG_POSIX_TIMERS=y
CONFIG_HIGH_RES_TIMERS=y
CONFIG_ADVISE_SYSCALLS=y
CONFIG_SWAP=y
CONFIG_KSM=y
CONFIG_BLOCK=y
CONFIG_BLK_DEV=y
CONFIG_ZSMALLOC=y
CONFIG_CRYPTO=y
CONFIG_CRYPTO_LZO=y
CONFIG_ZRAM=y
CONFIG_VIRTIO_MENU=y
CONFIG_VIRTIO_MMIO=y
CONFIG_VIRTIO_BLK=y
CONFIG_BLK_DEV_LOOP=y
CONFIG_CGROUPS=y
CONFIG_MEMCG=y
CONFIG_DEBUG_KERNEL=y
CONFIG_DEBUG_FS=y
CONFIG_FAULT_INJECTION=y
CONFIG_FAILSLAB=y
CONFIG_FAIL_PAGE_ALLOC=y
CONFIG_FAULT_INJECTION_DEBUG_FS=y
CONFIG_FAULT_INJECTION_STACKTRACE_FILTER=y
`

// sourceName is how Debian names the package and the tarball in it.
var sourceName = regexp.MustCompile(`^linux-source-([0-9]+\.[0-9]+)[._]`)

// Options is one build.
type Options struct {
	Base    deb.Spec // the Debian suite whose source is taken
	Release string   // of its source package: 6.1; "" is the suite's own, or what Source's name says
	Source  string   // the package's .deb or the tarball; "" fetches it
	Reverts []string // names in Reverts
	Out     string   // folder to make; "" is in the cache
	Jobs    int
	Keep    bool // leave the source tree
	Fetcher *deb.Fetcher
	Log     func(format string, args ...any)
}

// Build makes a kernel and returns it. Errors are ErrTools, of the fetch, of a
// revert whose anchor is not there, or of make with the compiler's last words.
func Build(ctx context.Context, o Options) (*deb.Kernel, error) {
	for _, t := range tools {
		if _, err := exec.LookPath(t); err != nil {
			return nil, fmt.Errorf("%w: %s is missing; on Debian: apt-get install %s", ErrTools, t, toolPackages)
		}
	}
	var reverts []Revert
	for _, n := range o.Reverts {
		r, ok := Reverts[n]
		if !ok {
			return nil, fmt.Errorf("no revert %q; known are %s", n, strings.Join(RevertNames(), ", "))
		}
		reverts = append(reverts, r)
	}
	version := ""
	if o.Source == "" {
		var err error
		if o.Source, o.Release, version, err = o.Fetcher.FetchSource(ctx, o.Base, o.Release); err != nil {
			return nil, err
		}
	}
	if o.Release == "" {
		m := sourceName.FindStringSubmatch(filepath.Base(o.Source))
		if m == nil {
			return nil, fmt.Errorf("%s: the name does not say the kernel's release; say it with --release", o.Source)
		}
		o.Release = m[1]
	}
	name := "trimmed-" + o.Release
	for _, r := range reverts {
		name += "-without-" + r.Name
	}
	if o.Out == "" {
		o.Out = deb.BuiltDir(o.Fetcher.Dir, name)
	}
	work, err := os.MkdirTemp(o.Fetcher.Dir, "build-")
	if err != nil {
		return nil, err
	}
	if o.Keep {
		o.Log("the source tree stays in %s", work)
	} else {
		defer os.RemoveAll(work)
	}
	start := time.Now()
	o.Log("unpacking %s", filepath.Base(o.Source))
	tree, err := unpack(ctx, o.Source, work)
	if err != nil {
		return nil, err
	}
	for _, r := range reverts {
		removed, err := r.Apply(tree)
		if err != nil {
			return nil, err
		}
		o.Log("reverted %s", r.What)
		for _, l := range removed {
			o.Log("  - %s:%s", r.File, l)
		}
	}
	o.Log("building (unpacked after %.0f s)", time.Since(start).Seconds())
	if err := compile(ctx, tree, o.Jobs); err != nil {
		return nil, err
	}
	k := &deb.Kernel{Name: name, Package: "linux-source-" + o.Release, Version: version, Suite: o.Base.Suite,
		Image: filepath.Join(o.Out, "vmlinuz")}
	if rel, err := os.ReadFile(filepath.Join(tree, "include/config/kernel.release")); err == nil {
		k.Release = strings.TrimSpace(string(rel))
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return nil, err
	}
	if err := copyFile(filepath.Join(tree, "arch/arm64/boot/Image"), k.Image); err != nil {
		return nil, err
	}
	o.Log("built %s %s in %.0f s", name, k.Release, time.Since(start).Seconds())
	return k, k.Save(o.Out)
}

// unpack unpacks a source package or tarball and returns the tree.
func unpack(ctx context.Context, source, work string) (string, error) {
	tarball := source
	if strings.HasSuffix(source, ".deb") {
		f, err := os.Open(source)
		if err != nil {
			return "", err
		}
		defer f.Close()
		tarball = ""
		err = deb.Walk(f, deb.Limits{FileBytes: 1 << 30}, func(name string) bool {
			return strings.HasPrefix(name, "usr/src/linux-source-") && strings.HasSuffix(name, ".tar.xz")
		}, func(name string, _ int64, r io.Reader) error {
			tarball = filepath.Join(work, filepath.Base(name))
			out, err := os.Create(tarball)
			if err != nil {
				return err
			}
			defer out.Close()
			_, err = io.Copy(out, r)
			return err
		})
		if err != nil {
			return "", err
		}
		if tarball == "" {
			return "", fmt.Errorf("%s holds no kernel source", filepath.Base(source))
		}
	}
	tree := filepath.Join(work, "linux")
	if err := os.MkdirAll(tree, 0o755); err != nil {
		return "", err
	}
	// tar refuses names that climb out by itself. What is left out is large and
	// not needed to build an image.
	err := run(ctx, work, "tar", "-xJf", tarball, "-C", tree, "--strip-components=1",
		"--exclude=*/drivers/gpu/drm/amd/include", "--exclude=*/tools/testing", "--exclude=*/Documentation/translations")
	return tree, err
}

func compile(ctx context.Context, tree string, jobs int) error {
	frag := filepath.Join(tree, "tagswap.config")
	if err := os.WriteFile(frag, []byte(fragment), 0o644); err != nil {
		return err
	}
	mk := func(args ...string) error {
		return run(ctx, tree, "make", append([]string{"-s", "ARCH=arm64", "CROSS_COMPILE=" + cross,
			"KCONFIG_ALLCONFIG=" + frag, "LOCALVERSION=-tagswap", "KBUILD_BUILD_USER=tagswap", "KBUILD_BUILD_HOST=tagswap"}, args...)...)
	}
	if err := mk("allnoconfig"); err != nil {
		return err
	}
	config, err := os.ReadFile(filepath.Join(tree, ".config"))
	if err != nil {
		return err
	}
	for _, want := range []string{"CONFIG_ARM64_MTE=y", "CONFIG_ZRAM=y", "CONFIG_VIRTIO_BLK=y", "CONFIG_MEMFD_CREATE=y",
		"CONFIG_MEMCG=y", "CONFIG_FAULT_INJECTION_STACKTRACE_FILTER=y"} {
		if !bytes.Contains(config, []byte("\n"+want+"\n")) {
			return fmt.Errorf("the configuration came out without %s: this release wants other options", want)
		}
	}
	return mk("-j"+strconv.Itoa(max(jobs, 1)), "Image")
}

func run(ctx context.Context, dir, tool string, args ...string) error {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		return fmt.Errorf("%s: %w: %s", tool, err, strings.Join(lines[max(0, len(lines)-5):], "; "))
	}
	return nil
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}
