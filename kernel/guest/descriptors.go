//go:build linux

package guest

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"tagswap/litmus"
)

// descriptors opens what the tasks inherit under fixed numbers: a fresh memfd for
// each shared variable and for the filler, pipes for pages that are held, cgroups. Once the tasks have started, release closes ours: a shared
// object goes with its last mapping.
func (b *build) descriptors(g *groups) (release func(), err error) {
	var open []int
	release = func() {
		for _, fd := range open {
			unix.Close(fd)
		}
		open = nil
	}
	place := func(fd, at int) error {
		defer unix.Close(fd)
		open = append(open, at)
		return unix.Dup3(fd, at, 0)
	}
	object := func(at, pages int) error {
		fd, err := unix.MemfdCreate("tagswap", 0)
		if err == nil {
			err = unix.Ftruncate(fd, int64(pages*pageSize))
		}
		if err == nil {
			err = place(fd, at)
		}
		if err != nil {
			return fmt.Errorf("shared memory: %w", err)
		}
		return nil
	}
	for i := range b.t.Vars {
		if b.t.Vars[i].Kind == litmus.Shared {
			err = errors.Join(err, object(fdMem+i, len(b.inst)))
		}
	}
	if b.p.Filler > 0 {
		err = errors.Join(err, object(fdFiller, b.p.Filler))
	}
	err = errors.Join(err, b.openRings(place), g.open(b.p.Groups, place))
	if err != nil {
		release()
		return nil, err
	}
	for i := range b.holds {
		for j := range 2 {
			var p [2]int
			err := unix.Pipe2(p[:], unix.O_NONBLOCK)
			if err == nil {
				err = errors.Join(place(p[0], fdPipe+4*i+2*j), place(p[1], fdPipe+4*i+2*j+1))
			}
			if err != nil {
				release()
				return nil, fmt.Errorf("pipes: %w", err)
			}
		}
	}
	return release, nil
}

// closeShared closes a process's descriptors of the shared objects, but for those
// that some task maps later.
func (b *build) closeShared(p *prog) {
	for i := range b.t.Vars {
		later := func(task litmus.Task) bool {
			return slices.ContainsFunc(task.Ops, func(op litmus.Op) bool { return op.Kind == litmus.OpMmap && op.Var == b.t.Vars[i].Name })
		}
		if b.t.Vars[i].Kind == litmus.Shared && !slices.ContainsFunc(b.t.Tasks, later) {
			p.sys(0, sysClose, fdMem+i)
		}
	}
}
