//go:build linux

package kernel

import (
	"context"
	"fmt"
	"time"

	"tagswap/kernel/console"
	"tagswap/kernel/deb"
	"tagswap/kernel/qemu"
	"tagswap/kernel/wire"
	"tagswap/litmus"
)

// session is one boot: what the guest says goes into the report.
type session struct {
	opt    Options
	rep    *Report
	name   string // of the kernel
	tests  []*litmus.Test
	done   int // tests that are settled
	start  time.Time
	parser console.Parser
	last   time.Time // when a kernel that has said its last word is given up
	err    error     // of the machinery
}

// boot boots once and returns how many of the tests are settled.
func boot(ctx context.Context, k *deb.Kernel, opt Options, tests []*litmus.Test, rep *Report) (done int, err error) {
	image, err := packInitramfs(k, opt, tests)
	if err != nil {
		return 0, err
	}
	s := &session{opt: opt, rep: rep, name: k.Name, tests: tests, start: time.Now()}
	s.say("booting")
	rep.Boots++
	perTest := opt.PerTest + 40*time.Second
	m := qemu.Machine{
		Image: k.Image, Initramfs: image, Append: opt.Append, Disks: []int64{diskBytes, diskBytes},
		Silence: max(45*time.Second, perTest, opt.Monkey+30*time.Second),
		Timeout: time.Minute + time.Duration(len(tests))*perTest + opt.Monkey,
	}
	if opt.Rounds > 0 && opt.PerTest == 0 { // as long as it takes, while the guest lets itself be heard
		m.Timeout = 1000 * time.Hour
	}
	timedOut, err := opt.QEMU.Run(ctx, m, s.line)
	if err == nil {
		err = s.err
	}
	if err == nil && ctx.Err() == nil {
		s.end(timedOut)
	}
	return s.done, err
}

func (s *session) say(what string) {
	if s.opt.Progress != nil {
		s.opt.Progress(s.name, what)
	}
}

// line takes a line of the console and says whether there is nothing to wait for.
func (s *session) line(line string) (stop bool) {
	if s.opt.Console != nil {
		s.opt.Console(line)
	}
	if r := s.parser.Line(line); r != nil {
		s.record(r)
		return s.err != nil
	}
	// A kernel that has said its last word gets a moment for the trace.
	if s.parser.Broken() && s.last.IsZero() {
		s.last = time.Now().Add(3 * time.Second)
	}
	return !s.last.IsZero() && time.Now().After(s.last)
}

func (s *session) record(r *wire.Record) {
	rep := s.rep
	switch r.Kind {
	case wire.Hello:
		if rep.Machine == nil {
			rep.Machine, rep.BootTime = r.Machine, time.Since(s.start)
		}
		rep.Release = r.Machine.Release
	case wire.Ground:
		if rep.Boots == 1 {
			rep.Ground = append(rep.Ground, *r)
		}
	case wire.Note:
		rep.Notes = append(rep.Notes, r.Detail)
	case wire.Start:
		s.say(r.Test)
	case wire.Alive:
		s.say(fmt.Sprintf("%s: round %d", r.Test, r.Rounds))
	case wire.Result:
		s.result(r)
	case wire.End:
		if r.Status == wire.Failed {
			s.done += rep.broken(s.opt, s.tests[s.done:], r.Reason)
		}
	}
}

func (s *session) result(r *wire.Record) {
	if r.Test == monkeyName {
		s.rep.Monkey = r
		return
	}
	if s.done == len(s.tests) || s.tests[s.done].Name != r.Test {
		return // garbled: Finish says so
	}
	res := &Result{Litmus: r.Test}
	if s.err = judge(res, s.tests[s.done], r); s.err != nil {
		return
	}
	if w := s.warnings(r.Test); len(w) > 0 {
		res.Verdict, res.Flags = Undef, append(res.Flags, w...)
	}
	s.rep.result(s.opt, res)
	s.done++
}

// end files how the boot ended; the test that was under way when the kernel broke
// is settled with it.
func (s *session) end(timedOut bool) {
	for _, w := range s.warnings("") {
		s.rep.Notes = append(s.rep.Notes, "the kernel complained outside the tests: "+w)
	}
	end := s.parser.Finish(timedOut)
	s.rep.Ends = append(s.rep.Ends, end)
	if !end.OK() && s.done < len(s.tests) && end.During == s.tests[s.done].Name {
		t := s.tests[s.done]
		s.rep.result(s.opt, &Result{Litmus: t.Name, Verdict: Undef, Reason: end.String(), Flags: []string{end.String()},
			Console: end.Lines, test: t})
		s.done++
	}
}

// warnings are the kernel's complaints during a test.
func (s *session) warnings(test string) (out []string) {
	for _, w := range s.parser.Warnings {
		if w.During == test {
			out = append(out, w.Title)
		}
	}
	return out
}
