package kernel

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"tagswap/kernel/wire"
	"tagswap/litmus"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test ./kernel -update writes it):\n%s", path, got)
	}
}

func parse(t *testing.T, src string) *litmus.Test {
	t.Helper()
	test, err := litmus.Parse("t.litmus", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return test
}

const head = "LinuxMM t\nSwap=sync,slots:8\nSlotCache=off\n{ anon x = 1:red; 0:swapped(x); }\n P0 ;\n r0 = load x ;\n r1 = tag(x) ;\n"

func judged(t *testing.T, cond string, rec wire.Record) *Result {
	t.Helper()
	r := &Result{Kernel: "k", Release: "6.1.0", Litmus: "t"}
	if rec.Status == "" {
		rec.Status = wire.Ran
	}
	if err := judge(r, parse(t, head+cond+"\n"), &rec); err != nil {
		t.Fatal(err)
	}
	return r
}

var mixed = []wire.State{{Key: "0:r0=1; 0:r1=green;", Count: 3}, {Key: "0:r0=1; 0:r1=red;", Count: 61}}

func TestVerdicts(t *testing.T) {
	for _, tc := range []struct {
		cond     string
		states   []wire.State
		verdict  Verdict
		obs      Observation
		pos, neg int64
	}{
		{`forall (0:r0=1 /\ 0:r1=red)`, mixed, No, Sometimes, 61, 3},
		{`forall (0:r0=1 /\ 0:r1=red)`, mixed[1:], Ok, Always, 61, 0},
		{`forall (0:r0=1 /\ 0:r1=red)`, mixed[:1], No, Never, 0, 3},
		{`exists (0:r0=1 /\ 0:r1=green)`, mixed, Ok, Sometimes, 3, 61},
		{`exists (0:r0=1 /\ 0:r1=blue)`, mixed, No, Never, 0, 64},
		{`~exists (0:r0=1 /\ 0:r1=green)`, mixed, No, Sometimes, 3, 61},
		{`~exists (0:r0=1 /\ 0:r1=green)`, mixed[1:], Ok, Never, 0, 61},
		// What is hidden speaks for the test, whatever its quantifier.
		{`forall (0:r0=1 /\ 0:r1=red /\ records=0)`, mixed[1:], Ok, Always, 61, 0},
		{`forall (0:r0=1 /\ 0:r1=red /\ records=0)`, mixed, No, Sometimes, 61, 3},
		{`~exists (0:r0=1 /\ 0:r1=red /\ records=1)`, mixed, Ok, Never, 0, 64},
		{`filter (0:r1=red) forall (0:r0=1 /\ 0:r1=red)`, mixed, Ok, Always, 61, 0},
		{`forall (0:r0=1 /\ (0:r1=red => 0:r0=1))`, mixed, Ok, Always, 64, 0},
		{`forall (0:r0=1 /\ not (0:r1=green))`, mixed, No, Sometimes, 61, 3},
		{`forall (0:r0=1 /\ 0:r1=red)`, nil, Skipped, "", 0, 0},
	} {
		r := judged(t, tc.cond, wire.Record{States: tc.states})
		if r.Verdict != tc.verdict || r.Observation != tc.obs || r.Positive != tc.pos || r.Negative != tc.neg {
			t.Errorf("%s on %v: %s %s %d %d, want %s %s %d %d", tc.cond, tc.states,
				r.Verdict, r.Observation, r.Positive, r.Negative, tc.verdict, tc.obs, tc.pos, tc.neg)
		}
	}
}

func TestNothingSilentIsSuccess(t *testing.T) {
	const cond = `forall (0:r0=1 /\ 0:r1=red)`
	good := mixed[1:]
	for name, rec := range map[string]wire.Record{
		"hung":         {Status: wire.Hung, States: good, Reason: "the round did not end"},
		"failed":       {Status: wire.Failed, Reason: "broken"},
		"a task died":  {States: good, Problems: map[string]string{"task": "killed by signal 9"}},
		"wrong states": {States: mixed},
	} {
		if r := judged(t, cond, rec); !r.Failed() {
			t.Errorf("%s: %s does not fail the run", name, r.Verdict)
		}
	}
	if err := judge(&Result{}, parse(t, head+cond+"\n"), &wire.Record{States: []wire.State{{Key: "0:r0=purple;"}}}); err == nil {
		t.Error("a state that cannot be read was judged")
	}
}

// fakeModel allows what it is told to.
type fakeModel struct {
	states   map[string]bool
	complete bool
	design   string
}

func (m *fakeModel) Allowed(design string, _ *litmus.Test) (map[string]bool, bool, error) {
	m.design = design
	return m.states, m.complete, nil
}

func TestAgreement(t *testing.T) {
	const cond = `forall (0:r0=1)`
	states := []wire.State{{Key: "0:r0=1;", Count: 5}}
	for _, tc := range []struct {
		release string
		model   fakeModel
		want    string
		unseen  int
	}{
		{"6.1.0-56-cloud-arm64", fakeModel{map[string]bool{"0:r0=1;": true, "0:r0=0;": true}, true, ""}, "agrees", 1},
		{"6.1.0-56-cloud-arm64", fakeModel{map[string]bool{"0:r0=0;": true}, true, ""}, "disagrees", 1},
		{"6.1.0-56-cloud-arm64", fakeModel{map[string]bool{"0:r0=0;": true}, false, ""}, "unknown", 1},
		{"4.19.0", fakeModel{map[string]bool{}, true, ""}, "unknown", 0},
	} {
		r := judged(t, cond, wire.Record{States: states})
		r.Release = tc.release
		agree(r, &tc.model)
		if r.Agreement != tc.want || len(r.NeverSeen) != tc.unseen || r.Failed() != (tc.want == "disagrees") {
			t.Errorf("%s with %v: %s, unseen %v", tc.release, tc.model.states, r.Agreement, r.NeverSeen)
		}
	}
	for release, want := range map[string]string{"5.10.0-32-cloud-arm64": "v5.10-debian", "6.1.0-56-cloud-arm64": "v6.1-debian",
		"6.12.117+deb13-cloud-arm64": "v6.12", "7.2.13+deb14-cloud-arm64": "v7.2", "6.10.1": "", "5.1.0": ""} {
		if got, ok := DesignOf(release); got != want || ok != (want != "") {
			t.Errorf("DesignOf(%s) = %q, %v", release, got, ok)
		}
	}
}

// A tag that the model calls stale is on a machine any that a page had before.
func TestStaleTagsAgree(t *testing.T) {
	stale := fakeModel{map[string]bool{"0:r0=1; 0:r1=15;": true}, true, ""}
	for key, want := range map[string]string{"0:r0=1; 0:r1=blue;": "agrees", "0:r0=1; 0:r1=15;": "agrees", "0:r0=2; 0:r1=blue;": "disagrees"} {
		r := judged(t, `forall (0:r0=1 /\ 0:r1=red)`, wire.Record{States: []wire.State{{Key: key, Count: 1}}})
		if agree(r, &stale); r.Agreement != want || want == "agrees" && len(r.NeverSeen) > 0 {
			t.Errorf("%s: %s, unseen %v", key, r.Agreement, r.NeverSeen)
		}
	}
}

func TestProject(t *testing.T) {
	test := parse(t, head+`forall (x=1 /\ records=0 /\ 0:r1=red /\ exclusive(x))`+"\n")
	got := Project(test, "x=1; records=0; 0:r1=red; exclusive(x)=1;")
	want := StateKey(Visible(test), func(l litmus.Loc) int { return 1 })
	if got != want || got != "x=1; 0:r1=red;" {
		t.Errorf("%q, want %q", got, want)
	}
}

// sampleReports has one result of every kind.
func sampleReports(t *testing.T) []*Report {
	k := &Report{Kernel: "debian:test", Release: "6.1.0-1-cloud-arm64", Boots: 2,
		Ground: []wire.Record{{Kind: wire.Ground, Check: "tag memory", OK: true, Detail: "512 granules"},
			{Kind: wire.Ground, Check: "tag checks", Detail: "no fault on a wrong tag"}}}
	add := func(name, cond string, rec wire.Record, also func(*Result)) {
		r := judged(t, cond, rec)
		r.Kernel, r.Release, r.Litmus = k.Kernel, k.Release, name
		if also != nil {
			also(r)
		}
		k.Results = append(k.Results, r)
	}
	const lost = `forall (0:r0=1 /\ 0:r1=red)`
	setup := func(s []wire.State) wire.Record {
		return wire.Record{States: s, Rounds: 1, Seconds: 0.4, Setup: "zram 512 slots, 64 pages a variable"}
	}
	add("good", lost, setup(mixed[1:]), nil)
	add("lost-tags", lost, setup(mixed), func(r *Result) {
		agree(r, &fakeModel{map[string]bool{mixed[1].Key: true, "0:r0=0; 0:r1=red;": true}, true, ""})
	})
	add("forbidden", `~exists (0:r0=1 /\ 0:r1=green)`, setup(mixed), nil)
	add("hidden", `forall (0:r0=1 /\ 0:r1=red /\ records=0)`, setup(mixed[1:]), nil)
	add("no-way", lost, wire.Record{Status: wire.Skipped, Reason: "this kernel was built without KSM"}, nil)
	add("hung", lost, wire.Record{Status: wire.Hung, States: mixed[1:], Reason: "the round did not end"}, nil)
	k.Results = append(k.Results, &Result{Kernel: k.Kernel, Release: k.Release, Litmus: "oopsed", Verdict: Undef,
		Reason: "oops: kernel BUG at mm/swapfile.c:1", Flags: []string{"oops: kernel BUG at mm/swapfile.c:1"}, Console: []string{"[ 1.0] kernel BUG at mm/swapfile.c:1!"}})
	return []*Report{k}
}

func TestGoldenText(t *testing.T) {
	var b bytes.Buffer
	reps := sampleReports(t)
	for _, r := range reps[0].Results {
		WriteText(&b, r)
	}
	WriteHeader(&b, reps[0])
	WriteMatrix(&b, reps)
	golden(t, "report.txt", b.Bytes())
}

func TestGoldenJSONAndKTAP(t *testing.T) {
	var b bytes.Buffer
	reps := sampleReports(t)
	for _, r := range reps[0].Results {
		if err := WriteJSON(&b, r); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "report.json", b.Bytes())
	b.Reset()
	WriteKTAP(&b, reps)
	golden(t, "report.ktap", b.Bytes())
}
