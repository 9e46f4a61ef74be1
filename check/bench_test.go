package check_test

import (
	"testing"

	"tagswap/check"
	"tagswap/design"
	"tagswap/litmus"
)

// BenchmarkTwoTasksOneEntry is the exploration of one test of the catalogue.
func BenchmarkTwoTasksOneEntry(b *testing.B) {
	t, err := litmus.Lookup("two-tasks-one-entry")
	if err != nil {
		b.Fatal(err)
	}
	d, err := design.Lookup("v6.5")
	if err != nil {
		b.Fatal(err)
	}
	p, err := design.Compile(d)
	if err != nil {
		b.Fatal(err)
	}
	var events int64
	for b.Loop() {
		events += check.Run(t, p, check.Options{}).Events
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
