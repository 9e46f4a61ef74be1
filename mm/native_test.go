package mm_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tagswap/design"
	"tagswap/mm"
)

// crowd is a machine with goroutines for tasks that do random things to it.
type crowd struct {
	k     mm.Kernel
	cfg   mm.Config
	seed  uint64
	tasks int
	steps int // of each task
	off   bool
	rand  [mm.MaxTasks]*rand.Rand // of each task, for the jitter

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
		tasks.Go(func() { c.task(task) })
	}
	daemons.Go(func() { c.kswapd(c.k.Task(c.tasks+1, nil)) })
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
	case <-time.After(20 * time.Second):
		stacks := make([]byte, 1<<16)
		stacks = stacks[:runtime.Stack(stacks, true)]
		t.Fatalf("seed %d: the tasks do not come to an end; so far %q\n%s", c.seed, c.violations, stacks)
	}
	c.k.CheckCounts()
	c.k.ExitAll(root)
	c.k.ReclaimAll(root)
	c.k.DrainSlotCaches(root)
	c.k.CheckLeaks()
	return c.violations
}

// task is one goroutine: random operations in an address space, which it leaves
// for another now and then.
func (c *crowd) task(t *mm.Task) {
	r := rand.New(rand.NewPCG(c.seed, uint64(t.ID)))
	k, buf := &c.k, make([]byte, mm.PageSize)
	for range c.steps {
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
		case n < 95:
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
// race on synchronous devices, and one of zap with swapoff.
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
			for _, seed := range seeds(2) {
				cfg := mm.Config{
					Areas: []mm.AreaConfig{{Sync: tc.sync, Slots: 40}}, SlotCache: tc.cache,
					CacheSize: 3, Vars: vars(8, 2), LRU: true, CheckPages: seed%2 == 0,
				}
				if tc.small {
					cfg.Areas[0].Slots = 8
				}
				c := newCrowd(t, tc.design, cfg, seed)
				c.off = tc.off
				if got := c.run(t); len(got) > 0 {
					t.Errorf("seed %d: %d violations: %q", seed, len(got), got)
				}
			}
		})
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
