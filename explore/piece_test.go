package explore

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"testing"
)

// apart searches by taking pieces out of a search again and again, each of which is
// explored by itself; nothing but what is written down is known to more than one.
func apart(p *program, o Options, rng *rand.Rand) (found, *Result, int64) {
	e := &ends{out: found{}, p: p}
	o.MaxEvents, o.eager = 400, true
	run := func(o Options, executions int64) (*Result, [][]byte) {
		var records [][]byte
		o.Save = func(b []byte) error {
			records = append(records, append([]byte(nil), b...))
			return nil
		}
		if executions > 0 {
			o.MaxExecutions = executions
		}
		return Run(e.prog(), o), records
	}
	pieces := int64(0)
	last := int64(0)
	for {
		r, records := run(o, last+1+rng.Int63n(4))
		last = r.Executions + r.Discarded
		if r.Cut == "cycles" {
			// Nothing is left but to look for cycles, in more executions than that.
			o.Saved = append(o.Saved, records...)
			r, _ = run(o, 1<<40)
		}
		if r.Cut != "executions" || last > 50000 {
			return e.out, r, pieces
		}
		if o.Saved = append(o.Saved, records...); len(o.Saved) == 0 {
			continue // nothing is written down before it is known what has to be visible
		}
		rest, given, err := Split(e.prog(), 1+rng.Intn(3), o)
		if err != nil {
			r.Cut = err.Error()
			return e.out, r, pieces
		}
		o.Saved = rest
		pieces += int64(len(given))
		rng.Shuffle(len(given), func(i, j int) { given[i], given[j] = given[j], given[i] })
		for _, piece := range given {
			if rng.Intn(3) == 0 {
				// The search goes on meanwhile, and may begin again.
				if r, records := run(o, last+1+rng.Int63n(20)); r.Cut == "executions" || r.Cut == elsewhere {
					o.Saved = append(o.Saved, records...)
				}
			}
			q := o
			q.Saved = [][]byte{piece}
			if rng.Intn(3) == 0 {
				q.Workers, q.Clone = 3, e.prog
			}
			// It may be interrupted as well.
			r, records := run(q, 1+rng.Int63n(8))
			o.Saved = append(o.Saved, records...)
			if r.Cut == "executions" {
				q.Saved = append(q.Saved, records...)
				r, records = run(q, 0)
				o.Saved = append(o.Saved, records...)
			}
			if r.Cut != onlyPiece {
				return e.out, r, pieces
			}
		}
	}
}

// TestPieces: a search of which pieces are explored elsewhere finds what one search
// finds, Optimal with as many executions and events, Merge in as many states.
func TestPieces(t *testing.T) {
	for _, s := range []Search{Merge, Optimal} {
		compared, pieces := 0, int64(0)
		for i := range int64(*randomCount) {
			seed := *randomSeed + i
			o := Options{Search: s, AllVisible: i%4 == 1}
			p := variedProgram(i, seed, s)
			differs := func(p *program) (string, int64) { return differsApart(p, o, seed) }
			d, n := differs(p)
			if n >= 0 {
				compared++
				pieces += n
			}
			if d != "" {
				p = shrink(p, func(p *program) string { d, _ := differs(p); return d })
				d, _ = differs(p)
				t.Fatalf("search %d, seed %d\n%s\n%s", s, seed, p, d)
			}
		}
		t.Logf("search %d: %d compared, %d pieces explored elsewhere", s, compared, pieces)
		if pieces == 0 {
			t.Errorf("search %d: no piece was ever explored elsewhere", s)
		}
	}
}

// TestStatesOfTwo: a state that two searches have come to is explored but for who slept
// in both.
func TestStatesOfTwo(t *testing.T) {
	s := newShards(&table{}, 1<<20, false)
	key := hash128{1, 2}
	s.add(slot{key: key, sleep: 0b011, used: 1}, false)
	s.add(slot{key: key, sleep: 0b110, used: 1}, true)
	if e := s.of(key).t.lookup(key); e.sleep != 0b010 {
		t.Errorf("%03b sleep", e.sleep)
	}
}

// TestSplitRefuses: what cannot be split, and what is no result, is said.
func TestSplitRefuses(t *testing.T) {
	o := Options{Search: Optimal, eager: true, MaxExecutions: 20}
	o.Save = func(b []byte) error { o.Saved = append(o.Saved, b); return nil }
	Run(mutexProg(3, 3), o)
	rest, pieces, err := Split(mutexProg(3, 3), 2, o)
	if err != nil || len(pieces) != 2 {
		t.Fatal(len(pieces), err)
	}
	if _, _, err := Split(mutexProg(3, 3), 1, Options{Search: Optimal}); err == nil {
		t.Error("nothing is split")
	}
	o.MaxExecutions = 0
	o.Saved = append(rest, pieces[0])
	if r := Run(mutexProg(3, 3), o); r.Complete || r.Cut != unfinished(name(t, pieces[0])).Error() {
		t.Errorf("a piece that is not explored: %+v", r)
	}
	o.Saved = pieces[:1]
	o.Save = func(b []byte) error { rest = append(rest, b, b); return nil }
	if r := Run(mutexProg(3, 3), o); r.Cut != onlyPiece {
		t.Errorf("a piece: %+v", r)
	}
	o.Saved = rest // has the result twice, which is no other than once
	if r := Run(mutexProg(3, 3), o); r.Cut != elsewhere {
		t.Errorf("a piece is missing: %+v", r)
	}
	if r := Run(mutexProg(3, 3), o); r.Cut != elsewhere {
		t.Errorf("a piece is missing still: %+v", r)
	}
}

func name(t *testing.T, piece []byte) string {
	t.Helper()
	var r record
	if err := json.Unmarshal(piece, &r); err != nil {
		t.Fatal(err)
	}
	return r.Piece
}

func differsApart(p *program, o Options, seed int64) (string, int64) {
	once := o
	once.MaxExecutions = 3000
	want, r := searched(p, once)
	if r.Cut != "" {
		return "", -1
	}
	got, q, pieces := apart(p, o, rand.New(rand.NewSource(seed)))
	same := q.States == r.States
	if o.Search == Optimal {
		same = q.Executions == r.Executions && q.Events == r.Events && q.Blocked == r.Blocked
	}
	if got.String() != want.String() || !q.Complete || q.Restarts == r.Restarts && !same {
		return fmt.Sprintf("%s%+v\none search has\n%+v", want.less(got), q, r), pieces
	}
	return "", pieces
}
