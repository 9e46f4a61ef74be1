package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRoundTrip(t *testing.T) {
	in := []Record{
		{Kind: Hello, Machine: &Machine{Release: "6.1.0", MTE: true, CPUs: 2}},
		{Kind: Result, Test: "a+b", Status: Ran, States: []State{{"x=1; tag(x)=red;", 7}}, Rounds: 3},
		{Kind: End},
	}
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, r := range in {
		if err := w.Send(r); err != nil {
			t.Fatal(err)
		}
	}
	var out []Record
	for _, line := range strings.Split(b.String(), "\n") {
		r, seq, ok, err := Parse(line + "\r")
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			out = append(out, r)
			if seq != len(out) {
				t.Errorf("record %d has number %d", len(out), seq)
			}
		}
	}
	if d := cmp.Diff(in, out); d != "" {
		t.Error(d)
	}
}

func TestEveryDamagedByteIsNoticed(t *testing.T) {
	var b bytes.Buffer
	NewWriter(&b).Send(Record{Kind: Ground, Check: "tag memory", OK: true})
	line := strings.TrimSpace(b.String())
	for i := len(Mark); i < len(line); i++ {
		damaged := []byte(line)
		damaged[i] ^= 1
		if r, seq, _, err := Parse(string(damaged)); err == nil && seq == 1 {
			t.Errorf("byte %d (%q) changed and the record read as %+v", i, line[i], r)
		}
		if _, _, ok, err := Parse(line[:i]); ok && !errors.Is(err, ErrGarbled) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	if _, _, _, err := Parse("[ 1.0] usb: " + line); !errors.Is(err, ErrGarbled) {
		t.Errorf("text before it: %v", err)
	}
	if _, _, ok, err := Parse("[    0.0] Linux version"); ok || err != nil {
		t.Errorf("a kernel message: %v, %v", ok, err)
	}
}
