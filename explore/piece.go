package explore

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A piece is work that is explored by itself, in a search of its own that knows
// nothing but the choices that lead there and who sleeps there. It returns what that
// showed: ends and violations, the states it came to (Merge), and the races to be
// reversed in the frames above it (Optimal).
//
// Merge needs no more than that: the piece is explored as one whose states nobody has
// come to yet. What a state of it has behind it is explored but for who slept, whoever
// comes there later; where two searches have been, but for who slept in both.
//
// Optimal gives away leaves of wakeup trees only. Behind a leaf everything is explored,
// so nothing is ever put in there from outside. A branch with a tree is first taken up
// as far as its first leaf. The other process keeps the frames above as frames of its own
// (sframe.apart) with nothing but the branch that leads to the piece: what is left of it
// sleeps, and what is put in to the right is not taken up but returned. The owner puts
// that into its own frames, where most is covered by what the other could not know of.
//
// If a piece shows that the search has to begin again, what other pieces come to is void,
// but for what they found.

const (
	onlyPiece = "only a piece of the search"
	elsewhere = "pieces of the search are elsewhere"
)

// Split takes up to n pieces out of the search by Merge or Optimal that o.Saved has.
// Each is a value that Run explores by itself, as Options.Saved, in any process; what its
// Options.Save is given is the result. What is left of the search are the records rest,
// the results of the pieces behind them. Run, given those, goes on with it; that the result
// of a piece is missing yet is said in Result.Cut.
func Split(prog func(*X), n int, o Options) (rest, pieces [][]byte, err error) {
	if o.Bounded || o.Search != Merge && o.Search != Optimal || len(o.Saved) == 0 {
		return nil, nil, errors.New("only a search by Merge or Optimal that was saved can be split")
	}
	o.Save, o.Workers = nil, 1
	x := newX(o)
	defer x.Close()
	m := &dpor{strict: o.strict}
	p := newPool(&o, x, prog, m, nil)
	m.pool, m.x, x.strat = p, x, m
	if err := p.restore(o.Saved); err != nil {
		return nil, nil, err
	}
	if len(p.results) > 0 || p.rerun {
		return nil, nil, errors.New("a search has to go on before it is split again: results of pieces have come in")
	}
	rec, err := p.read(o.Saved[len(o.Saved)-1])
	if err != nil {
		return nil, nil, err
	}
	var texts, names []string
	if o.Search == Merge {
		k := max(len(rec.Work)-n, 0) // the last are the largest
		texts, rec.Work = rec.Work[k:], rec.Work[:k]
		names = texts
		rec.Away = append(rec.Away, names...)
	} else if texts, names, err = m.handOut(p, n); err != nil {
		return nil, nil, err
	} else if p.root != nil {
		rec.Work = []string{(&work{frame: p.root}).String()}
	}
	for i := range texts {
		b, err := json.Marshal(&record{
			Version: recordVersion, Search: o.Search, Piece: names[i], Generation: rec.Generation,
			Work: texts[i : i+1], Modes: rec.Modes, Names: rec.Names,
		})
		if err != nil {
			return nil, nil, err
		}
		pieces = append(pieces, b)
	}
	rec.States, rec.Fresh = nil, false
	b, err := json.Marshal(rec)
	return append(slices.Clip(o.Saved), b), pieces, err
}

// handOut takes up to n leaves out of the frames of a search.
func (m *dpor) handOut(p *pool, n int) (texts, names []string, err error) {
	w := p.workers[0]
	p.agree()
	if err := m.resume(w, p.pieces); err != nil {
		return nil, nil, err
	}
	if w.x.restarted || len(w.x.refine) > 0 {
		return nil, nil, nil // the search begins again
	}
	for len(texts) < n && len(p.queue) > 0 {
		it := p.queue[0]
		p.queue = p.queue[1:]
		s := it.frame
		if s == nil {
			continue // all of a search
		}
		b := s.waiting()
		if b == nil {
			continue
		}
		p.queue = append(p.queue, it)
		for b.child != nil {
			s = s.behindTree(b)
			p.queue = append(p.queue, &work{frame: s})
			b = s.first
		}
		b.taken, b.leaf = true, true
		texts = append(texts, (&work{frame: s.wayTo(b)}).String())
		names = append(names, digits(s.plan)+taskDigits[b.task:b.task+1])
		b.away = true
	}
	return texts, names, nil
}

// behindTree takes b up and returns the frame behind it, as a worker that comes there
// would find it; see follow.
func (s *sframe) behindTree(b *wnode) *sframe {
	b.taken = true
	f := &sframe{plan: append(slices.Clip(s.plan), int8(b.task)), parent: s, from: b, first: b.child, ready: true}
	asleep := func(q int, foot *footprint) {
		if !dependent(&b.foot, foot) {
			f.sleep |= 1 << q
			foot.copyTo(&f.foots[q])
		}
	}
	for q := range MaxTasks {
		if s.sleep>>q&1 != 0 {
			asleep(q, &s.foots[q])
		}
	}
	for l := s.first; l != b; l = l.next {
		asleep(l.task, &l.foot)
	}
	for c := b.child; c != nil; c = c.next {
		f.open++
	}
	b.behind, b.child = f, nil
	return f
}

// wayTo is the first of the frames that lead to a piece, b, which waits in the last.
func (s *sframe) wayTo(b *wnode) *sframe {
	var below *sframe
	for ; s != nil; s, b = s.parent, s.from {
		f := &sframe{sleep: s.sleep, apart: true}
		for l := s.first; l != b; l = l.next {
			f.sleep |= 1 << l.task
		}
		f.first = &wnode{task: b.task, taken: below != nil, behind: below}
		below = f
	}
	return below
}

// apart says why a search that has nothing left to do is not complete.
func (p *pool) apart() string {
	switch {
	case p.piece != "":
		return onlyPiece
	case len(p.away) > 0 || p.root != nil && p.root.lacks():
		return elsewhere
	}
	return ""
}

// lacks says whether others have pieces of s.
func (s *sframe) lacks() bool {
	for b := s.first; b != nil; b = b.next {
		if b.away || b.behind != nil && b.behind.lacks() {
			return true
		}
	}
	return false
}

// leave ends a piece that has found what makes the search begin again.
func (p *pool) leave() {
	p.queue, p.root, p.rerun = nil, nil, true
	p.end()
}

// ends keeps what a piece has come to; of several records of one, the last.
func (p *pool) ends(rec *record) {
	if p.results == nil {
		p.results = map[string]*record{}
	}
	p.results[rec.Piece] = rec
}

// restoreResults adds what the pieces have come to, but for what belongs into the
// frames of an optimal search: that needs the program.
func (p *pool) restoreResults() error {
	for name, r := range p.results {
		p.restoreFound(r)
		if r.Generation != p.generation || r.Again {
			p.before.Discarded += r.Executions + r.Discarded
			p.rerun = p.rerun || r.Again && r.Generation == p.generation
			delete(p.results, name)
			continue
		}
		p.before.Executions += r.Executions
		p.before.Events += r.Events
		p.before.Blocked += r.Blocked
		p.forgot = p.forgot || r.Forgets
		if r.Search == Optimal {
			continue
		}
		if len(r.Work) > 0 {
			return unfinished(name)
		}
		at := slices.Index(p.away, name)
		if at < 0 {
			return notOurs(name)
		}
		p.away = slices.Delete(p.away, at, at+1)
	}
	return nil
}

func unfinished(name string) error {
	return fmt.Errorf("piece %s has not been explored to its end", name)
}
func notOurs(name string) error { return fmt.Errorf("piece %s is none of this search", name) }

// joinAll puts what is to be reversed in the frames above pieces into the search's own.
func (m *dpor) joinAll(w *worker) error {
	for name, r := range w.p.results {
		if len(r.Work) != 1 {
			return unfinished(name)
		}
		it, err := parseWork(r.Work[0])
		if err != nil {
			return err
		}
		if it.frame == nil || it.frame.first == nil {
			return notOurs(name)
		}
		if err := m.join(w, name, w.p.root, it.frame); err != nil {
			return err
		}
	}
	clear(w.p.results)
	return nil
}

// join puts what other, a frame above a piece, has to the right of the branch that leads
// there into s, and goes on to the frame behind.
func (m *dpor) join(w *worker, name string, s, other *sframe) error {
	for {
		b := s.first
		for b != nil && b.task != other.first.task {
			b = b.next
		}
		if b == nil {
			return notOurs(name)
		}
		f := &dframe{shared: s}
		m.at(w.x, f, b)
		w.x.probeTree(w.prog, s.plan, &other.first.next)
		m.joinTree(w.x, f, nil, other.first.next)
		if b.behind == nil {
			if !b.away {
				return notOurs(name)
			}
			if !other.first.done {
				return unfinished(name)
			}
			b.away = false
			s.done(b)
			return nil
		}
		if s, other = b.behind, other.first.behind; other == nil || other.first == nil || !other.apart {
			return notOurs(name)
		}
	}
}

// joinTree puts the sequences that begin with seq and go on as n into the frame that f
// is at. Nothing that sleeps there covers them: the same slept in the piece.
func (m *dpor) joinTree(x *X, f *dframe, seq []wstep, n *wnode) {
	for ; n != nil; n = n.next {
		w := append(slices.Clip(seq), wstep{n.task, &n.foot})
		if n.child != nil {
			m.joinTree(x, f, w, n.child)
		} else {
			m.insertShared(x, f, w)
		}
	}
}

func digits(plan []int8) string {
	var b strings.Builder
	for _, c := range plan {
		b.WriteByte(taskDigits[c])
	}
	return b.String()
}
