package explore

import "encoding/binary"

// transition is a block that a merging search has explored, as the states between which
// it leads: of their keys the first halves, so that two states that share one look like
// one. That may make a circle of what is none, but hides none.
type transition struct{ from, to uint64 }

// transitions is what a worker has explored, to see whether the program can go round.
//
// It can if there is a circle of transitions, whoever explored which. Let w be blocks that
// lead from a state back to it. The search explores what may follow a state to any length,
// but for the order of blocks that commute, so also w, n times over, from some state on; and
// with more blocks than there are states, a state comes twice. (That a state comes back
// on its own path would show less: it may have been left, and be come to again by what
// another worker explores, or by what slept there the first time.)
type transitions struct {
	list  []transition
	saved int  // of list, that are written down
	lost  bool // there were more, and none is kept
}

const transitionBytes = 16

// fewTransitions are kept whatever the limit, and whether or not a task has called Forget:
// if none has, a state knows all that has happened, and none comes back.
const fewTransitions = 1024

// add keeps a transition if there is room for it in limit bytes.
func (w *transitions) add(from, to uint64, forgets bool, limit int64) {
	if w.lost {
		return
	}
	if n := len(w.list); n >= fewTransitions && (!forgets || int64(n)*transitionBytes >= limit) {
		w.list, w.saved, w.lost = w.list[:0], 0, true
		return
	}
	w.list = append(w.list, transition{from, to})
}

func (w *transitions) bytes() int64 { return int64(len(w.list)) * transitionBytes }

func (w *transitions) reset() { w.list, w.saved, w.lost = w.list[:0], 0, false }

// drain appends those that are not written down yet to b.
func (w *transitions) drain(b []byte) []byte {
	for _, t := range w.list[w.saved:] {
		b = binary.LittleEndian.AppendUint64(b, t.from)
		b = binary.LittleEndian.AppendUint64(b, t.to)
	}
	w.saved = len(w.list)
	return b
}

// restore adds what drain wrote.
func (w *transitions) restore(b []byte) {
	for ; len(b) >= transitionBytes; b = b[transitionBytes:] {
		w.list = append(w.list, transition{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])})
	}
	w.saved = len(w.list)
}

// circular says whether there is a circle of transitions: whether some are left when
// those have been taken away, again and again, that come from where none leads to.
func circular(all ...[]transition) bool {
	var states table
	id := func(key uint64) uint32 {
		s := states.lookup(hash128{key, key})
		if s.used == 0 {
			s.used = uint32(states.n)
		}
		return s.used - 1
	}
	total := 0
	for _, list := range all {
		total += len(list)
	}
	ends := make([][2]uint32, 0, total)
	for _, list := range all {
		for _, t := range list {
			ends = append(ends, [2]uint32{id(t.from), id(t.to)})
		}
	}
	into := make([]uint32, states.n)    // transitions that lead to a state
	first := make([]uint32, states.n+1) // of those that come from it, in to
	to := make([]uint32, total)
	for _, e := range ends {
		into[e[1]]++
		first[e[0]]++
	}
	for i := range states.n {
		first[i+1] += first[i]
	}
	for _, e := range ends {
		first[e[0]]--
		to[first[e[0]]] = e[1]
	}
	var free []uint32
	for s, n := range into {
		if n == 0 {
			free = append(free, uint32(s))
		}
	}
	for len(free) > 0 {
		s := free[len(free)-1]
		free = free[:len(free)-1]
		for _, v := range to[first[s]:first[s+1]] {
			total--
			if into[v]--; into[v] == 0 {
				free = append(free, v)
			}
		}
	}
	return total > 0
}
