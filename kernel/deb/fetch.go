package deb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Spec is a parsed debian:SUITE[=VERSION].
type Spec struct {
	Suite   string // bookworm, bookworm-backports, sid
	Version string // exact package version; "" is the newest of the suite
}

var specRE = regexp.MustCompile(`^debian:([a-z][a-z-]*)(?:=([0-9][A-Za-z0-9.+~:-]*))?$`)

// ParseSpec reads debian:SUITE or debian:SUITE=VERSION.
func ParseSpec(s string) (Spec, error) {
	m := specRE.FindStringSubmatch(s)
	if m == nil {
		return Spec{}, fmt.Errorf("%q names no kernel: write debian:bookworm, debian:bookworm-backports, "+
			"debian:bookworm=6.1.190-1, or the path of an arm64 Image", s)
	}
	return Spec{m[1], m[2]}, nil
}

func (s Spec) String() string {
	if s.Version != "" {
		return "debian:" + s.Suite + "=" + s.Version
	}
	return "debian:" + s.Suite
}

// Fetcher fetches and unpacks Debian's packages into a cache folder.
type Fetcher struct {
	Dir     string // the cache folder
	Refresh bool   // read the archive's lists and look for a newer package even when one is cached
	Log     func(format string, args ...any)
}

// CacheDir is where kernels are kept unless told otherwise.
func CacheDir() (string, error) {
	d, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w; set XDG_CACHE_HOME", err)
	}
	return filepath.Join(d, "tagswap"), nil
}

func (f *Fetcher) logf(format string, args ...any) {
	if f.Log != nil {
		f.Log(format, args...)
	}
}

// Cached returns the kernel that an earlier Fetch of the same spec unpacked.
func (f *Fetcher) Cached(spec Spec) (*Kernel, bool) {
	k, err := load(f.kernelDir(spec))
	if err != nil || k.Wants != wantsVersion {
		return nil, false
	}
	if _, err := os.Stat(k.Image); err != nil {
		return nil, false
	}
	return k, true
}

// BuiltDir is where a kernel that was built here stays in a cache folder.
func BuiltDir(cache, name string) string { return filepath.Join(cache, "kernels", name) }

func (f *Fetcher) kernelDir(spec Spec) string {
	return BuiltDir(f.Dir, strings.NewReplacer(":", "-", "=", "-", "~", "-", "+", "-").Replace(spec.String()))
}

// Fetch returns the kernel of a spec: from the cache, or downloaded by apt and
// unpacked. Errors are ErrNoApt where apt cannot do it, else what apt said.
func (f *Fetcher) Fetch(ctx context.Context, spec Spec) (*Kernel, error) {
	if k, ok := f.Cached(spec); ok && !f.Refresh {
		f.logf("%s: %s %s (cached)", spec, k.Package, k.Version)
		return k, nil
	}
	a, err := f.lists(ctx, spec, "arm64")
	if err != nil {
		return nil, err
	}
	pkg, version, err := f.resolve(ctx, a, spec)
	if err != nil {
		return nil, err
	}
	if k, ok := f.Cached(spec); ok && k.Version == version && k.Package == pkg {
		f.logf("%s: %s %s is the newest", spec, pkg, version)
		return k, nil
	}
	k, err := f.download(ctx, a, spec, pkg, version)
	if err == nil || spec.Version != "" {
		return k, err
	}
	// Lists outlive packages: the security archive of an old release still lists
	// kernels that are no longer served. Take the next older one, and say so.
	for _, older := range f.versions(ctx, a, meta) {
		if older == version {
			continue
		}
		f.logf("%s: %v", spec, err)
		f.logf("%s: trying the older %s", spec, older)
		pkg, version, err2 := f.resolve(ctx, a, Spec{spec.Suite, older})
		if err2 != nil {
			continue
		}
		if k, err2 := f.download(ctx, a, spec, pkg, version); err2 == nil {
			return k, nil
		}
	}
	return nil, err
}

// lists reads the archive's signed lists for a suite, with its security suite
// where the archive has one.
func (f *Fetcher) lists(ctx context.Context, spec Spec, arch string) (*apt, error) {
	m, err := HostMirrors(ctx)
	if err != nil {
		return nil, err
	}
	a := &apt{dir: filepath.Join(f.Dir, "apt", spec.Suite+"-"+arch), arch: arch}
	line := func(uri, suite string) string {
		return fmt.Sprintf("deb [signed-by=%s] %s %s main", keyring, uri, suite)
	}
	base, _ := strings.CutSuffix(spec.Suite, "-backports")
	sources := []string{line(m.Main, spec.Suite)}
	if base != spec.Suite {
		sources = append(sources, line(m.Main, base))
	}
	withSecurity := sources
	if m.Security != "" && base != "sid" && base != "unstable" && base != "experimental" {
		withSecurity = append(withSecurity[:len(withSecurity):len(withSecurity)], line(m.Security, base+"-security"))
	}
	if err := a.setUp(withSecurity); err != nil {
		return nil, err
	}
	f.logf("%s: reading the archive's lists", spec)
	_, err = a.run(ctx, "", "apt-get", "update")
	if err != nil && len(withSecurity) > len(sources) {
		f.logf("%s: without the security suite: %v", spec, err)
		if err := a.setUp(sources); err != nil {
			return nil, err
		}
		_, err = a.run(ctx, "", "apt-get", "update")
	}
	if err != nil {
		return nil, fmt.Errorf("suite %s: %w (bullseye, bookworm, trixie and sid are known to work)", spec.Suite, err)
	}
	return a, nil
}

// meta depends on the newest kernel of the flavour in every Debian release.
const meta = "linux-image-cloud-arm64"

// resolve follows the meta package to the package of the kernel itself.
func (f *Fetcher) resolve(ctx context.Context, a *apt, spec Spec) (pkg, version string, err error) {
	arg := meta
	if spec.Version != "" {
		arg += "=" + spec.Version
	} else if strings.HasSuffix(spec.Suite, "-backports") {
		arg += "/" + spec.Suite
	}
	out, err := a.run(ctx, "", "apt-cache", "show", "--no-all-versions", arg)
	if err != nil || out == "" {
		return "", "", f.noSuchVersion(ctx, a, spec, err)
	}
	m := firstStanza(out)
	for _, d := range splitDepends(m["Depends"]) {
		if strings.HasPrefix(d, "linux-image-") && strings.HasSuffix(d, "-cloud-arm64") {
			return d, m["Version"], nil
		}
	}
	return "", "", fmt.Errorf("%s %s depends on no kernel: %q", meta, m["Version"], m["Depends"])
}

func (f *Fetcher) noSuchVersion(ctx context.Context, a *apt, spec Spec, cause error) error {
	have := f.versions(ctx, a, meta)
	if len(have) == 0 {
		return fmt.Errorf("suite %s has no package %s: %v", spec.Suite, meta, cause)
	}
	return fmt.Errorf("suite %s has no kernel %s; it has %s", spec.Suite, spec.Version, strings.Join(have, ", "))
}

// versions lists what a suite's lists name of a package, newest first.
func (f *Fetcher) versions(ctx context.Context, a *apt, pkg string) []string {
	all, _ := a.run(ctx, "", "apt-cache", "madison", pkg)
	var have []string
	for _, l := range strings.Split(all, "\n") {
		if p := strings.Split(l, "|"); len(p) == 3 {
			have = append(have, strings.TrimSpace(p[1]))
		}
	}
	return have
}

// download gets a kernel's packages with apt-get, which checks the hashes that
// the signed lists give, and unpacks them.
func (f *Fetcher) download(ctx context.Context, a *apt, spec Spec, pkg, version string) (*Kernel, error) {
	tmp, err := os.MkdirTemp(f.Dir, "download-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	pkgs := []string{pkg + "=" + version}
	out, err := a.run(ctx, "", "apt-cache", "show", "--no-all-versions", pkgs[0])
	if err != nil {
		return nil, err
	}
	// Since 6.19 the image and its modules are packages of their own.
	for _, d := range splitDepends(firstStanza(out)["Depends"]) {
		if strings.HasPrefix(d, "linux-binary-") || strings.HasPrefix(d, "linux-modules-") {
			pkgs = append(pkgs, d+"="+version)
		}
	}
	f.logf("%s: downloading %s", spec, strings.Join(pkgs, " "))
	if _, err := a.run(ctx, tmp, "apt-get", append([]string{"download"}, pkgs...)...); err != nil {
		return nil, err
	}
	debs, err := filepath.Glob(filepath.Join(tmp, "*.deb"))
	if err != nil || len(debs) == 0 {
		return nil, fmt.Errorf("apt-get download left no package behind for %s", strings.Join(pkgs, " "))
	}
	k := &Kernel{Name: spec.String(), Version: version, Package: pkg, Suite: spec.Suite}
	f.logf("%s: unpacking", spec)
	fresh := filepath.Join(tmp, "kernel")
	if err := Unpack(debs, fresh, k); err != nil {
		return nil, err
	}
	if err := k.Save(fresh); err != nil {
		return nil, err
	}
	dir := f.kernelDir(spec)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.Rename(fresh, dir); err != nil {
		return nil, err
	}
	return load(dir)
}

// sourceMeta depends on the kernel's source in every Debian release.
const sourceMeta = "linux-source"

// FetchSource downloads the .deb with the kernel's source into the cache: of a
// release (6.1), or, for "", the one that the suite's kernels are built from. It
// returns the file's path, its release, and the package's version.
func (f *Fetcher) FetchSource(ctx context.Context, spec Spec, release string) (file, rel, version string, err error) {
	a, err := f.lists(ctx, spec, "arm64")
	if err != nil {
		return "", "", "", err
	}
	show := func(pkg string) (map[string]string, error) {
		if spec.Version != "" {
			pkg += "=" + spec.Version
		}
		out, err := a.run(ctx, "", "apt-cache", "show", "--no-all-versions", pkg)
		if err == nil && out == "" {
			err = errors.New("no such package")
		}
		return firstStanza(out), err
	}
	pkg := sourceMeta + "-" + release
	if release == "" {
		m, err := show(sourceMeta)
		if err != nil {
			return "", "", "", fmt.Errorf("%s has no package %s: %w", spec, sourceMeta, err)
		}
		if pkg = sourceOf(m); pkg == "" {
			return "", "", "", fmt.Errorf("%s %s depends on no source: %q", sourceMeta, m["Version"], m["Depends"])
		}
	}
	m, err := show(pkg)
	if err != nil {
		return "", "", "", fmt.Errorf("%s has no package %s: %w", spec, pkg, err)
	}
	rel, version = strings.TrimPrefix(pkg, sourceMeta+"-"), m["Version"]
	file, err = f.downloadSource(ctx, a, spec, pkg, version)
	if err == nil || spec.Version != "" {
		return file, rel, version, err
	}
	for _, older := range f.versions(ctx, a, pkg) { // lists outlive packages, as in Fetch
		if older == version {
			continue
		}
		f.logf("%s: %v", spec, err)
		f.logf("%s: trying the older %s", spec, older)
		if file, err2 := f.downloadSource(ctx, a, spec, pkg, older); err2 == nil {
			return file, rel, older, nil
		}
	}
	return "", "", "", err
}

// downloadSource gets one version of a source package, unless it is there.
func (f *Fetcher) downloadSource(ctx context.Context, a *apt, spec Spec, pkg, version string) (string, error) {
	dir := filepath.Join(f.Dir, "sources")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	glob := filepath.Join(dir, pkg+"_"+strings.ReplaceAll(version, ":", "%3a")+"_*.deb")
	if have, _ := filepath.Glob(glob); len(have) == 1 {
		return have[0], nil
	}
	f.logf("%s: downloading %s %s", spec, pkg, version)
	if _, err := a.run(ctx, dir, "apt-get", "download", pkg+"="+version); err != nil {
		return "", err
	}
	have, _ := filepath.Glob(glob)
	if len(have) != 1 {
		return "", fmt.Errorf("apt-get download left no package behind for %s", pkg)
	}
	return have[0], nil
}

// sourceOf gives the package that the meta package of the kernel's source means.
func sourceOf(stanza map[string]string) string {
	for _, d := range splitDepends(stanza["Depends"]) {
		if strings.HasPrefix(d, sourceMeta+"-") {
			return d
		}
	}
	return ""
}

// firstStanza reads the first paragraph of a control file.
func firstStanza(s string) map[string]string {
	m := map[string]string{}
	last := ""
	sc := bufio.NewScanner(strings.NewReader(s))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		l := sc.Text()
		if l == "" {
			break
		}
		if l[0] == ' ' && last != "" {
			m[last] += "\n" + l
			continue
		}
		if k, v, ok := strings.Cut(l, ":"); ok {
			last = k
			m[k] = strings.TrimSpace(v)
		}
	}
	return m
}

// splitDepends gives the package names of a Depends field, without versions.
func splitDepends(s string) []string {
	var out []string
	for _, d := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '|' }) {
		if name, _, _ := strings.Cut(strings.TrimSpace(d), " "); name != "" {
			out = append(out, name)
		}
	}
	return out
}
