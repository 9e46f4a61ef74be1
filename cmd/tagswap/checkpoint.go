package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tagswap/check"
	"tagswap/internal/journal"
)

// keeping is the file of --checkpoint; nil if there is none.
type keeping struct {
	j    *journal.Journal
	path string
}

// open opens the file and makes the matrix keep its records there.
func (l *limits) open(o *check.MatrixOptions) (*keeping, error) {
	if l.checkpoint == "" {
		return nil, nil
	}
	build, err := buildHash()
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(l.checkpoint, "tagswap checkpoint, build "+build)
	if err != nil {
		return nil, err
	}
	o.Keeper = j
	return &keeping{j, l.checkpoint}, nil
}

// close says what became of the file.
func (k *keeping) close(cmd *cobra.Command) {
	if k == nil {
		return
	}
	err := k.j.Err()
	if e := k.j.Close(); err == nil {
		err = e
	}
	switch {
	case err != nil:
		fmt.Fprintf(cmd.ErrOrStderr(), "tagswap: %s: %v; it has what came before\n", k.path, err)
	case cmd.Context().Err() != nil:
		fmt.Fprintf(cmd.ErrOrStderr(), "tagswap: stopped; the same command goes on from %s\n", k.path)
	}
}

// buildHash stands for all that a search depends on besides its input: this
// program.
func buildHash() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(self)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}
