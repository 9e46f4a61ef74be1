package mm_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tagswap/design"
	"tagswap/mm"
	"tagswap/swapdev"
)

// crowd is a machine with goroutines for tasks that do random things to it.
type crowd struct {
	k      mm.Kernel
	cfg    mm.Config
	seed   uint64
	tasks  int
	steps  int // of each task
	off    bool
	noFree bool                    // no MADV_FREE
	wrong  bool                    // the design may be: it need not come to an end
	before func()                  // the end, when tasks have come to theirs
	rand   [mm.MaxTasks]*rand.Rand // of each task, for the jitter

	mu         sync.Mutex
	violations []string // protected by mu
	mms        []*mm.MM
	stop       atomic.Bool
}

const crowdMMs = mm.MaxMMs

func newCrowd(t *testing.T, name string, cfg mm.Config, seed uint64) *crowd {
	t.Helper()
	d, err := design.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := design.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{cfg: cfg, seed: seed, tasks: 4, steps: 1500}
	c.k.OnViolation = func(property, detail string) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.violations = append(c.violations, property+": "+detail)
	}
	for i := range c.rand {
		c.rand[i] = rand.New(rand.NewPCG(seed, uint64(i)<<8))
	}
	c.k.Jitter = func(t *mm.Task) {
		if c.rand[t.ID].IntN(64) == 0 {
			runtime.Gosched()
		}
	}
	c.k.Reset(nil, p, cfg)
	for i := range mm.MaxTasks {
		c.k.UseCPU(i)
	}
	for range crowdMMs {
		c.mms = append(c.mms, c.k.NewMM(nil))
	}
	for v := range cfg.Vars {
		c.k.Map(c.mms[0], v, mm.VMWrite|mm.VMMTE)
	}
	for _, m := range c.mms[1:] {
		c.k.Spare(m)
	}
	return c
}

// run lets the tasks go, and a kswapd, and ends everything.
func (c *crowd) run(t *testing.T) []string {
	t.Helper()
	root := c.k.Task(0, c.mms[0])
	var tasks, daemons sync.WaitGroup
	for i := range c.tasks {
		task := c.k.Task(i+1, nil)
		c.k.Join(task, c.mms[0])
		tasks.Go(func() {
			defer c.oops()
			c.task(task)
		})
	}
	daemons.Go(func() {
		defer c.oops()
		c.kswapd(c.k.Task(c.tasks+1, nil))
	})
	if c.off {
		daemons.Go(func() { c.swapper(c.k.Task(c.tasks+2, nil)) })
	}
	ended := make(chan bool)
	go func() {
		tasks.Wait()
		c.stop.Store(true)
		daemons.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(c.patience()):
		if c.wrong {
			c.mu.Lock()
			defer c.mu.Unlock()
			return append(c.violations, "livelock: the tasks do not come to an end")
		}
		stacks := make([]byte, 1<<16)
		stacks = stacks[:runtime.Stack(stacks, true)]
		t.Fatalf("seed %d: the tasks do not come to an end; so far %q\n%s", c.seed, c.violations, stacks)
	}
	if c.before != nil {
		c.before()
	}
	c.k.CheckCounts()
	c.k.ExitAll(root)
	c.k.ReclaimAll(root)
	c.k.DrainSlotCaches(root)
	c.k.CheckLeaks()
	return c.violations
}

// patience is how long tasks may take; a wrong design may never end.
func (c *crowd) patience() time.Duration {
	if c.wrong {
		return 3 * time.Second
	}
	return 20 * time.Second
}

// oops ends a task of a wrong design that cannot go on.
func (c *crowd) oops() {
	if p := recover(); p != nil {
		if _, ok := p.(mm.Oops); !ok || !c.wrong {
			panic(p)
		}
		c.stop.Store(true)
	}
}

// task is one goroutine: random operations in an address space, which it leaves
// for another now and then.
func (c *crowd) task(t *mm.Task) {
	r := rand.New(rand.NewPCG(c.seed, uint64(t.ID)))
	k, buf := &c.k, make([]byte, mm.PageSize)
	for range c.steps {
		if c.wrong && c.stop.Load() {
			break
		}
		v := r.IntN(len(c.cfg.Vars))
		private := !c.cfg.Vars[v].Shared
		switch n := r.IntN(100); {
		case n < 10:
			k.Do(t, mm.Access{Var: v, Offset: r.IntN(mm.PageSize - 8)})
		case n < 30:
			k.Do(t, mm.Access{Var: v, Data: buf})
		case n < 38:
			k.Do(t, mm.Access{Var: v, Write: true, Value: r.Uint64(), Offset: r.IntN(mm.PageSize - 8)})
		case n < 50:
			fill(buf, r.Uint64())
			k.Do(t, mm.Access{Var: v, Write: true, Data: buf})
		case n < 60:
			k.Do(t, mm.Access{Var: v, Tag: true, Granule: r.IntN(256)})
		case n < 68:
			k.Do(t, mm.Access{Var: v, Write: true, Tag: true, Granule: r.IntN(256), NewTag: uint8(r.IntN(16))})
		case n < 70:
			k.Do(t, mm.Access{Var: v, Write: true, Tag: true, Whole: true, NewTag: uint8(r.IntN(16))})
		case n < 90:
			k.MadvisePageout(t, c.mms[r.IntN(len(c.mms))], v)
		case n < 93:
			k.MadviseWillneed(t, v)
		case n < 94 && private:
			k.MadviseDontneed(t, v)
		case n < 95 && !c.noFree:
			k.MadviseFree(t, v)
		case n < 97:
			k.DrainSlotCaches(t)
		case n < 99:
			c.fork(t, r)
		}
	}
	k.Exit(t)
}

// fill gives every word of a page a value of its own.
func fill(page []byte, seed uint64) {
	for i := 0; i < len(page); i += 8 {
		binary.LittleEndian.PutUint64(page[i:], seed+uint64(i)*0x9e3779b97f4a7c15)
	}
}

// fork makes a child and goes on in it, or becomes a thread of somebody.
func (c *crowd) fork(t *mm.Task, r *rand.Rand) {
	old := t.MM
	if child := c.k.TakeMM(); child != nil {
		c.k.Fork(t, child)
		c.k.Exit(t)
		t.MM = child
		return
	}
	for range 20 {
		if c.k.Join(t, c.mms[r.IntN(len(c.mms))]) {
			other := t.MM
			t.MM = old
			c.k.Exit(t)
			t.MM = other
			return
		}
	}
}

func (c *crowd) kswapd(t *mm.Task) {
	for v := 0; !c.stop.Load(); v++ {
		c.k.Reclaim(t, v%len(c.cfg.Vars))
		if v%64 == 0 {
			time.Sleep(20 * time.Microsecond)
		}
	}
}

func (c *crowd) swapper(t *mm.Task) {
	for !c.stop.Load() {
		c.k.Swapoff(t, 0)
		time.Sleep(time.Millisecond)
		c.k.Swapon(t, 0)
		time.Sleep(3 * time.Millisecond)
	}
}

func vars(n, shared int) []mm.VarConfig {
	var l []mm.VarConfig
	for i := range n {
		l = append(l, mm.VarConfig{Name: fmt.Sprint("v", i), Shared: i < shared})
	}
	return l
}

// seeds are those of TAGSWAP_SEED, or some that depend on the time.
func seeds(n int) []uint64 {
	if s, err := strconv.ParseUint(os.Getenv("TAGSWAP_SEED"), 10, 64); err == nil {
		return []uint64{s}
	}
	var l []uint64
	for range n {
		l = append(l, rand.Uint64N(1_000_000))
	}
	return l
}

// TestNative runs the step lists of right designs on goroutines: every page and
// tag is what the oracle says, and nothing is left in the end. v6.5 has a known
// race on synchronous devices, and one of zap with swapoff. Up to v6.12 a page that
// is read from a synchronous device past the swap cache is clean and nowhere else,
// so that MADV_FREE of one process drops it for one forked from it.
func TestNative(t *testing.T) {
	for _, tc := range []struct {
		design       string
		sync, off    bool
		cache, small bool
	}{
		{design: "v6.5"},
		{design: "v6.5", cache: true},
		{design: "v6.12", sync: true, off: true},
		{design: "v6.12", cache: true, off: true},
		{design: "v6.12", sync: true, small: true},
		{design: "v7.2", sync: true, off: true},
		{design: "v7.2", off: true, small: true},
	} {
		name := fmt.Sprintf("%s/sync=%v/swapoff=%v/cache=%v/small=%v", tc.design, tc.sync, tc.off, tc.cache, tc.small)
		t.Run(name, func(t *testing.T) {
			for i, seed := range seeds(2) {
				cfg := mm.Config{
					Areas: []mm.AreaConfig{{Sync: tc.sync, Slots: 40}}, SlotCache: tc.cache,
					CacheSize: 3, Vars: vars(8, 2), LRU: true, CheckPages: seed%2 == 0,
				}
				if tc.small {
					cfg.Areas[0].Slots = 8
				}
				c := newCrowd(t, tc.design, cfg, seed)
				c.off, c.noFree = tc.off, tc.sync && tc.design != "v7.2"
				if i > 0 {
					c.k.Jitter = nil // so lists run flat
				}
				if got := c.run(t); len(got) > 0 {
					t.Errorf("%s seed %d: %d violations: %q", name, seed, len(got), got)
				}
			}
		})
	}
}

// flaky fails now and then, until it is told to work.
type flaky struct {
	mm.Device
	calls, failed atomic.Int64
	works         atomic.Bool
}

func (d *flaky) fails() bool {
	if d.calls.Add(1)%7 != 0 || d.works.Load() {
		return false
	}
	d.failed.Add(1)
	return true
}

func (d *flaky) ReadPage(slot int, page []byte) error {
	if d.fails() {
		clear(page)
		return errFaulty
	}
	return d.Device.ReadPage(slot, page)
}

func (d *flaky) WritePage(slot int, page []byte) error {
	if d.fails() {
		return errFaulty
	}
	return d.Device.WritePage(slot, page)
}

// TestNativeFaultyDevice: whatever a device fails to do, nobody sees a wrong byte
// or tag, and nothing is left in the end.
func TestNativeFaultyDevice(t *testing.T) {
	failed := int64(0)
	for _, name := range everyDesign[1:] {
		for _, off := range []bool{false, name != "v6.5"} {
			seed := seeds(1)[0]
			file, err := swapdev.OpenFile(filepath.Join(t.TempDir(), "swap"), 40)
			if err != nil {
				t.Fatal(err)
			}
			d := &flaky{Device: file}
			c := newCrowd(t, name, mm.Config{
				Areas: []mm.AreaConfig{{Slots: 40, Device: d}}, CacheSize: 3, Vars: vars(8, 2), LRU: true, CheckPages: true,
			}, seed)
			c.off, c.before = off, func() { d.works.Store(true) }
			if got := c.run(t); len(got) > 0 {
				t.Errorf("%s seed %d: %d violations: %q", name, seed, len(got), got)
			}
			failed += d.failed.Load()
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if failed == 0 {
		t.Error("the devices have not failed")
	}
}

// TestNativeLosesTags finds the bug of the thread: v6.4 without slot caches.
func TestNativeLosesTags(t *testing.T) {
	for try := range 10 {
		for _, seed := range seeds(1) {
			c := newCrowd(t, "v6.4", mm.Config{
				Areas: []mm.AreaConfig{{Sync: true, Slots: 40}}, CacheSize: 3, Vars: vars(8, 0), LRU: true,
			}, seed)
			for _, v := range c.run(t) {
				if len(v) > 5 && v[:5] == "tags:" {
					t.Logf("try %d, seed %d: %s", try, seed, v)
					return
				}
			}
		}
	}
	t.Error("v6.4 without slot caches loses no tags in 10 tries")
}

// TestNativeEveryDesign runs all designs of the catalogue, right and wrong, for
// the race detector: what the kernel leaves racy on purpose is an atomic here, and
// a wrong design loses pages without a data race or a crash of the test.
func TestNativeEveryDesign(t *testing.T) {
	for _, name := range design.Names() {
		for _, sync := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/sync=%v", name, sync), func(t *testing.T) {
				for _, seed := range seeds(1) {
					c := newCrowd(t, name, mm.Config{
						Areas: []mm.AreaConfig{{Sync: sync, Slots: 12}}, SlotCache: seed%2 == 0, CacheSize: 3,
						Vars: vars(6, 1), LRU: true, CheckPages: true,
					}, seed)
					c.steps, c.wrong = 500, true
					if got := c.run(t); len(got) > 0 {
						t.Logf("%s seed %d: %d violations, the first: %s", name, seed, len(got), got[0])
					}
				}
			})
		}
	}
}

// Walks over the address spaces of a page look at those that may map it, and at all
// where there are too many to note.
func TestMappers(t *testing.T) {
	cfg := mm.Config{Areas: []mm.AreaConfig{{Slots: 8}}, Vars: vars(2, 0), Tasks: 2, MMs: 3}
	m := newMachine(t, "v7.2", cfg)
	child, other := m.NewMM(nil), m.NewMM(nil)
	m.Spare(child)
	m.Map(other, 1, mm.VMWrite)
	check := func(when string, first, second []int) {
		t.Helper()
		for v, want := range [][]int{first, second} {
			if got := m.Mappers(v); !slices.Equal(got, want) {
				t.Errorf("%s: %v is looked at for v%d, want %v", when, got, v, want)
			}
		}
	}
	check("mapped", []int{0}, []int{0, 2})
	m.Fork(m.t, m.TakeMM())
	check("forked", []int{0, 1}, []int{0, 1, 2})
	m.t.MM = child
	m.Exit(m.t)
	check("exited", []int{0}, []int{0, 2})
	m.t.MM = other
	m.Mmap(m.t, 0, mm.VMWrite)
	check("mapped anew", []int{0, 2}, []int{0, 2})

	cfg.MMs = 65
	m = newMachine(t, "v7.2", cfg)
	m.NewMM(nil)
	check("many", []int{0, 1}, []int{0, 1})
}
