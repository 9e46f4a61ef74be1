package explore

import (
	"fmt"
	"math/bits"
	"strings"
)

// work is a piece of a search that is left to do: a place, by the choices that
// lead there, and who is to be tried from it. It is a small value that means the
// same to every worker and in every process.
type work struct {
	plan  []int8
	sleep uint32  // who need not be tried: others do, or have
	todo  uint32  // who is to be tried, if the search keeps no wakeup trees
	frame *sframe // or a frame of the optimal search and all below it; see its write
	share float64
}

const taskDigits = "0123456789abcdef"

// String writes a piece as plan/sleep/todo, a digit a task, or as a frame.
func (w *work) String() string {
	var b strings.Builder
	if w.frame != nil {
		w.frame.write(&b)
		return b.String()
	}
	for _, c := range w.plan {
		b.WriteByte(taskDigits[c])
	}
	b.WriteByte('/')
	for r := w.sleep; r != 0; r &= r - 1 {
		b.WriteByte(taskDigits[bits.TrailingZeros32(r)])
	}
	b.WriteByte('/')
	for r := w.todo; r != 0; r &= r - 1 {
		b.WriteByte(taskDigits[bits.TrailingZeros32(r)])
	}
	return b.String()
}

// write writes a frame of the optimal search as [sleep|branches], a branch as its
// task and, if it waits to be taken up, its tree: 1(20)3 is a branch that begins
// with 1 and goes on with 2 or 0, and one that is 3 alone. A branch that was taken
// up is followed by ! or, if it had a tree, by +, and by the frame behind it if
// there is one; one that another process has, by ?. A frame on the way to a piece is
// written in braces.
func (s *sframe) write(b *strings.Builder) {
	ends := "[]"
	if s.apart {
		ends = "{}"
	}
	b.WriteByte(ends[0])
	for r := s.sleep; r != 0; r &= r - 1 {
		b.WriteByte(taskDigits[bits.TrailingZeros32(r)])
	}
	b.WriteByte('|')
	for n := s.first; n != nil; n = n.next {
		b.WriteByte(taskDigits[n.task])
		switch {
		case !n.taken || n.idle:
			if n.child != nil {
				b.WriteByte('(')
				writeTree(b, n.child)
				b.WriteByte(')')
			}
			continue
		case n.away:
			b.WriteByte('?')
		case n.leaf:
			b.WriteByte('!')
		default:
			b.WriteByte('+')
		}
		if n.behind != nil {
			n.behind.write(b)
		}
	}
	b.WriteByte(ends[1])
}

func writeTree(b *strings.Builder, n *wnode) {
	for ; n != nil; n = n.next {
		b.WriteByte(taskDigits[n.task])
		if n.child != nil {
			b.WriteByte('(')
			writeTree(b, n.child)
			b.WriteByte(')')
		}
	}
}

// parseWork reads what String wrote. There are no footprints.
func parseWork(s string) (*work, error) {
	if strings.HasPrefix(s, "[") || strings.HasPrefix(s, "{") {
		f, rest, ok := parseFrame(s, &sframe{plan: []int8{}})
		if !ok || rest != "" {
			return nil, fmt.Errorf("a piece of work ends in %q", rest)
		}
		return &work{frame: f}, nil
	}
	parts := strings.Split(s, "/")
	if len(parts) != 3 {
		return nil, fmt.Errorf("a piece of work is %q, not choices/asleep/to do", s)
	}
	w := &work{plan: []int8{}}
	for _, c := range parts[0] {
		i := strings.IndexRune(taskDigits, c)
		if i < 0 {
			return nil, fmt.Errorf("a piece of work has a task %q", c)
		}
		w.plan = append(w.plan, int8(i))
	}
	for i, set := range []*uint32{&w.sleep, &w.todo} {
		for _, c := range parts[i+1] {
			t := strings.IndexRune(taskDigits, c)
			if t < 0 {
				return nil, fmt.Errorf("a piece of work has a task %q", c)
			}
			*set |= 1 << t
		}
	}
	return w, nil
}

// parseFrame reads what write wrote into f, which has its place.
func parseFrame(s string, f *sframe) (_ *sframe, rest string, ok bool) {
	if s, f.apart = strings.CutPrefix(s, "{"); f.apart {
		ok = true
	} else {
		s, ok = strings.CutPrefix(s, "[")
	}
	closing := "]"
	if f.apart {
		closing = "}"
	}
	f.ready = true
	for ; ok && s != ""; s = s[1:] {
		t := strings.IndexByte(taskDigits, s[0])
		if t < 0 {
			break
		}
		f.sleep |= 1 << t
	}
	s, ok = strings.CutPrefix(s, "|")
	at := &f.first
	for ok && s != "" && !strings.HasPrefix(s, closing) {
		n := &wnode{task: strings.IndexByte(taskDigits, s[0])}
		if n.task < 0 {
			return f, s, false
		}
		*at, at, s = n, &n.next, s[1:]
		if strings.HasPrefix(s, "(") {
			if n.child, s = parseTree(s[1:]); n.child == nil || !strings.HasPrefix(s, ")") {
				return f, s, false
			}
			s = s[1:]
		}
		if s != "" && strings.IndexByte("!+?", s[0]) >= 0 {
			n.taken, n.leaf, n.away, s = true, s[0] != '+', s[0] == '?', s[1:]
			if n.child != nil {
				return f, s, false
			}
			if !n.away && (strings.HasPrefix(s, "[") || strings.HasPrefix(s, "{")) {
				plan := append(f.plan[:len(f.plan):len(f.plan)], int8(n.task))
				if n.behind, s, ok = parseFrame(s, &sframe{plan: plan, parent: f, from: n}); !ok {
					return f, s, false
				}
			}
			n.done = !n.away && (n.behind == nil || n.behind.open == 0)
			if !n.leaf && n.behind == nil {
				return f, s, false
			}
		}
		if !n.done {
			f.open++
		}
	}
	s, closed := strings.CutPrefix(s, closing)
	return f, s, ok && closed
}

func parseTree(s string) (first *wnode, rest string) {
	at := &first
	for s != "" {
		t := strings.IndexByte(taskDigits, s[0])
		if t < 0 {
			break
		}
		n := &wnode{task: t}
		*at, at, s = n, &n.next, s[1:]
		if s == "" || s[0] != '(' {
			continue
		}
		n.child, s = parseTree(s[1:])
		if s == "" || s[0] != ')' || n.child == nil {
			return first, "(" + s
		}
		s = s[1:]
	}
	return first, s
}

// prober runs the choices of a plan and then one block of a task, to learn its
// footprint.
type prober struct {
	task  int
	foot  *footprint
	calls int
	lost  bool // the task could not go on there
}

func (p *prober) Next(*X) bool { return true }

func (p *prober) Choose(x *X, s *state) int {
	x.fast = false
	p.calls++
	if p.calls == 2 {
		p.take(x)
		return -1
	}
	if s.Enabled>>p.task&1 == 0 {
		p.lost = true
		return -1
	}
	return p.task
}

// take keeps the footprint of the block that has just ended.
func (p *prober) take(x *X) {
	if p.foot != nil && !p.lost {
		x.tasks[p.task].foot.copyTo(p.foot)
		p.foot = nil
	}
}

// probe finds out what a task would do next behind the choices of plan. It counts
// as no execution, and what goes wrong in it is reported elsewhere. It is false if
// the program does something else than before.
func (x *X) probe(prog func(*X), plan []int8, task int, to *footprint) bool {
	strat, sink, was, fast := x.strat, x.sink, x.plan, x.fast
	p := &prober{task: task, foot: to}
	x.strat, x.sink = p, nil
	x.plan, x.fast = plan, len(plan) > 0
	x.parting = func() { p.take(x) }
	x.drive(prog)
	x.strat, x.sink, x.parting = strat, sink, nil
	x.plan, x.fast = was, fast
	x.restarted = x.restarted || len(x.refine) > 0 || x.moved
	return !p.lost && p.calls > 0
}
