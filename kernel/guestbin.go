package kernel

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// ErrGuest says that there is no guest program, and how to get one.
var ErrGuest = errors.New("no guest program")

const howToGuest = "build it where tagswap's source is, with " +
	"CGO_ENABLED=0 GOARCH=arm64 go build -o tagswap-guest ./cmd/tagswap-guest, and pass --guest PATH, " +
	"or put it beside the tagswap program as tagswap-guest.arm64"

// GuestProgram returns the static arm64 program to boot as /init: the given path;
// else tagswap-guest.arm64 beside the running program; else it is built with the
// Go toolchain from the module's source, which is looked for from the working
// folder upwards and where this program was compiled. The error is ErrGuest.
func GuestProgram(ctx context.Context, path string) ([]byte, error) {
	if path != "" {
		return readGuest(path)
	}
	if exe, err := os.Executable(); err == nil {
		if b, err := readGuest(filepath.Join(filepath.Dir(exe), "tagswap-guest.arm64")); err == nil {
			return b, nil
		}
	}
	src := moduleSource()
	if src == "" {
		return nil, fmt.Errorf("%w: tagswap's source is not at hand; %s", ErrGuest, howToGuest)
	}
	if _, err := exec.LookPath("go"); err != nil {
		return nil, fmt.Errorf("%w: the Go toolchain is not on this machine; %s", ErrGuest, howToGuest)
	}
	dir, err := os.MkdirTemp("", "tagswap-guest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "guest")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, "./cmd/tagswap-guest")
	cmd.Dir = src
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "GOFLAGS=-buildvcs=false")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: building it in %s: %v: %s", ErrGuest, src, err, strings.TrimSpace(errs.String()))
	}
	return readGuest(out)
}

// readGuest reads a program and refuses one that a bare kernel cannot start.
func readGuest(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrGuest, err)
	}
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil || f.Machine != elf.EM_AARCH64 {
		return nil, fmt.Errorf("%w: %s is no arm64 program; %s", ErrGuest, path, howToGuest)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return nil, fmt.Errorf("%w: %s is dynamically linked; %s", ErrGuest, path, howToGuest)
		}
	}
	return b, nil
}

// moduleSource finds the folder of the module tagswap, "" when there is none.
func moduleSource() string {
	var starts []string
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd)
	}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		starts = append(starts, filepath.Dir(file))
	}
	for _, dir := range starts {
		for ; ; dir = filepath.Dir(dir) {
			if b, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
				if first, _, _ := strings.Cut(string(b), "\n"); strings.TrimSpace(first) == "module tagswap" {
					return dir
				}
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return ""
}
