package kernel

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"tagswap/kernel/wire"
	"tagswap/litmus"
)

// Verdict is what a run says of one test on one kernel.
type Verdict string

// The verdicts. Ok and No are litmus7's; the others say why there is neither.
const (
	Ok      Verdict = "Ok"      // the condition is validated
	No      Verdict = "No"      // it is not
	Undef   Verdict = "Undef"   // the kernel itself broke during the test
	Skipped Verdict = "skipped" // cannot be run there
	Broken  Verdict = "broken"  // the machine failed its own proofs, or the guest failed
)

// Observation is litmus7's: how often the bare proposition held.
type Observation string

// The observations.
const (
	Never     Observation = "Never"
	Sometimes Observation = "Sometimes"
	Always    Observation = "Always"
)

// State is one final state with its count.
type State struct {
	Key   string `json:"state"`
	Count int64  `json:"count"`
	Star  bool   `json:"star"`            // of interest: herd's *>
	Model string `json:"model,omitempty"` // "", "allowed", "not-allowed"
}

// Unseen is a state that the model allows and the kernel did not show, with in
// how many of the model's executions it came up; 0 of 0 when the model does not say.
type Unseen struct {
	Key        string `json:"state"`
	Executions int64  `json:"executions"`
	Total      int64  `json:"of"`
}

// Result is one test on one kernel.
type Result struct {
	Kernel      string            `json:"kernel"`
	Release     string            `json:"release"`
	Litmus      string            `json:"litmus"`
	Verdict     Verdict           `json:"verdict"`
	Reason      string            `json:"reason,omitempty"`
	Observation Observation       `json:"observation,omitempty"`
	Positive    int64             `json:"positive"` // final states for which the proposition holds
	Negative    int64             `json:"negative"`
	States      []State           `json:"outcomes"`
	Rounds      int64             `json:"rounds"`
	Discarded   int64             `json:"discarded"`
	Seconds     float64           `json:"seconds"`
	Setup       string            `json:"setup,omitempty"`
	Flags       []string          `json:"flags,omitempty"`  // what the kernel complained of, tasks that died
	Hidden      []string          `json:"hidden,omitempty"` // locations that a real kernel does not show
	Console     []string          `json:"console,omitempty"`
	Design      string            `json:"design,omitempty"`
	Agreement   string            `json:"agreement,omitempty"`  // agrees, disagrees, unknown
	NeverSeen   []Unseen          `json:"never_seen,omitempty"` // states that the model allows and the kernel did not show
	ModelSays   string            `json:"model_says,omitempty"` // holds, fails, bounded: the condition over the allowed states
	test        *litmus.Test      //
	problems    map[string]string //
}

// Failed says whether a result must fail the run.
func (r *Result) Failed() bool {
	return r.Verdict == No || r.Verdict == Undef || r.Verdict == Broken || r.Agreement == "disagrees"
}

// tri is a truth value of a proposition about a state that is partly hidden.
type tri int

const (
	no tri = iota - 1
	unknown
	yes
)

func eval(p *litmus.Prop, get func(litmus.Loc) (int, bool)) tri {
	if p == nil {
		return yes
	}
	kid := func(i int) tri { return eval(p.Kids[i], get) }
	switch p.Kind {
	case litmus.PropTrue:
		return yes
	case litmus.PropFalse:
		return no
	case litmus.PropNot:
		return -kid(0)
	case litmus.PropAnd, litmus.PropOr:
		sign := tri(1) // and is the least, or the greatest
		if p.Kind == litmus.PropOr {
			sign = -1
		}
		v := yes
		for i := range p.Kids {
			v = min(v, sign*kid(i))
		}
		return sign * v
	case litmus.PropImplies:
		return max(-kid(0), kid(1))
	}
	left, ok := get(p.Loc)
	right, ok2 := p.Value.N, true
	if p.Right != nil {
		right, ok2 = get(*p.Right)
	}
	switch {
	case !ok || !ok2:
		return unknown
	case (left == right) != p.Neq:
		return yes
	}
	return no
}

// parseKey reads a state back.
func parseKey(key string) (map[string]int, error) {
	m := map[string]int{}
	for _, part := range strings.Split(key, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		i := strings.LastIndexByte(part, '=')
		if i < 0 {
			return nil, fmt.Errorf("state %q: no value in %q", key, part)
		}
		n, err := strconv.Atoi(part[i+1:])
		if err != nil {
			n = -1
			for t := litmus.Tag(0); t <= litmus.MaxTag; t++ {
				if t.String() == part[i+1:] {
					n = int(t)
				}
			}
			if n < 0 {
				return nil, fmt.Errorf("state %q: value %q", key, part[i+1:])
			}
		}
		m[part[:i]] = n
	}
	return m, nil
}

// judge fills verdict and observation from what the guest counted. A state for
// which the hidden locations would decide counts in favour of the test: only
// what was seen can speak against a kernel.
func judge(r *Result, t *litmus.Test, rec *wire.Record) error {
	r.test, r.problems = t, rec.Problems
	for _, l := range t.Observed() {
		if l.Func == "records" || l.Func == "exclusive" {
			r.Hidden = append(r.Hidden, l.String())
		}
	}
	r.Rounds, r.Discarded, r.Seconds, r.Setup, r.Reason = rec.Rounds, rec.Discarded, rec.Seconds, rec.Setup, rec.Reason
	for _, s := range rec.States {
		vals, err := parseKey(s.Key)
		if err != nil {
			return err
		}
		get := func(l litmus.Loc) (int, bool) { v, ok := vals[l.String()]; return v, ok }
		if eval(t.Filter, get) == no {
			continue
		}
		holds := eval(t.Cond, get)
		inFavour := holds == yes || holds == unknown && t.Quant != litmus.NotExists
		if inFavour {
			r.Positive += s.Count
		} else {
			r.Negative += s.Count
		}
		r.States = append(r.States, State{Key: s.Key, Count: s.Count, Star: inFavour != (t.Quant == litmus.Forall)})
	}
	sort.SliceStable(r.States, func(i, j int) bool { return r.States[i].Key < r.States[j].Key })
	r.Observation = Sometimes
	switch {
	case r.Positive == 0:
		r.Observation = Never
	case r.Negative == 0:
		r.Observation = Always
	}
	r.Verdict = No
	switch t.Quant {
	case litmus.Forall:
		if r.Negative == 0 {
			r.Verdict = Ok
		}
	case litmus.Exists:
		if r.Positive > 0 {
			r.Verdict = Ok
		}
	case litmus.NotExists:
		if r.Positive == 0 {
			r.Verdict = Ok
		}
	}
	switch rec.Status {
	case wire.Skipped:
		r.Verdict, r.Observation = Skipped, ""
	case wire.Failed:
		r.Verdict, r.Observation = Broken, ""
	case wire.Hung:
		r.Verdict = Undef
		r.Flags = append(r.Flags, "hang: "+rec.Reason)
	default:
		if r.Positive+r.Negative == 0 {
			r.Verdict, r.Observation, r.Reason = Skipped, "", "its initial state could not be made on this kernel"
		}
	}
	for _, what := range rec.Problems {
		r.Verdict = Undef
		r.Flags = append(r.Flags, what)
	}
	return nil
}

// agree compares what was observed with what the model allows. A state that the
// model was seen to reach is allowed, whether or not the model came to its end;
// one that it did not reach is a disagreement only when it did.
func agree(r *Result, m Model) {
	if m == nil || r.test == nil || r.Release == "" {
		return
	}
	if r.Design == "" {
		design, ok := DesignOf(r.Release)
		if !ok {
			if r.Verdict == Ok || r.Verdict == No {
				r.Agreement = "unknown"
			}
			return
		}
		r.Design = design
	}
	allowed, complete, err := m.Allowed(r.Design, r.test)
	if err != nil {
		r.Agreement = "unknown"
		r.Flags = append(r.Flags, "model: "+err.Error())
		return
	}
	r.ModelSays = modelSays(r.test, allowed, complete)
	if r.Verdict != Ok && r.Verdict != No {
		return
	}
	seen := map[string]bool{}
	r.Agreement = "agrees"
	for i := range r.States {
		s := &r.States[i]
		by, ok := s.Key, allowed[s.Key]
		for k := range allowed {
			if !ok && staleMatch(r.test, k, s.Key) {
				by, ok = k, true
			}
		}
		seen[by] = true
		switch {
		case ok:
			s.Model = "allowed"
		case complete:
			s.Model = "not-allowed"
			r.Agreement = "disagrees"
		default:
			s.Model = "not-found"
			if r.Agreement == "agrees" {
				r.Agreement = "unknown"
			}
		}
	}
	for k := range allowed {
		if !seen[k] {
			u := Unseen{Key: k}
			if m, ok := m.(Rarity); ok {
				u.Executions, u.Total = m.Rarity(k)
			}
			r.NeverSeen = append(r.NeverSeen, u)
		}
	}
	sort.Slice(r.NeverSeen, func(i, j int) bool { return r.NeverSeen[i].Key < r.NeverSeen[j].Key })
}

// staleTag is what the model finds in a page that nobody has tagged since its
// last user (mte.Stale).
const staleTag = 15

// staleMatch says whether a state of a kernel is one that the model allows but for
// stale tags: those are staleTag in the model, and on a machine whatever the last
// user of the page left.
func staleMatch(t *litmus.Test, allowed, observed string) bool {
	a, err1 := parseKey(allowed)
	o, err2 := parseKey(observed)
	if err1 != nil || err2 != nil || len(a) != len(o) {
		return false
	}
	for _, l := range Visible(t) {
		n := l.String()
		if a[n] != o[n] && !(l.IsTag && a[n] == staleTag) {
			return false
		}
	}
	return true
}

// modelSays evaluates the condition over the states that the model allows, as
// far as a real kernel shows them.
func modelSays(t *litmus.Test, allowed map[string]bool, complete bool) string {
	pos, neg := 0, 0
	for k := range allowed {
		vals, err := parseKey(k)
		if err != nil {
			return "bounded"
		}
		get := func(l litmus.Loc) (int, bool) { v, ok := vals[l.String()]; return v, ok }
		if eval(t.Cond, get) == no {
			neg++
		} else {
			pos++
		}
	}
	switch {
	case t.Quant == litmus.Forall && neg > 0, t.Quant == litmus.NotExists && pos > 0,
		t.Quant == litmus.Exists && pos == 0 && complete:
		return "fails"
	case complete, t.Quant == litmus.Exists && pos > 0:
		return "holds"
	}
	return "bounded"
}
