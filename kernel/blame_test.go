package kernel

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tagswap/kernel/console"
	"tagswap/kernel/wire"
)

// A kernel's fault comes before the machine's, and a machine's is not the kernel's.
func TestBlame(t *testing.T) {
	bad := wire.Record{Kind: wire.Ground, Check: "tag memory", Detail: "480 of 512 granules"}
	rep := func(vs ...Verdict) *Report {
		r := &Report{Kernel: "k", Ground: []wire.Record{{OK: true}, bad}}
		for _, v := range vs {
			r.Results = append(r.Results, &Result{Verdict: v, Reason: "why"})
		}
		return r
	}
	ended := func(r *Report, o console.Type) *Report { r.Ends = append(r.Ends, console.Outcome{Type: o}); return r }
	monkey := func(s wire.Status, problems ...string) *Report {
		r := &Report{Monkey: &wire.Record{Status: s, Problems: map[string]string{}}}
		for _, p := range problems {
			r.Monkey.Problems[p] = "x"
		}
		return r
	}
	for name, tc := range map[string]struct {
		rep  *Report
		want error
	}{
		"all well":          {ended(rep(Ok, Skipped), console.Finished), nil},
		"broken machine":    {rep(Ok, Broken), ErrBroken},
		"both":              {rep(Broken, No), ErrFailed},
		"never booted":      {ended(rep(Broken), console.NoBoot), ErrFailed},
		"kernel broke":      {rep(Undef), ErrFailed},
		"disagreement":      {&Report{Results: []*Result{{Verdict: Ok, Agreement: "disagrees"}}}, ErrFailed},
		"monkey lost tags":  {monkey(wire.Ran, "tags"), ErrFailed},
		"monkey no machine": {monkey(wire.Failed, "machine"), ErrBroken},
		"monkey well":       {monkey(wire.Ran), nil},
	} {
		if got := Blame([]*Report{tc.rep}); !errors.Is(got, tc.want) || (got == nil) != (tc.want == nil) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	if got := Blame([]*Report{rep(Broken)}).Error(); !strings.Contains(got, "480 of 512") {
		t.Errorf("the proof that failed is not named: %s", got)
	}
}

// A run that was cut short says so, in every format.
func TestPartialReportsSaySo(t *testing.T) {
	reps := sampleReports(t)
	reps[0].Asked = len(reps[0].Results) + 3
	var text, ktap, js bytes.Buffer
	WriteMatrix(&text, reps)
	WriteKTAP(&ktap, reps)
	if err := WriteReportJSON(&js, reps[0]); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ got, want string }{
		"text": {text.String(), "3 not run: cut short"},
		"plan": {ktap.String(), "1..10\n"},
		"ktap": {ktap.String(), "cut short: 7 of 10 tests ran"},
		"json": {js.String(), `"tests":10,"results":7,"partial":true`},
	} {
		if !strings.Contains(tc.got, tc.want) {
			t.Errorf("%s lacks %q:\n%s", name, tc.want, tc.got)
		}
	}
}

func TestMonkeyInKTAP(t *testing.T) {
	var b bytes.Buffer
	WriteKTAP(&b, []*Report{{Kernel: "k", Monkey: &wire.Record{Problems: map[string]string{"tags": "page 3"}}}})
	for _, want := range []string{"1..1\n", "# monkey: tags: page 3", "not ok 1 monkey", "not ok 1 k"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// A design that is named comes before the one of the release.
func TestANamedDesignIsAsked(t *testing.T) {
	r := judged(t, `forall (0:r0=1)`, wire.Record{States: []wire.State{{Key: "0:r0=1;", Count: 1}}})
	r.Release, r.Design = "4.19.0", "mine"
	agree(r, &fakeModel{map[string]bool{"0:r0=0;": true}, true, ""})
	if r.Agreement != "disagrees" || r.Design != "mine" {
		t.Errorf("%s by %s", r.Agreement, r.Design)
	}
}
