package explore_test

import (
	"fmt"

	"tagswap/explore"
)

// printer stands in for a *testing.T, which examples do not have.
type printer struct{}

func (printer) Helper()                   {}
func (printer) Logf(f string, a ...any)   { fmt.Printf(f+"\n", a...) }
func (printer) Fatalf(f string, a ...any) { fmt.Printf("FAIL "+f+"\n", a...) }

// Two tasks increment a counter with a load and a store. One increment can be
// lost.
func ExampleTest_lostUpdate() {
	var t printer // in a test, t *testing.T
	explore.Test(t, func(x *explore.X) {
		var n explore.Atomic
		n.Init(x, "n", -1, 0)
		for _, name := range []string{"a", "b"} {
			x.Go(name, func() { n.Store(n.Load() + 1) })
		}
		x.Wait()
		if got := n.Load(); got != 2 {
			x.Violation("count", fmt.Sprintf("%d increments of 2", got))
		}
	})
	// Output:
	// FAIL count: 1 increments of 2
	// root  go a
	// root  go b
	// a     load n: 0
	// b     load n: 0
	// b     store n: 0 -> 1
	// a     store n: 1
	// root  load n: 1
	// EXPLORE_SCHEDULE='P0*3 P1*2 P2*3 P1*1 P0*2'
}

// Two locks taken in two orders.
func ExampleTest_deadlock() {
	var t printer
	explore.Test(t, func(x *explore.X) {
		var from, to explore.Mutex
		from.Init(x, "account", 1)
		to.Init(x, "account", 2)
		transfer := func(a, b *explore.Mutex) func() {
			return func() {
				a.Lock()
				b.Lock()
				b.Unlock()
				a.Unlock()
			}
		}
		x.Go("forth", transfer(&from, &to))
		x.Go("back", transfer(&to, &from))
		x.Wait()
	})
	// Output:
	// FAIL deadlock: forth waits: lock account 2, held by back; back waits: lock account 1, held by forth
	// root   go forth
	// root   go back
	// forth  lock account 1
	// back   lock account 2
	// EXPLORE_SCHEDULE='P0*3 P1*2 P2*2'
}

// A stack whose pop compares and swaps the head falls for ABA: the head is the
// same again, but what is below it is not.
func ExampleTest_aba() {
	var t printer
	explore.Test(t, func(x *explore.X) {
		var head explore.Atomic
		var next [3]explore.Atomic
		var owned uint64
		push := func(n uint64) {
			for {
				x.Loop()
				h := head.Load()
				next[n].Store(h)
				if head.CompareAndSwap(h, n) {
					return
				}
				x.Retry()
			}
		}
		pop := func() uint64 {
			for {
				x.Loop()
				h := head.Load()
				if h == 0 {
					return 0
				}
				if head.CompareAndSwap(h, next[h].Load()) {
					return h
				}
				x.Retry()
			}
		}
		head.Init(x, "head", -1, 0)
		for i := range next {
			next[i].Init(x, "next", i, 0)
		}
		push(2)
		push(1)
		x.Go("slow", func() { pop() })
		x.Go("fast", func() {
			a := pop()
			owned = pop()
			if a != 0 {
				push(a)
			}
		})
		x.Wait()
		if top := pop(); top != 0 && top == owned {
			x.Violation("stack", fmt.Sprintf("node %d is popped twice", top))
		}
	})
	// Output:
	// FAIL stack: node 2 is popped twice
	// root  load head: 0
	// root  store next 2: 0
	// root  compare and swap head: 0 -> 2
	// root  load head: 2
	// root  store next 1: 0 -> 2
	// root  compare and swap head: 2 -> 1
	// root  go slow
	// root  go fast
	// slow  load head: 1
	// slow  load next 1: 2
	// fast  load head: 1
	// fast  load next 1: 2
	// fast  compare and swap head: 1 -> 2
	// fast  load head: 2
	// fast  load next 2: 0
	// fast  compare and swap head: 2 -> 0
	// fast  load head: 0
	// fast  store next 1: 2 -> 0
	// fast  compare and swap head: 0 -> 1
	// slow  compare and swap head: 1 -> 2
	// root  load head: 2
	// root  load next 2: 0
	// root  compare and swap head: 2 -> 0
	// EXPLORE_SCHEDULE='P0*9 P1*3 P2*10 P1*1 P0*4'
}

// channel is a bounded channel made of a lock and two conditions.
type channel struct {
	mu              explore.Mutex
	notFull, notEmp explore.Cond
	n               explore.Atomic
}

func (c *channel) init(x *explore.X) {
	c.mu.Init(x, "channel lock", -1)
	c.notFull.Init(x, "not full", -1, &c.mu)
	c.notEmp.Init(x, "not empty", -1, &c.mu)
	c.n.Init(x, "length", -1, 0)
}

func (c *channel) send(capacity uint64) {
	c.mu.Lock()
	for c.n.Load() == capacity {
		c.notFull.Wait()
	}
	c.n.Add(1)
	c.notEmp.Signal()
	c.mu.Unlock()
}

func (c *channel) receive() {
	c.mu.Lock()
	for c.n.Load() == 0 {
		c.notEmp.Wait()
	}
	c.n.Add(-1)
	c.notFull.Signal()
	c.mu.Unlock()
}

// A bounded channel, in every interleaving of two senders and a receiver.
func ExampleTest_channel() {
	var t printer
	explore.Test(t, func(x *explore.X) {
		var c channel
		c.init(x)
		x.Go("sender 1", func() { c.send(1) })
		x.Go("sender 2", func() { c.send(1) })
		x.Go("receiver", func() { c.receive(); c.receive() })
		x.Wait()
		if n := c.n.Load(); n != 0 {
			x.Violation("channel", fmt.Sprintf("%d left", n))
		}
	})
	// Output:
	// every interleaving covered by 25 executions
}

// A search that is stopped can be split: each piece is explored by itself, in any
// process, and the search goes on with what came out.
func ExampleSplit() {
	prog := func(x *explore.X) {
		var n explore.Atomic
		n.Init(x, "n", -1, 0)
		for _, name := range []string{"a", "b"} {
			x.Go(name, func() {
				for range 8 {
					n.Add(1)
				}
			})
		}
		x.Wait()
	}
	var search [][]byte
	o := explore.Options{Search: explore.Optimal, MaxExecutions: 4000}
	o.Save = func(record []byte) error {
		search = append(search, record)
		return nil
	}
	explore.Run(prog, o)

	o.MaxExecutions, o.Saved = 0, search
	search, pieces, err := explore.Split(prog, 3, o)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, piece := range pieces {
		o.Saved = [][]byte{piece}
		explore.Run(prog, o)
	}
	o.Saved = search
	r := explore.Run(prog, o)
	fmt.Println(len(pieces), "pieces,", r.Executions, "executions, complete:", r.Complete)
	// Output: 3 pieces, 12870 executions, complete: true
}
