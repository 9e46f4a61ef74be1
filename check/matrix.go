package check

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"tagswap/explore"
	"tagswap/litmus"
	"tagswap/mm"
)

// MatrixOptions of a Matrix. The zero value uses all processors.
type MatrixOptions struct {
	Options                            // of each cell
	Workers  int                       // 0: one a processor; cells that outlast the others use them all
	Keeper   Keeper                    // nil: nothing is kept
	Progress func(done int, r *Result) // a cell is done; called in the order in which they finish
	Each     func(r *Result)           // a cell is done and so are all before it; called in order
}

// Matrix runs every test under every design, test by test, and returns the
// results in that order: results[i*len(designs)+j] is tests[i] under designs[j].
// What a cell says does not depend on the number of workers, but for how many
// executions a long one took. When ctx ends, cells
// that run are cut and those that have not begun are not run; both are bounded.
//
// The callbacks run on the caller's goroutine. A cell that panics makes Matrix
// panic, when all workers have ended.
func Matrix(ctx context.Context, tests []*litmus.Test, designs []*mm.Program, o MatrixOptions) []*Result {
	n := o.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	m := &matrix{tests: tests, designs: designs, o: o, ctx: ctx, out: make(chan cell), spare: make(chan struct{}, n)}
	results := make([]*Result, len(tests)*len(designs))
	for range min(n, max(len(results), 1)) {
		m.workers.Go(m.work)
	}
	go func() {
		m.workers.Wait()
		close(m.out)
	}()
	var crash any
	done, told := 0, 0
	for c := range m.out {
		if c.crash != nil {
			crash = c.crash
			continue
		}
		results[c.i] = c.r
		done++
		if o.Progress != nil {
			o.Progress(done, c.r)
		}
		for ; told < len(results) && results[told] != nil; told++ {
			if o.Each != nil {
				o.Each(results[told])
			}
		}
	}
	if crash != nil {
		panic(crash)
	}
	return results
}

// matrix is one call of Matrix.
type matrix struct {
	tests   []*litmus.Test
	designs []*mm.Program
	o       MatrixOptions
	ctx     context.Context
	workers sync.WaitGroup
	out     chan cell
	spare   chan struct{} // has something in it for each worker that runs

	mu     sync.Mutex
	next   int  // protected by mu
	failed bool // a worker panicked; protected by mu
}

// cell is what a worker has to say.
type cell struct {
	i     int
	r     *Result
	crash any
}

// take returns the next cell to run, -1 when there is none.
func (m *matrix) take() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failed || m.next == len(m.tests)*len(m.designs) {
		return -1
	}
	m.next++
	return m.next - 1
}

// work is one worker.
func (m *matrix) work() {
	defer func() {
		if p := recover(); p != nil {
			m.mu.Lock()
			m.failed = true
			m.mu.Unlock()
			m.out <- cell{crash: p}
		}
	}()
	m.spare <- struct{}{}
	defer func() { <-m.spare }()
	for i := m.take(); i >= 0; i = m.take() {
		m.out <- cell{i: i, r: m.run(m.tests[i/len(m.designs)], m.designs[i%len(m.designs)])}
	}
}

func (m *matrix) run(t *litmus.Test, d *mm.Program) *Result {
	if m.ctx.Err() != nil {
		return &Result{Design: d.Name, Test: t, Verdict: Bounded, Cut: CutNotRun}
	}
	o := m.o.Options
	stop := o.Stop
	o.Stop = func() bool { return m.ctx.Err() != nil || stop != nil && stop() }
	o.Workers, o.Spare = cap(m.spare), m.spare
	kept := m.kept(t, d)
	if kept.result != nil {
		return kept.result
	}
	o.Saved, o.Save = kept.search, kept.save
	r := Run(t, d, o)
	defer kept.done(r)
	if r.Cut == CutStopped && m.ctx.Err() == nil && (stop == nil || !stop()) {
		r.Cut = CutTime
	}
	return r
}

// Values of Result.Cut that callers tell apart. Others are the explorer's.
const (
	CutStopped    = "stopped" // Options.Stop, or the end of Matrix's context
	CutNotRun     = "not run" // the context had ended before the cell's turn
	CutTime       = "time"    // Options.Budget
	CutExecutions = "executions"
	CutEvents     = "events"     // one execution was too long
	CutPriorities = "priorities" // a FIFO task, which the optimal search does not take
)

// Only leaves in r the violations of the given properties, and judges it anew.
func (r *Result) Only(properties []string) {
	r.Violations = slices.DeleteFunc(r.Violations, func(v explore.Violation) bool {
		return !slices.Contains(properties, v.Property)
	})
	r.Verdict = r.verdict()
}
