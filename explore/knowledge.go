package explore

// Replaying says whether the execution repeats one that was run before, so that
// what is only for telling states apart need not be done.
func (x *X) Replaying() bool { return x == nil || x.fast }

// ForgetAs is Forget for a task that keeps what it knows where it can be looked
// at: from here on, key is asked for it whenever the state matters. Forgotten
// says when observations have been put where key sees them.
func (x *X) ForgetAs(key func() uint64) {
	if x == nil {
		return
	}
	x.cur.key = key
	x.Forgotten()
}

// Forgotten says that key knows all that the task has observed; see ForgetAs.
func (x *X) Forgotten() {
	if x == nil {
		return
	}
	x.mayForget()
	if x.fast {
		return
	}
	x.cur.know.hist, x.cur.know.n = hash128{}, 0
}

// mayForget notes for the pool that states may come back.
func (x *X) mayForget() {
	if x != nil {
		x.forgets = true
	}
}

// knows identifies what the task knows now, where states are told apart.
func (t *task) knows() uint64 {
	if t.x.fast || t.x.nohash {
		return 0
	}
	k := mix(t.know.hist.a, t.know.n)
	if t.key != nil {
		k = mix(k, t.key())
	}
	return k
}

// settleKnowledge works out what the task knows at the end of a block. What the
// block did in its tail will be compared with what others do, and is part of the
// state: the task may have forgotten it, or not have seen all of it.
func (t *task) settleKnowledge() {
	if t.key != nil {
		k := t.key()
		t.know.hist = hash128{mix(k^t.know.hist.a, uint64(t.id)+11), mix(k^t.know.hist.b, uint64(t.id)+1011)}
	}
	t.know.open = t.foot.hash()
}
