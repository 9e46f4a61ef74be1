package explore

import (
	"math/rand"
	"slices"
	"testing"
)

// A rounds program has tasks that do the same again and again until they see what another
// did. All that a round has seen is forgotten when the next begins, so states come back.

var (
	inRounds = words("store store store swap cas load ftas ftac fset fclear ftest mutex trymutex " +
		"if atomically rw rlock tryrlock trywlock flock ftrylock mload mstore mlos mdel mlad vget vset csignal cbroadcast notify reinit")
	outside = words("load store store cas swap ftas fclear fset mutex await loop retryon seen fwaitclear rw rlock flock mstore mdel vset cwhile go")

	withBody = words("mutex trymutex if atomically rw rlock tryrlock trywlock flock ftrylock seen loop go")
)

func roundsProgram(r *rand.Rand) *program {
	one := func(ops []string) instr {
		i := instr{op: ops[r.Intn(len(ops))], o: r.Intn(2), v: r.Intn(2)}
		if slices.Contains(withBody, i.op) {
			i.body = []instr{{op: "store", o: r.Intn(2), v: r.Intn(2)}}
		}
		return i
	}
	p := &program{}
	rounds := 1 + r.Intn(2)
	for t := range 2 + r.Intn(2) {
		var b []instr
		for range r.Intn(3) {
			b = append(b, one(outside))
		}
		if t < rounds {
			round := instr{op: "round", o: r.Intn(2), v: r.Intn(2)}
			for range 1 + r.Intn(3) {
				round.body = append(round.body, one(inRounds))
			}
			b = slices.Insert(b, r.Intn(len(b)+1), round)
		}
		p.tasks = append(p.tasks, b)
	}
	return p
}

// compareRounds returns a difference between the textbook search, every choice in every
// state, and the others, of a program that may go round for ever.
func compareRounds(p *program) (diff string, n int) {
	want, r := searched(p, Options{AllVisible: true, NoSleep: true, MaxExecutions: 2000, MaxEvents: 4000})
	if r.Cut != "" {
		return "", 0
	}
	for _, o := range []Options{{AllVisible: true}, {}} {
		o.MaxExecutions, o.MaxEvents = 8000, 20000
		got, r := searched(p, o)
		if r.Cut != "" {
			return r.Cut, 1
		}
		if got.String() != want.String() {
			return want.less(got), 1
		}
	}
	if want["violation livelock"] {
		n = 1
	}
	return "", n
}

// TestRounds: programs that go round end in the same, or go round for ever, for all.
func TestRounds(t *testing.T) {
	livelocks := campaign(t, *randomCount, roundsProgram, func(p *program, _ int) (string, int) { return compareRounds(p) })
	t.Logf("%d livelocks", livelocks)
}

// TestRoundsShared: several workers, a search that is interrupted, and one whose pieces are
// explored by themselves see whether a program goes round, whoever explored which part of
// the circle.
func TestRoundsShared(t *testing.T) {
	livelocks, pieces := 0, int64(0)
	for i := range int64(*randomCount) {
		seed := *randomSeed + i
		p := roundsProgram(rand.New(rand.NewSource(seed)))
		o := Options{AllVisible: i%2 == 1}
		d, n := differsShared(p, o, 1+seed%7)
		if d == "" && n >= 0 {
			want, _ := searched(p, o)
			if want["violation livelock"] {
				livelocks++
			}
			var got found
			var r *Result
			var given int64
			got, r, given = apart(p, o, rand.New(rand.NewSource(seed)))
			n += given
			if got.String() != want.String() || !r.Complete {
				d = "pieces " + want.less(got) + r.Cut
			}
		}
		pieces += max(n, 0)
		if d != "" {
			t.Fatalf("seed %d\n%s\n%s", seed, p, d)
		}
	}
	t.Logf("%d livelocks, %d pieces", livelocks, pieces)
	if *randomCount >= 50 && (livelocks == 0 || pieces == 0) {
		t.Error("nothing went round")
	}
}
