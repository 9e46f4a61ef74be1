package stress

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"tagswap/mm"
	"tagswap/swapdev"
)

// faulty is a device of which every so many-th call fails.
type faulty struct {
	mm.Device
	calls atomic.Int64
	every int64
}

var errFaulty = errors.New("input/output error")

func (d *faulty) ReadPage(slot int, page []byte) error {
	if d.calls.Add(1)%d.every == 0 {
		return errFaulty
	}
	return d.Device.ReadPage(slot, page)
}

func (d *faulty) WritePage(slot int, page []byte) error {
	if d.calls.Add(1)%d.every == 0 {
		return errFaulty
	}
	return d.Device.WritePage(slot, page)
}

// A device that fails now and then costs tasks a signal, and no byte: a page that
// was not written stays, one that was not read is not mapped.
func TestFaultyDevice(t *testing.T) {
	for _, name := range []string{"v6.5", "v6.12", "v7.2"} {
		for _, sync := range []bool{false, true} {
			o := Options{Seed: rand.Uint64N(1e6), Sync: sync, Swapoff: name != "v6.5"}
			if sync && name == "v6.5" {
				continue // it loses pages without a failure too
			}
			o.Device = &faulty{Device: swapdev.NewZram(o.Defaults().Slots, 0), every: 41}
			m := New(program(t, name), o)
			r := until(m, func() bool {
				reads, writes := m.k.IOErrors()
				return reads > 20 && writes > 20 && m.workers[0].killed > 0
			})
			if r.Failed() || r.ReadErrors == 0 || r.WriteErrors == 0 || r.Signals == 0 {
				t.Errorf("%s sync=%v seed %d: %v, %+v; %d reads and %d writes failed, %d signals", name, sync, o.Seed, r.Violations,
					r.First, r.ReadErrors, r.WriteErrors, r.Signals)
			}
		}
	}
}

// A swap file that is cut off underneath, and written to by somebody else, gives
// signals and no wrong bytes.
func TestCutOffFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swapfile")
	o := Options{Seed: rand.Uint64N(1e6)}
	f, err := swapdev.OpenFile(path, o.Defaults().Slots)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	o.Device = f
	m := New(program(t, "v7.2"), o)
	m.Run(testSlice)
	if got := f.Errors(); got != 0 {
		t.Errorf("%d errors before anything happened", got)
	}
	cut := true
	r := until(m, func() bool {
		// Between slices nothing is under way.
		if cut = !cut; cut {
			err = os.Truncate(path, 5*mm.PageSize)
		} else {
			err = scribble(path)
		}
		if err != nil {
			t.Fatal(err)
		}
		reads, _ := m.k.IOErrors()
		return reads > 50
	})
	if r.Failed() || r.ReadErrors < 50 || r.Signals == 0 {
		t.Errorf("seed %d: %v, %+v; %d reads failed, %d signals", o.Seed, r.Violations, r.First, r.ReadErrors, r.Signals)
	}
}

// scribble writes to the first slots.
func scribble(path string) error {
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = w.WriteAt(make([]byte, 100*mm.PageSize), mm.PageSize)
	return errors.Join(err, w.Close())
}
