package deb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrNoApt says that this machine cannot fetch Debian packages.
var ErrNoApt = errors.New("no apt")

// Mirrors are the archives that the machine's own apt reads.
type Mirrors struct {
	Main     string // Debian's main archive
	Security string // the security archive; "" when apt does not read it
}

// parseMirrors reads the output of apt-get indextargets with indexFormat.
func parseMirrors(out string) Mirrors {
	var m Mirrors
	set := func(dst *string, uri string) {
		if *dst == "" {
			*dst = uri
		}
	}
	for _, line := range strings.Split(out, "\n") {
		f := strings.Split(line, "|")
		if len(f) != 3 {
			continue
		}
		// Before the first apt-get update, label and origin are not known and the
		// fields stay unexpanded; then the last folder of the address tells.
		uri, label := f[0], f[1]
		last := filepath.Base(strings.TrimSuffix(uri, "/"))
		switch {
		case label == "Debian", !isExpanded(label) && last == "debian":
			set(&m.Main, uri)
		case label == "Debian-Security", !isExpanded(label) && last == "debian-security":
			set(&m.Security, uri)
		}
	}
	return m
}

func isExpanded(s string) bool { return s != "" && !strings.HasPrefix(s, "$(") }

const indexFormat = "$(REPO_URI)|$(LABEL)|$(ORIGIN)"

// HostMirrors reads the archives' addresses from the machine's apt configuration.
func HostMirrors(ctx context.Context) (Mirrors, error) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return Mirrors{}, fmt.Errorf("%w: apt-get is not on this machine; on Debian or Ubuntu install the package apt, "+
			"elsewhere give an image with --kernel PATH", ErrNoApt)
	}
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", indexFormat, "Created-By: Packages").Output()
	if err != nil {
		return Mirrors{}, fmt.Errorf("apt-get indextargets: %w", err)
	}
	m := parseMirrors(string(out))
	if m.Main == "" {
		return m, fmt.Errorf("%w archive of Debian in this machine's apt configuration; add one to "+
			"/etc/apt/sources.list.d, or give an image with --kernel PATH", ErrNoApt)
	}
	return m, nil
}

// keyring signs Debian's archives; it comes with debian-archive-keyring.
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// apt runs apt tools on private lists in dir, for one architecture.
type apt struct {
	dir  string
	arch string
	log  func(string)
}

// setUp writes the private configuration: one source line for each suite.
func (a *apt) setUp(sources []string) error {
	if _, err := os.Stat(keyring); err != nil {
		return fmt.Errorf("%w keys of Debian's archive on this machine: install the package debian-archive-keyring", ErrNoApt)
	}
	for _, d := range []string{"lists/partial", "cache/archives/partial", "state", "log"} {
		if err := os.MkdirAll(filepath.Join(a.dir, d), 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(a.dir, "state/status"), nil, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(a.dir, "sources.list"), []byte(strings.Join(sources, "\n")+"\n"), 0o644)
}

func (a *apt) options() []string {
	o := func(k, v string) string { return "-o" + k + "=" + v }
	return []string{
		o("Dir::Etc::sourcelist", filepath.Join(a.dir, "sources.list")),
		o("Dir::Etc::sourceparts", "/dev/null"),
		o("Dir::Etc::preferences", "/dev/null"),
		o("Dir::Etc::preferencesparts", "/dev/null"),
		o("Dir::State", filepath.Join(a.dir, "state")),
		o("Dir::State::lists", filepath.Join(a.dir, "lists")),
		o("Dir::State::status", filepath.Join(a.dir, "state/status")),
		o("Dir::Cache", filepath.Join(a.dir, "cache")),
		o("Dir::Log", filepath.Join(a.dir, "log")),
		o("APT::Architecture", a.arch),
		o("APT::Architectures", a.arch),
		o("APT::Update::Post-Invoke", ""), o("APT::Update::Post-Invoke-Success", ""), o("DPkg::Post-Invoke", ""),
		o("Acquire::Languages", "none"),
		"-qq",
	}
}

// run runs one apt tool and returns its standard output; the error carries the
// lines with which apt explained itself.
func (a *apt) run(ctx context.Context, cwd, tool string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, tool, append(a.options(), args...)...)
	cmd.Dir = cwd
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %s", tool, args[0], aptErrors(errs.String(), err))
	}
	return out.String(), nil
}

// aptErrors keeps apt's E: lines, or says how the tool ended.
func aptErrors(stderr string, err error) string {
	var keep []string
	for _, l := range strings.Split(stderr, "\n") {
		if m, ok := strings.CutPrefix(l, "E: "); ok {
			keep = append(keep, m)
		}
	}
	if len(keep) == 0 {
		return err.Error()
	}
	return strings.Join(keep, "; ")
}
