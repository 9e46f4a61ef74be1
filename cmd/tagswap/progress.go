package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"tagswap/check"
)

// progress shows on one line of a terminal how far a run is. Where standard error
// is no terminal it does nothing.
type progress struct {
	w     *os.File // nil: no terminal
	total int
	start time.Time
	stop  chan struct{}
	ended sync.WaitGroup

	mu    sync.Mutex
	n     int    // protected by mu
	fails int    // protected by mu
	last  string // protected by mu
}

func newProgress(w io.Writer, total int) *progress {
	p := &progress{total: total, start: time.Now(), stop: make(chan struct{})}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return p
	}
	p.w = f
	p.ended.Go(p.loop)
	return p
}

// done notes that a cell is done.
func (p *progress) done(n int, r *check.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n = n
	if r.Verdict == check.Fails {
		p.fails++
	}
	p.last = r.Design + " " + r.Test.Name
}

// loop redraws the line ten times a second.
func (p *progress) loop() {
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-p.stop:
			fmt.Fprint(p.w, "\r\x1b[K")
			return
		case <-t.C:
			p.draw()
		}
	}
}

func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	const bar = 20
	full := bar * p.n / max(p.total, 1)
	line := fmt.Sprintf("%s%s %d/%d, %d fail, %.0f s  %s", strings.Repeat("█", full), strings.Repeat("░", bar-full),
		p.n, p.total, p.fails, time.Since(p.start).Seconds(), p.last)
	columns, _, err := term.GetSize(int(p.w.Fd()))
	if err != nil || columns <= 0 {
		columns = 80
	}
	if r := []rune(line); len(r) >= columns {
		line = string(r[:columns-1])
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
}

// hide prints something where the line stands.
func (p *progress) hide(print func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	print()
}

// end wipes the line.
func (p *progress) end() {
	close(p.stop)
	p.ended.Wait()
}
