package explore

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// record is what Options.Save is given: all that is known of a search but the
// states, of which it has those that are new.
type record struct {
	Version    int
	Fresh      bool // the states of the records before it are void
	Search     Search
	Piece      string   `json:",omitempty"` // what it is a piece of a search by the name of
	Generation int      `json:",omitempty"` // how often the search has begun again
	Again      bool     `json:",omitempty"` // what was found in the piece makes the search begin again
	Away       []string `json:",omitempty"` // pieces of Merge that others have
	Work       []string
	Modes      []modeOf
	Names      []nameKey
	Executions int64
	Events     int64
	Discarded  int64
	Restarts   int
	Blocked    int64
	Forgets    bool // a task has called Forget
	Lost       bool `json:",omitempty"` // there are more transitions
	Bounded    bool `json:",omitempty"`
	Bound      int  `json:",omitempty"`
	Limited    bool `json:",omitempty"` // the bound kept something out
	Done       float64
	Violations []costly
	Order      []lockEdge
	States     []byte // key, key, who sleeps: 8, 8 and 4 bytes
	Walked     []byte // transitions that are new: from, to, 8 bytes each
}

// recordVersion changes when a hash or the meaning of a piece of work does.
const recordVersion = 3

type modeOf struct {
	ID   uint64
	Mode visibility
}

type costly struct {
	Violation
	Cost int
}

const stateBytes = 20

// save writes down what is left and what is known. Nobody runs.
func (p *pool) save() {
	if p.o.Save == nil || p.unsaved != nil || p.over {
		return
	}
	p.saved = time.Now()
	r := p.total()
	rec := record{
		Version: recordVersion, Fresh: p.fresh, Search: p.o.Search,
		Piece: p.piece, Generation: p.generation, Again: p.rerun, Away: p.away,
		Executions: r.Executions, Events: r.Events, Discarded: r.Discarded, Restarts: r.Restarts,
		Blocked: r.Blocked, Done: r.Done, Forgets: p.forgets(), Lost: p.walked.lost, Order: p.order.edges,
	}
	if p.deepen != nil {
		rec.Bounded, rec.Bound, rec.Limited = true, p.bound, p.limited
		for _, w := range p.workers {
			rec.Limited = rec.Limited || w.part.(*bounded).limited
		}
	}
	costs := p.simplest(r)
	for _, v := range r.Violations {
		rec.Violations = append(rec.Violations, costly{v, costs[v.Property]})
	}
	root := p.root
	add := func(it *work) {
		if it.frame == nil {
			rec.Work = append(rec.Work, it.String())
			return
		}
		for root = it.frame; root.parent != nil; root = root.parent {
		}
	}
	for _, w := range p.workers {
		w.part.rest(add)
	}
	for _, it := range slices.Backward(p.queue) {
		add(it)
	}
	if root != nil {
		rec.Work = append(rec.Work, (&work{frame: root}).String())
	}
	p.agree()
	for _, id := range slices.Sorted(maps.Keys(p.modes)) {
		rec.Modes = append(rec.Modes, modeOf{id, p.modes[id]})
	}
	for k := range p.names {
		rec.Names = append(rec.Names, k)
	}
	if p.states != nil {
		rec.States = p.states.drain()
		for _, w := range p.workers {
			t := w.part.steps()
			rec.Walked, rec.Lost = t.drain(rec.Walked), rec.Lost || t.lost
		}
	}
	p.fresh = false
	b, err := json.Marshal(&rec)
	if err == nil {
		err = p.o.Save(b)
	}
	p.unsaved = err
}

// simplest is what the violations of a total cost.
func (p *pool) simplest(r *Result) map[string]int {
	costs := maps.Clone(p.costs)
	for _, w := range p.workers {
		for property, c := range w.x.sink.cost {
			if old, ok := costs[property]; !ok || c < old {
				costs[property] = c
			}
		}
	}
	return costs
}

// forgets says whether a task has called Forget. If none has, every state knows
// all that has happened, and none comes back.
func (p *pool) forgets() bool {
	return p.forgot || slices.ContainsFunc(p.workers, func(w *worker) bool { return w.x.forgets })
}

// drain returns the states that are new or have changed since the last time.
func (s *shards) drain() []byte {
	var b []byte
	for i := range s.list {
		sh := &s.list[i]
		for _, e := range sh.log {
			b = binary.LittleEndian.AppendUint64(b, e.key.a)
			b = binary.LittleEndian.AppendUint64(b, e.key.b)
			b = binary.LittleEndian.AppendUint32(b, e.sleep)
		}
		sh.log = sh.log[:0]
	}
	return b
}

// restore puts the pool where the last record left it, and adds what the pieces that
// others had came to.
func (p *pool) restore(saved [][]byte) error {
	var rec record
	for i, b := range saved {
		r, err := p.read(b)
		if err != nil {
			return err
		}
		if i == 0 {
			p.piece = r.Piece
		}
		if r.Piece == p.piece {
			rec = *r
			clear(p.results) // they are part of it
			p.restoreStates(r)
		} else if p.ends(r); r.Generation == rec.Generation {
			p.restoreStates(r)
		}
	}
	if p.states != nil {
		p.states.drain() // they are written down already
	}
	for _, text := range rec.Work {
		it, err := parseWork(text)
		if err != nil {
			return err
		}
		it.share = (1 - rec.Done) / float64(len(rec.Work))
		p.pieces = append(p.pieces, it)
	}
	p.restoreFound(&rec)
	p.before.Executions, p.before.Events, p.before.Discarded = rec.Executions, rec.Events, rec.Discarded
	p.before.Restarts, p.before.Blocked, p.forgot = rec.Restarts, rec.Blocked, rec.Forgets
	p.bound, p.limited = rec.Bound, rec.Limited
	p.generation, p.away = rec.Generation, rec.Away
	if err := p.restoreResults(); err != nil {
		return err
	}
	p.executed.Store(p.before.Executions + p.before.Discarded)
	p.restored = true
	if len(p.pieces) > 0 || p.rerun {
		return nil
	}
	if p.deepen != nil {
		p.end()
	} else {
		p.over, p.cut = true, p.apart()
	}
	return nil
}

func (p *pool) read(b []byte) (*record, error) {
	rec := &record{}
	if err := json.Unmarshal(b, rec); err != nil {
		return nil, fmt.Errorf("what was saved cannot be read: %w", err)
	}
	if rec.Version != recordVersion || rec.Search != p.o.Search || rec.Bounded != p.o.Bounded {
		return nil, errors.New("what was saved is of another version or another search")
	}
	if len(rec.States)%stateBytes != 0 || len(rec.Walked)%transitionBytes != 0 {
		return nil, errors.New("what was saved is damaged")
	}
	return rec, nil
}

// restoreStates adds the states of a record. One that a piece came to, too, is explored
// but for who slept in both.
func (p *pool) restoreStates(rec *record) {
	if p.states == nil {
		return
	}
	if rec.Fresh {
		p.states.reset()
		p.walked.reset()
	}
	p.walked.restore(rec.Walked)
	p.walked.lost = p.walked.lost || rec.Lost
	for s := rec.States; len(s) > 0; s = s[stateBytes:] {
		p.states.add(slot{
			key:   hash128{binary.LittleEndian.Uint64(s), binary.LittleEndian.Uint64(s[8:])},
			sleep: binary.LittleEndian.Uint32(s[16:]), used: 1,
		}, rec.Piece != p.piece)
	}
}

// restoreFound adds what holds wherever it was found.
func (p *pool) restoreFound(rec *record) {
	for _, m := range rec.Modes {
		p.modes[m.ID] |= m.Mode
	}
	for _, k := range rec.Names {
		p.names[k] = true
	}
	found := &sink{p.costs, &p.before}
	for i := range rec.Violations {
		found.add(&rec.Violations[i].Violation, rec.Violations[i].Cost)
	}
	for _, e := range rec.Order {
		p.order.add(e)
	}
}
