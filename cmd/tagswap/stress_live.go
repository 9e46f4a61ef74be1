package main

import (
	"fmt"
	"io"
	"os"
	"time"

	gopretty "github.com/jedib0t/go-pretty/v6/progress"
	"golang.org/x/term"

	"tagswap/stress"
)

// stressLive shows on a terminal how a run goes: a bar, and figures of the slice
// that ran last. Where standard error is no terminal it does nothing.
type stressLive struct {
	w     gopretty.Writer // nil: no terminal
	bar   *gopretty.Tracker
	ended chan bool
}

func newStressLive(w io.Writer, slices int) *stressLive {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &stressLive{}
	}
	p := gopretty.NewWriter()
	p.SetOutputWriter(f)
	p.SetStyle(gopretty.StyleBlocks)
	p.Style().Colors = gopretty.StyleColors{}
	p.Style().Visibility = gopretty.StyleVisibility{
		ETA: true, Percentage: true, Pinned: true, Time: true, Tracker: true,
	}
	p.Style().Options.TimeInProgressPrecision = time.Second
	p.SetUpdateFrequency(stressSlice / 2)
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil {
		p.SetTerminalWidth(columns)
	}
	l := &stressLive{w: p, bar: &gopretty.Tracker{Message: "stress", Total: int64(slices), RemoveOnCompletion: true}, ended: make(chan bool)}
	p.AppendTracker(l.bar)
	go func() {
		p.Render()
		close(l.ended)
	}()
	return l
}

// tick shows a slice that has ended.
func (l *stressLive) tick(m *stress.Machine, s *stress.Slice) {
	if l.w == nil {
		return
	}
	l.w.SetPinnedMessages(liveLines(m, s)...)
	l.bar.Increment(1)
}

// liveLines are the figures of one slice.
func liveLines(m *stress.Machine, s *stress.Slice) []string {
	all := m.Figures()
	per := func(n int64) float64 { return float64(n) / max(s.Took.Seconds(), 1e-9) }
	return []string{
		fmt.Sprintf("%s: %.0f accesses/s, %.0f faults/s, %.0f swap-outs/s, %.0f swap-ins/s, %d violations",
			m.Name(), per(s.Accesses), per(s.Faults), per(s.SwapOuts), per(s.SwapIns), all.Violations),
		fmt.Sprintf("%d pages resident, %d swapped, tag store %d records, %d bytes, %.0f lock waits/s (%.0f%% of the tasks' time)",
			s.Resident, s.Swapped, s.TagRecords, s.TagBytes, per(s.Waits), 100*s.Waited.Seconds()/max(s.Took.Seconds(), 1e-9)/float64(m.Tasks())),
	}
}

// end wipes what is shown.
func (l *stressLive) end() {
	if l.w == nil {
		return
	}
	l.bar.MarkAsDone()
	l.w.SetPinnedMessages()
	time.Sleep(stressSlice)
	l.w.Stop()
	<-l.ended
}
