package design

import (
	"slices"
	"strings"

	"tagswap/mm"
)

// The lock check walks every path of every function, from the entry functions
// down, once for each situation that a function is called in. What it tracks is
// a facts value; a path is only cut short by what the design's own tests say.
// It prefers silence to a wrong alarm: see facts.doubt.

// facts is what is known at one place of one path.
type facts struct {
	held, free uint64 // locks; in neither: not known
	twice      uint64 // held twice over: references, and locks of two objects
	set        uint64 // registers
	known      uint64 // tests whose outcome is known …
	value      uint64 // … and the outcome
	// doubt holds the locks of which a test on the path may tell more than this
	// check knows: at an if whose block uses the lock, the lock was held on some
	// paths and not on others, so that this path may not exist.
	doubt uint64
}

// flow is one run of the lock check.
type flow struct {
	u     *unit
	locks []mm.Lock
	regs  map[mm.Reg]uint64
	quiet bool // only finds out what entries assume
	memo  map[situation]*fnWalk
	fns   map[string]*shape
	found map[complaintAt]*complaint
	seen  []complaintAt // in the order of discovery
}

// situation is a call: the function, and what holds then.
type situation struct {
	fn   string
	in   facts
	root bool // called by the model
}

// summary is what a call in one situation can end in.
type summary struct {
	ends []end
	// locks of unknown state that it needs held, or free
	wantHeld, wantFree uint64
}

// end is one way in which a call ends.
type end struct {
	result bool
	out    facts
}

// shape is what the check knows of a function beforehand.
type shape struct {
	tests  []uint64 // for each op the bit of its test, 0 when it decides nothing that recurs
	live   []uint64 // for each op the tests that may still come
	guards []uint64 // for each op that is a test of an if: the locks that its blocks use
	// for each register the tests that read it
	readers map[mm.Reg]uint64
}

func newFlow(u *unit, quiet bool) *flow {
	f := &flow{u: u, quiet: quiet, memo: map[situation]*fnWalk{}, fns: map[string]*shape{},
		regs: map[mm.Reg]uint64{}, found: map[complaintAt]*complaint{}}
	for i, r := range u.regs {
		f.regs[mm.Reg(r)] = 1 << min(i, 63)
	}
	for _, s := range u.Steps {
		for _, l := range slices.Concat(s.Needs, s.Takes, s.Drops) {
			f.bit(l)
		}
	}
	return f
}

// bit returns the bit of a lock. Only the first 64 locks are tracked.
func (f *flow) bit(l mm.Lock) uint64 {
	i := slices.Index(f.locks, l)
	if i < 0 {
		i = len(f.locks)
		f.locks = append(f.locks, l)
	}
	if i > 63 {
		return 0
	}
	return 1 << i
}

func (f *flow) bits(ls []mm.Lock) uint64 {
	var b uint64
	for _, l := range ls {
		b |= f.bit(l)
	}
	return b
}

func (f *flow) regBits(rs []mm.Reg) uint64 {
	var b uint64
	for _, r := range rs {
		b |= f.regs[r]
	}
	return b
}

// stronger returns the bit of the exclusive form of a shared lock, or 0.
func (f *flow) stronger(l mm.Lock) uint64 {
	if base, ok := strings.CutSuffix(string(l), ", shared"); ok {
		return f.bit(mm.Lock(base + ", exclusive"))
	}
	return 0
}

// weaker returns the bit of the shared form of an exclusive lock, or 0.
func (f *flow) weaker(l mm.Lock) uint64 {
	if base, ok := strings.CutSuffix(string(l), ", exclusive"); ok {
		return f.bit(mm.Lock(base + ", shared"))
	}
	return 0
}

// counted says whether a step may take a lock that is held already: references
// and shared locks, and the lock of an object that the step brings along.
func counted(s *mm.Step, l mm.Lock) bool {
	return strings.HasSuffix(string(l), "reference") || strings.HasSuffix(string(l), ", shared") || len(s.Sets) > 0
}

// shape finds the tests of a function that recur: what a test said the first
// time it says again, until a register that it reads changes or the function
// jumps back. But a test of which every path knows the outcome already is there
// to look again, and may find something else.
func (f *flow) shape(b *body) *shape {
	if s := f.fns[b.fn.Name]; s != nil {
		return s
	}
	type test struct {
		step *mm.Step
		arg  int
	}
	count := map[test]int{}
	for _, o := range b.ops {
		if decides(o.step) {
			count[test{o.step, o.arg}]++
		}
	}
	s := &shape{tests: make([]uint64, len(b.ops)), live: make([]uint64, len(b.ops)), guards: make([]uint64, len(b.ops)),
		readers: map[mm.Reg]uint64{}}
	bits := map[test]uint64{}
	for i, o := range b.ops {
		if o.stmt != nil && o.stmt.Kind == If && decides(o.step) {
			s.guards[i] = f.touches(b.fn.Name, []*Stmt{o.stmt})
		}
		t := test{o.step, o.arg}
		if count[t] < 2 || !decides(o.step) {
			continue
		}
		if _, ok := bits[t]; !ok && len(bits) < 64 {
			bits[t] = 1 << len(bits)
		}
		s.tests[i] = bits[t]
		for _, r := range o.step.Uses {
			s.readers[r] |= bits[t]
		}
	}
	for changed := true; changed; {
		changed = false
		for i := len(b.ops) - 1; i >= 0; i-- {
			l := s.tests[i]
			for _, to := range []int{b.ops[i].yes, b.ops[i].no} {
				if to > i {
					l |= s.live[to]
				}
			}
			if l != s.live[i] {
				s.live[i], changed = l, true
			}
		}
	}
	f.fns[b.fn.Name] = s
	return s
}

// decides says whether a step is a mere test.
func decides(s *mm.Step) bool {
	return s != nil && s.Cond && len(s.Takes) == 0 && len(s.Drops) == 0 && len(s.Sets) == 0
}

// forget drops the tests that read one of the registers just set.
func (s *shape) forget(in *facts, set []mm.Reg) {
	for _, r := range set {
		in.known &^= s.readers[r]
		in.value &^= s.readers[r]
	}
}

// touches returns the locks that statements of a function use, in functions
// that they call too.
func (f *flow) touches(fn string, body []*Stmt) uint64 {
	var all uint64
	walk(body, func(s *Stmt) {
		for _, t := range terms(s) {
			n := t.Name.Text
			if isCall(f.u.fns, fn, n) {
				all |= f.touches(n, f.u.fns[n].Body)
			} else if step := f.u.steps[n]; step != nil {
				all |= f.bits(step.Takes) | f.bits(step.Drops)
			}
		}
	})
	return all
}
