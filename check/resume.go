package check

import (
	"encoding/json"
	"fmt"
	"time"

	"tagswap/explore"
	"tagswap/litmus"
	"tagswap/mm"
)

// sinks are what the workers of one check collect, each in its own.
type sinks struct {
	afresh bool // see Options
	t      *litmus.Test
	d      *mm.Program
	list   []*sink
}

// program makes the program of one more worker.
func (s *sinks) program() func(*explore.X) {
	one := &sink{Outcomes: map[string]int64{}}
	s.list = append(s.list, one)
	p := newProgram(s.t, s.d, one)
	p.afresh = s.afresh
	return p.run
}

// discard forgets the outcomes, which will come again. What they cost they cost.
func (s *sinks) discard() {
	for _, one := range s.list {
		clear(one.Outcomes)
		one.Positive, one.Negative = 0, 0
	}
}

// total is what all have collected. No execution is under way.
func (s *sinks) total() *sink {
	all := &sink{Outcomes: map[string]int64{}}
	for _, one := range s.list {
		for state, n := range one.Outcomes {
			all.Outcomes[state] += n
		}
		all.Positive += one.Positive
		all.Negative += one.Negative
		all.Costs.Max(&one.Costs)
	}
	return all
}

// checkpoint is a record of Options.Save: the explorer's, and what was collected.
type checkpoint struct {
	Search  json.RawMessage
	Sink    *sink
	Elapsed time.Duration
}

func (o Options) save(record []byte, s *sink, elapsed time.Duration) error {
	b, err := json.Marshal(checkpoint{record, s, elapsed})
	if err != nil {
		return err
	}
	return o.Save(b)
}

// resumed unpacks the records of an earlier check into options for the explorer,
// what it had collected, and how long it took.
func (o Options) resumed(s *sinks) (Options, time.Duration, error) {
	last := checkpoint{Sink: &sink{}}
	records := make([][]byte, len(o.Saved))
	for i, b := range o.Saved {
		last = checkpoint{}
		if err := json.Unmarshal(b, &last); err != nil || last.Sink == nil || last.Sink.Outcomes == nil {
			return o, 0, fmt.Errorf("what was saved of %s under %s cannot be read", s.t.Name, s.d.Name)
		}
		records[i] = last.Search
	}
	o.Saved = records
	s.list = append(s.list, last.Sink)
	return o, last.Elapsed, nil
}
