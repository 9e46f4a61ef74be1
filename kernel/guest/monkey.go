//go:build linux

package guest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sys/unix"

	"tagswap/kernel/engine"
	"tagswap/kernel/pageout"
	"tagswap/kernel/wire"
	"tagswap/litmus"
)

// monkeyPages is how many pages each monkey process owns.
const monkeyPages = 48

// monkeyOps is how many operations a monkey process does in its life.
const monkeyOps = 160

// monkey is one process that stores, tags, maps anew and forks at random. What
// its memory must hold at each check is known beforehand, because nobody else
// writes to it: every read has its expected value.
type monkey struct {
	r      *runner
	rng    *rand.Rand
	ins    []engine.Instr
	value  [monkeyPages]uint64
	tag    [monkeyPages]uint64
	checks []check
}

// check is a read whose result is known.
type check struct {
	slot, fault uint64
	want        uint64
	what        string // content or tags
	page        int
	child       bool
}

func (m *monkey) addr(i int) uint64 { return varBase + uint64(i)*pageSize }

func (m *monkey) add(in engine.Instr) { m.ins = append(m.ins, in) }

// emit is one random operation; depth limits forks.
func (m *monkey) emit(child bool) {
	i := m.rng.IntN(monkeyPages)
	a := m.addr(i)
	// A life must be long enough to be paged out from outside in the midst of it.
	m.add(engine.Instr{Op: engine.Delay, Arg: [6]uint64{m.rng.Uint64N(60_000)}})
	switch n := m.rng.IntN(20); {
	case n < 5:
		m.value[i] = m.rng.Uint64()
		at := a | m.tag[i]<<56
		if m.r.mach.MTE {
			m.expectFault(engine.Instr{Op: engine.Store, Arg: [6]uint64{at, m.value[i]}}, i, child)
		} else {
			m.expectFault(engine.Instr{Op: engine.Store, Arg: [6]uint64{a, m.value[i]}}, i, child)
		}
	case n < 9 && m.r.mach.MTE:
		m.tag[i] = m.rng.Uint64N(16)
		m.add(engine.Instr{Op: engine.TagPage, Arg: [6]uint64{a | m.tag[i]<<56}})
	case n < 10:
		m.add(call(0, sysMadvise, a, pageSize, adviceNumber["dontneed"]))
		m.value[i], m.tag[i] = 0, 0
	case n < 12:
		m.add(call(0, sysMadvise, a, pageSize, adviceNumber["willneed"]))
	case n < 14:
		m.add(call(0, sysMadvise, a, pageSize, madvPageout))
	default:
		m.verify(i, child)
	}
}

func (m *monkey) expectFault(in engine.Instr, page int, child bool) {
	in.FaultTo = m.r.data.Words(1)
	m.checks = append(m.checks, check{slot: in.FaultTo, want: 0, what: "fault", page: page, child: child})
	m.add(in)
}

// verify reads a page's word through its tagged pointer and all its tags.
func (m *monkey) verify(i int, child bool) {
	a, d := m.addr(i), m.r.data
	slot, fault := d.Words(1), d.Words(1)
	m.add(engine.Instr{Op: engine.Load, Dst: slot, FaultTo: fault, Arg: [6]uint64{a | m.tag[i]<<56}})
	m.checks = append(m.checks, check{slot, fault, m.value[i], "content", i, child})
	if m.r.mach.MTE {
		slot, fault = d.Words(1), d.Words(1)
		m.add(engine.Instr{Op: engine.GetTags, Dst: slot, FaultTo: fault, Arg: [6]uint64{a}})
		m.checks = append(m.checks, check{slot, fault, m.tag[i], "tags", i, child})
	}
}

// life is a whole process: maps its pages, does its operations, forks one child
// that goes on with the same memory, and ends.
func (m *monkey) life() uint64 {
	p := &prog{b: &build{code: m.r.code, data: m.r.data}}
	r := m.r.data
	act := r.SigAction()
	mask := r.Words(1)
	r.Set(mask, ^uint64(1<<(sigsegv-1)|1<<(sigbus-1)))
	p.sys(0, sysPrctl, prSetPdeathsig, sigkill)
	p.sys(0, sysRtSigaction, sigsegv, act, 0, 8)
	p.sys(0, sysRtSigaction, sigbus, act, 0, 8)
	p.sys(0, sysRtSigprocmask, sigSetmask, mask, 0, 8)
	p.sys(0, sysPrctl, prSetTHPDisable, 1, 0, 0, 0)
	if m.r.mach.MTE {
		p.sys(0, sysPrctl, prSetTaggedAddrCtrl, prTaggedAddrEnable|prMTETCFSync|0xffff<<prMTETagShift, 0, 0, 0)
	}
	p.sys(0, sysMmap, uint64(varBase), monkeyPages*pageSize, protOf(true, m.r.mach.MTE), mapFixed|mapPrivate|mapAnon, -1, 0)
	m.ins = p.ins
	for range monkeyOps / 2 {
		m.emit(false)
	}
	// The child's memory is what the parent's is here; from here on they differ.
	c := &monkey{r: m.r, rng: m.rng, value: m.value, tag: m.tag}
	for range monkeyOps / 2 {
		c.emit(true)
	}
	c.all(true)
	c.add(call(0, sysExitGroup, 0))
	pid := r.Words(1)
	m.add(engine.Instr{Op: engine.Clone, Dst: pid, Child: r.Program(c.ins), Arg: [6]uint64{sigchld, r.Stack(), 0, 0, 0}})
	for range monkeyOps / 2 {
		m.emit(false)
	}
	m.all(false)
	m.checks = append(m.checks, c.checks...)
	m.add(call(0, sysWait4, in(pid), 0, 0, 0))
	m.add(call(0, sysExitGroup, 0))
	return r.Program(m.ins)
}

func (m *monkey) all(child bool) {
	for i := range monkeyPages {
		m.verify(i, child)
	}
}

// monkeys is how many processes live at once.
const monkeys = 3

// monkey runs processes at random for a time, each paged out in a loop as
// tagswap pageout --loop does, on a swap device that is too small for all.
func (r *runner) monkey(d time.Duration, send func(wire.Record)) error {
	swap, tags := r.ground(send)
	rec := wire.Record{Kind: wire.Result, Test: "monkey", Status: wire.Ran,
		Problems: map[string]string{}, Counts: map[string]int64{}}
	if !swap || r.mach.MTE && !tags {
		rec.Status, rec.Reason = wire.Failed, "the machine is broken: a proof failed"
		rec.Problems["machine"] = rec.Reason
		send(rec)
		send(wire.Record{Kind: wire.End})
		return nil
	}
	t, err := litmus.Parse("monkey", []byte("LinuxMM monkey\nSwap=sync,slots:64\nSlotCache=off\n{ anon x = 1; }\n P0 ;\n r0 = load x ;\nforall (0:r0=1)\n"))
	if err != nil {
		panic("tagswap internal: " + err.Error())
	}
	plan := &Plan{Test: t, Slots: []int{200}, Used: []int{0}}
	ar := r.dev.assign(plan)
	if err := ar.setUp(true); err != nil {
		return err
	}
	defer ar.restore()
	rec.Setup = "zram 200 slots"
	start := time.Now()
	last := start
	for time.Since(start) < d && r.ctx.Err() == nil {
		if err := r.monkeyRound(&rec); err != nil {
			rec.Problems["hang"] = err.Error()
			break
		}
		if time.Since(last) > 5*time.Second { // the host waits for a word
			last = time.Now()
			send(wire.Record{Kind: wire.Note, Detail: fmt.Sprintf("monkey: %d processes, %d checks", rec.Counts["processes"], rec.Counts["checks"])})
		}
	}
	rec.Seconds = time.Since(start).Seconds()
	send(rec)
	send(wire.Record{Kind: wire.End})
	return nil
}

func (r *runner) monkeyRound(rec *wire.Record) error {
	r.data.Reset()
	b := &build{p: &Plan{}, t: &litmus.Test{}, data: r.data}
	var ms []*monkey
	var pids []int
	for range monkeys {
		m := &monkey{r: r, rng: r.rng}
		prog := m.life()
		pid, err := engine.Spawn(prog, r.data.Stack())
		if err != nil {
			return err
		}
		ms, pids = append(ms, m), append(pids, pid)
	}
	end := time.Now().Add(r.limit)
	status, stuck := b.reap(func() bool {
		for _, pid := range pids {
			// Gone, or going, is no error here.
			if res, err := pageout.Once(pid, pageout.Options{PrivateAnonymous: true}); err == nil {
				rec.Counts["pageouts"]++
				rec.Counts["pages-left"] += int64(res.Left / pageSize)
			}
		}
		if time.Now().Before(end) {
			return true
		}
		for _, pid := range pids {
			unix.Kill(pid, unix.SIGKILL)
		}
		return time.Now().Before(end.Add(5 * time.Second))
	})
	switch {
	case stuck:
		return errStuck
	case time.Now().After(end):
		return errHung
	case status != "":
		rec.Problems["task"] = status
	}
	rec.Counts["processes"] += 2 * monkeys
	for _, m := range ms {
		m.judge(rec)
	}
	return nil
}

// judge compares every read with what the process had left there.
func (m *monkey) judge(rec *wire.Record) {
	unstored := map[int]bool{} // pages that a store did not reach
	for _, c := range m.checks {
		if c.what == "content" && unstored[c.page] {
			continue
		}
		rec.Counts["checks"]++
		got := m.r.data.Get(c.slot)
		who := "a process"
		if c.child {
			who = "a forked child"
		}
		var f engine.FaultCode
		if c.fault != 0 {
			f = engine.FaultCode(m.r.data.Get(c.fault))
		}
		prop, why := c.what, ""
		switch {
		case c.what == "fault" && got != 0:
			unstored[c.page] = true
			prop, why = "tags", fmt.Sprintf("%s stored to its page %d through its own tag and got %s", who, c.page, engine.FaultCode(got).Kind())
		case c.what == "fault":
			continue
		case f != 0:
			prop, why = "tags", fmt.Sprintf("%s read its page %d through its own tag and got %s", who, c.page, f.Kind())
		case got == c.want:
			continue
		case c.what == "tags":
			why = fmt.Sprintf("%s left tag %d on page %d and found %d (%d other granules differ)", who, c.want, c.page, got&15, got>>8)
		default:
			why = fmt.Sprintf("%s left %#x on page %d and found %#x", who, c.want, c.page, got)
		}
		rec.Counts["wrong-"+prop]++
		if rec.Problems[prop] == "" {
			rec.Problems[prop] = why
		}
	}
}
