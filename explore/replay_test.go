package explore

import (
	"math/rand"
	"reflect"
	"testing"
)

func TestScheduleRoundTrip(t *testing.T) {
	for _, s := range []string{"", "P0*35 P1*12", "P15*1"} {
		p, err := ParseSchedule(s)
		if err != nil || FormatSchedule(p) != s {
			t.Errorf("%q: %v, %v", s, p, err)
		}
	}
	for _, s := range []string{"P0", "0*1", "P0*0", "P16*1", "P1*-1", "Px*1", "P1*1*1"} {
		if _, err := ParseSchedule(s); err == nil {
			t.Errorf("%q: no error", s)
		}
	}
}

// TestReplay replays what the searches find in random programs: the same
// violation has to come out, twice with the same trace.
func TestReplay(t *testing.T) {
	n := 0
	for seed := int64(1); seed < 300; seed++ {
		p := randomProgram(rand.New(rand.NewSource(seed)))
		m := &machine{p: p}
		for _, v := range Run(m.prog, Options{MaxEvents: 400, MaxExecutions: 2000}).Violations {
			n++
			tr, r, err := Replay(m.prog, v.Schedule, Options{})
			if err != nil {
				t.Fatalf("seed %d\n%s%s: %v", seed, p, FormatSchedule(v.Schedule), err)
			}
			if len(r.Violations) == 0 || !has(r, v.Property) {
				t.Fatalf("seed %d\n%s%s: %v, got %v", seed, p, FormatSchedule(v.Schedule), v, r.Violations)
			}
			tr2, _, _ := Replay((&machine{p: p}).prog, v.Schedule, Options{})
			if !reflect.DeepEqual(tr.Events, tr2.Events) {
				t.Fatalf("seed %d\n%s%s: two traces", seed, p, FormatSchedule(v.Schedule))
			}
		}
	}
	t.Logf("%d violations replayed", n)
}

func has(r *Result, property string) bool {
	for _, v := range r.Violations {
		if v.Property == property {
			return true
		}
	}
	return false
}

func TestReplayRefuses(t *testing.T) {
	for _, s := range []string{"P0*100", "P0*4 P2*1 P7*1", "P1*1", "P0*3 P1*2 P2*2", "P0*3 P1*3 P0*1"} {
		p, _ := ParseSchedule(s)
		_, _, err := Replay(mutexProg(2, 2), p, Options{})
		if err == nil {
			t.Errorf("%s: accepted", s)
		} else {
			t.Log(err)
		}
	}
}
