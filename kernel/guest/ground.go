//go:build linux

package guest

import (
	"fmt"
	"time"

	"tagswap/kernel/engine"
	"tagswap/kernel/wire"
	"tagswap/litmus"
)

// proof is one thing that must hold before a kernel is judged.
type proof struct {
	name string
	mte  bool // only where there is MTE; its failure costs only the tagged tests
	may  bool // it may fail: the plans know what to do without
	run  func(r *runner) (detail string, err error)
}

var proofs = []proof{
	{"tag memory", true, false, proveTagMemory},
	{"tag checks", true, false, proveTagChecks},
	{"swap", false, false, proveSwap},
	{"process_madvise", false, false, proveRemotePageout},
	{"slot cache", false, false, proveSlotCache},
	{"memory.reclaim", false, true, proveReclaim},
}

// ground runs the proofs. When one fails the machine is broken, not the kernel
// under test: tests that rely on it are not run.
func (r *runner) ground(send func(wire.Record)) (swap, tags bool) {
	swap, tags = true, r.mach.MTE
	for _, p := range proofs {
		if p.mte && !r.mach.MTE {
			continue
		}
		detail, err := p.run(r)
		if p.may && err != nil {
			send(wire.Record{Kind: wire.Note, Detail: p.name + ": " + err.Error()})
			continue
		}
		rec := wire.Record{Kind: wire.Ground, Check: p.name, OK: err == nil, Detail: detail}
		if err != nil {
			rec.Detail = err.Error()
			if p.mte {
				tags = false
			} else {
				swap = false
			}
		}
		send(rec)
	}
	return swap, tags
}

// alone runs one program in one process and waits for it.
func (r *runner) alone(ins []engine.Instr) error {
	p := r.data // a program runs once, so it may live beside its results
	pre := []engine.Instr{
		call(0, sysRtSigaction, sigsegv, p.SigAction(), 0, 8),
		call(0, sysRtSigaction, sigbus, p.SigAction(), 0, 8),
		call(0, sysPrctl, prSetTaggedAddrCtrl, prTaggedAddrEnable|prMTETCFSync|0xffff<<prMTETagShift, 0, 0, 0),
	}
	mask := p.Words(1)
	p.Set(mask, ^uint64(1<<(sigsegv-1)|1<<(sigbus-1)))
	pre = append(pre, call(0, sysRtSigprocmask, sigSetmask, mask, 0, 8))
	ins = append(append(pre, ins...), call(0, sysExitGroup, 0))
	if _, err := engine.Spawn(p.Program(ins), p.Stack()); err != nil {
		return err
	}
	b := &build{}
	end := time.Now().Add(r.limit)
	status, stuck := b.reap(func() bool { return time.Now().Before(end) })
	if stuck {
		return errStuck
	}
	if status != "" {
		return fmt.Errorf("%s", status)
	}
	return nil
}

// stalePages is how many pages the user before a round leaves behind at most, and
// staleLeast at least: page tables and stacks take some of them.
const stalePages, staleLeast = 192, 16

// staleTag is the tag in pages whose last user is gone, as in the model
// (mte.Stale). Fresh machines have zeros there, which hide a missing clear.
const staleTag = 15

// staleMaker builds a process that tags pages and ends, so that the next one gets
// pages with somebody else's tags.
func staleMaker() (func(pages int) error, error) {
	r, err := engine.NewRegion(1 << 20)
	if err != nil {
		return nil, err
	}
	skip := r.Word() // how many of the pages to leave out
	ins := []engine.Instr{
		call(0, sysPrctl, prSetTHPDisable, 1, 0, 0, 0),
		call(0, sysMmap, uint64(varBase), stalePages*pageSize, protOf(true, true), mapFixed|mapPrivate|mapAnon, -1, 0),
		{Op: engine.SkipEq, Arg: [6]uint64{0, 0, skip}, Indirect: 4},
	}
	for i := range stalePages {
		ins = append(ins, engine.Instr{Op: engine.TagPage, Arg: [6]uint64{uint64(varBase+i*pageSize) | staleTag<<56}})
	}
	prog, stack := r.Program(append(ins, call(0, sysExitGroup, 0))), r.Stack()
	return func(pages int) error {
		r.Set(skip, uint64(stalePages-min(stalePages, max(staleLeast, pages))))
		if _, err := engine.Spawn(prog, stack); err != nil {
			return err
		}
		if _, stuck := (&build{}).reap(nil); stuck {
			return errStuck
		}
		return nil
	}, nil
}

const groundPages = 2

func mapTagged() engine.Instr {
	return call(0, sysMmap, uint64(varBase), groundPages*pageSize, protOf(true, true), mapFixed|mapPrivate|mapAnon, -1, 0)
}

// proveTagMemory gives neighbouring granules different tags, on all granules of
// two pages, and reads them back, without swap. QEMU 7.2 fails here: it keeps one
// byte of tag memory for a whole page.
func proveTagMemory(r *runner) (string, error) {
	r.data.Reset()
	n := groundPages * pageSize / litmus.Granule
	got := r.data.Words(n)
	tag := func(i int) uint64 { return uint64(i*7+i/16+1) & 15 }
	ins := []engine.Instr{mapTagged()}
	for i := range n {
		a := uint64(varBase + i*litmus.Granule)
		ins = append(ins, engine.Instr{Op: engine.SetTag, Arg: [6]uint64{a | tag(i)<<56}})
	}
	for i := range n {
		a := uint64(varBase + i*litmus.Granule)
		ins = append(ins, engine.Instr{Op: engine.GetTag, Dst: got + 8*uint64(i), Arg: [6]uint64{a}})
	}
	if err := r.alone(ins); err != nil {
		return "", err
	}
	wrong, first := 0, 0
	for i := range n {
		if r.data.Get(got+8*uint64(i)) != tag(i) {
			if wrong == 0 {
				first = i
			}
			wrong++
		}
	}
	if wrong > 0 {
		return "", fmt.Errorf("%d of %d granules came back with another tag (granule %d: wrote %d, read %d), without any swap: "+
			"this machine's tag memory is broken, as QEMU 7.2's is; use QEMU 10", wrong, n, first, tag(first), r.data.Get(got+8*uint64(first)))
	}
	return fmt.Sprintf("%d granules", n), nil
}

// proveTagChecks looks whether a wrong tag is caught and a right one is not.
func proveTagChecks(r *runner) (string, error) {
	r.data.Reset()
	right, wrong, off := r.data.Words(1), r.data.Words(1), r.data.Words(1)
	load := func(tag, unchecked, to uint64) engine.Instr {
		return engine.Instr{Op: engine.Load, Arg: [6]uint64{varBase | tag<<56, unchecked}, FaultTo: to}
	}
	err := r.alone([]engine.Instr{
		mapTagged(),
		{Op: engine.TagPage, Arg: [6]uint64{varBase | 5<<56}},
		load(5, 0, right), load(6, 0, wrong), load(6, 1, off),
	})
	if err != nil {
		return "", err
	}
	r1, w, o := engine.FaultCode(r.data.Get(right)), engine.FaultCode(r.data.Get(wrong)), engine.FaultCode(r.data.Get(off))
	if r1 != 0 || w.Kind() != "TagCheck" || o != 0 {
		return "", fmt.Errorf("right tag: %q, wrong tag: %q, checks suppressed: %q; want only the second to be TagCheck (codes %x %x %x)",
			r1.Kind(), w.Kind(), o.Kind(), uint64(r1), uint64(w), uint64(o))
	}
	return "SEGV_MTESERR on a wrong tag only", nil
}

// groundTest is run like any other, to see pages go out and come back.
func (r *runner) groundTest(text string) (wire.Record, error) {
	t, err := litmus.Parse("ground", []byte(text))
	if err != nil {
		panic("tagswap internal: " + err.Error())
	}
	rec, err := r.run(t, budget{rounds: 2})
	if err == nil && rec.Status != wire.Ran {
		err = fmt.Errorf("%s", rec.Reason)
	}
	return rec, err
}

func proveSwap(r *runner) (string, error) {
	rec, err := r.groundTest("LinuxMM ground-swap\nSwap=sync,slots:8\nSlotCache=off\n{ anon x = 7; 0:swapped(x); }\n P0 ;\n r0 = load x ;\nforall (0:r0=7)\n")
	if err != nil {
		return "", fmt.Errorf("no page could be swapped out and read back: %w", err)
	}
	n := int64(0)
	for _, s := range rec.States {
		if s.Key != "0:r0=7;" {
			return "", fmt.Errorf("swapped pages came back with other contents: %v", rec.States)
		}
		n += s.Count
	}
	return fmt.Sprintf("%d pages went out (pagemap) and came back, %d stayed", n, rec.Discarded), nil
}

func proveRemotePageout(r *runner) (string, error) {
	out, in, err := r.pagedOut("LinuxMM ground-pageout\nSwap=sync,slots:8\nSlotCache=off\n{ anon x = 7; }\n P0 | P1:process ;\n barrier | pageout P0 x ;\n | barrier ;\nforall (0:swapped(x))\n")
	if err != nil {
		return "", err
	}
	if out == 0 {
		return "", fmt.Errorf("process_madvise(MADV_PAGEOUT) moved none of %d pages", in)
	}
	return fmt.Sprintf("another process paged %d of %d pages out", out, out+in), nil
}

// pagedOut runs a test of swapped(x) and counts the pages that were.
func (r *runner) pagedOut(text string) (out, in int64, err error) {
	rec, err := r.groundTest(text)
	for _, s := range rec.States {
		if s.Key == "0:swapped(x)=1;" {
			out += s.Count
		} else {
			in += s.Count
		}
	}
	return out, in, err
}

// proveReclaim looks whether memory.reclaim finds the pages of a cgroup.
func proveReclaim(r *runner) (string, error) {
	if !r.mach.Reclaim {
		return "", fmt.Errorf("this kernel has none (5.19 and later, with memory cgroups): reclaim runs as process_madvise")
	}
	out, in, err := r.pagedOut("LinuxMM ground-reclaim\nSwap=sync,slots:8\nSlotCache=off\n{ anon x = 7; }\n P0 | P1:process ;\n barrier | reclaim x ;\n | barrier ;\nforall (0:swapped(x))\n")
	if err == nil && out == 0 {
		err = fmt.Errorf("it moved none of %d pages", in)
	}
	if err != nil {
		r.mach.Reclaim = false
		return "", fmt.Errorf("%w: reclaim runs as process_madvise", err)
	}
	return fmt.Sprintf("the kernel found %d of %d pages", out, out+in), nil
}

// proveSlotCache looks how many slots a page takes: with the slot cache on the
// kernel takes a batch at once. A small area after a large one must have it off.
func proveSlotCache(r *runner) (string, error) {
	took := func(slots, pages int) (n int64, err error) {
		p := &Plan{Test: &litmus.Test{Machine: litmus.Machine{Areas: []litmus.SwapArea{{Sync: true}}}}, Slots: []int{slots}, Used: []int{0}}
		a := r.dev.assign(p)
		defer a.restore()
		if err := a.setUp(true); err != nil {
			return 0, err
		}
		before := swapUsed()
		err = a.fill(pages)
		return swapUsed() - before, err
	}
	large, err := took(r.mach.cacheOnSlots(), 2)
	if err != nil {
		return "", err
	}
	small, err := took(r.mach.cacheOffSlots(), 2)
	switch {
	case err != nil:
		return "", err
	case large == 2 && small == 2:
		r.mach.Cache = CacheNone
		return "this kernel has none", nil
	case small == 2:
		return fmt.Sprintf("off: 2 pages take 2 of %d slots; on: %d of %d", r.mach.cacheOffSlots(), large, r.mach.cacheOnSlots()), nil
	case r.others:
		r.mach.Cache = CacheStuck
		return "always on here: other swap areas have too many free slots", nil
	}
	return "", fmt.Errorf("on an area of %d slots 2 pages take %d: the slot cache is on where it should be off", r.mach.cacheOffSlots(), small)
}
