package check

import (
	"encoding/json"
	"fmt"
	"time"

	"tagswap/litmus"
	"tagswap/mm"
)

// discard forgets the outcomes, which will come again. What they cost they cost.
func (s *sink) discard() {
	clear(s.Outcomes)
	s.Positive, s.Negative = 0, 0
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
func (o Options) resumed(t *litmus.Test, d *mm.Program) (Options, *sink, time.Duration, error) {
	last := checkpoint{Sink: &sink{Outcomes: map[string]int64{}}}
	records := make([][]byte, len(o.Saved))
	for i, b := range o.Saved {
		last = checkpoint{}
		if err := json.Unmarshal(b, &last); err != nil || last.Sink == nil || last.Sink.Outcomes == nil {
			return o, nil, 0, fmt.Errorf("what was saved of %s under %s cannot be read", t.Name, d.Name)
		}
		records[i] = last.Search
	}
	o.Saved = records
	return o, last.Sink, last.Elapsed, nil
}
