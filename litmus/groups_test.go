package litmus

import (
	"slices"
	"testing"
)

// Each test of the index is in one group, in order, and each group has a title.
func TestGroups(t *testing.T) {
	var names []string
	for _, g := range Groups() {
		if g.Title == "" {
			t.Errorf("tests without a title: %v", g.Tests)
		}
		names = append(names, g.Tests...)
	}
	if !slices.Equal(names, Names()) {
		t.Errorf("the groups hold %v", names)
	}
}
