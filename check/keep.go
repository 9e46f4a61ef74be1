package check

import (
	"encoding/json"
	"fmt"

	"tagswap/litmus"
	"tagswap/mm"
)

// Keeper keeps records by key, so that a matrix that was interrupted can be gone on
// with. It must be safe for several goroutines.
type Keeper interface {
	// Kept returns the records that an earlier run added for key, in order.
	Kept(key string) [][]byte
	// Add keeps one more, which is JSON.
	Add(key string, record []byte) error
}

// keptRecord is one record of a cell: its result, or what its search needs to go
// on.
type keptRecord struct {
	Result *Result
	Search json.RawMessage
}

// keptCell is what is known of a cell from an earlier run.
type keptCell struct {
	keeper Keeper
	key    string
	result *Result // nil: it was not done
	search [][]byte
	save   func(record []byte) error // nil: nothing is kept
}

// kept looks a cell up. A record that cannot be read is as good as none.
func (m *matrix) kept(t *litmus.Test, d *mm.Program) *keptCell {
	if m.o.Keeper == nil {
		return &keptCell{}
	}
	o := &m.o.Options
	c := &keptCell{keeper: m.o.Keeper, key: fmt.Sprintf("%s %s %s bound=%d visible=%t merge=%t sleep=%t optimal=%t costs=%t",
		t.Name, d.Name, ProgramHash(t, d), o.MaxExecutions, o.AllVisible, !o.NoMerge, !o.NoSleep, o.Optimal, o.Costs)}
	for _, b := range c.keeper.Kept(c.key) {
		var r keptRecord
		if json.Unmarshal(b, &r) != nil {
			continue
		}
		if r.Result != nil {
			c.result = r.Result
			c.result.Test = t
			return c
		}
		c.search = append(c.search, r.Search)
	}
	c.save = func(record []byte) error { return c.add(keptRecord{Search: record}) }
	return c
}

// done keeps the result, unless there is more to find out.
func (c *keptCell) done(r *Result) {
	if c.keeper == nil || !r.Complete && r.Cut != CutExecutions && r.Cut != CutEvents {
		return
	}
	if err := c.add(keptRecord{Result: r}); err != nil {
		r.Unsaved = err
	}
}

func (c *keptCell) add(r keptRecord) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return c.keeper.Add(c.key, b)
}
