package mm

import "testing"

// A number does not come back while an operation is under way that began before it
// was freed, unless no other is left; afterwards the last one freed comes first.
func TestQuarantine(t *testing.T) {
	var clock epochs
	clock.reset(2)
	var q quarantine
	q.reset(&clock, 1, 100)
	clock.enter(0) // who knows everything that is freed from here on
	seen := map[int]bool{}
	for range 3 * 90 {
		clock.enter(1)
		num := q.Get(1)
		if num < 1 || num > 100 {
			t.Fatalf("number %d", num)
		}
		if seen[num] && len(seen) < 100 {
			t.Fatalf("%d comes back after %d, while somebody may know it", num, len(seen))
		}
		seen[num] = true
		q.Put(num)
		clock.leave(1)
	}
	clock.leave(0)
	few := map[int]bool{}
	for range 1000 {
		clock.enter(1)
		num := q.Get(1)
		few[num] = true
		q.Put(num)
		clock.leave(1)
	}
	if len(few) > 40 {
		t.Errorf("%d numbers go round where a few would do", len(few))
	}
	var all []int
	for num := q.Get(0); num >= 0; num = q.Get(0) {
		all = append(all, num)
	}
	if len(all) != 100 {
		t.Errorf("%d numbers can be had, want 100", len(all))
	}
}
