package report

import (
	"fmt"
	"io"
	"strings"

	"tagswap/check"
	"tagswap/litmus"
)

// Story is what explain prints.
type Story struct {
	*check.Counterexample
	Design string // as the user gave it
	Doc    string // of the test
	Replay string // the command that replays it
	Full   bool   // every step
	Mail   bool   // no line, the command included, is longer than Width
	Width  int
}

// Widths of the formats.
const (
	TextWidth = 80
	MailWidth = 72
)

// WriteExplain prints one execution as columns, a task each.
func WriteExplain(w io.Writer, x *Story) error {
	s := newStory(x.Counterexample)
	marks, last := s.explain()
	for n, m := range marks {
		for _, r := range s.rows {
			for _, i := range r.events {
				if i == m.event {
					r.marks = append(r.marks, n+1)
				}
			}
		}
	}
	s.choose(x.Full)
	var b strings.Builder
	x.header(&b)
	newColumns(s, x.Width).print(&b)
	b.WriteByte('\n')
	for n, m := range marks {
		b.WriteString(wrap(m.text, x.Width, fmt.Sprintf("%2d ", n+1), "   "))
	}
	if s.c.AtEnd && s.c.Property != "" {
		b.WriteString(wrap("When all tasks are done: "+s.c.Detail+".", x.Width, "   ", "   "))
	}
	if last != "" {
		b.WriteString(wrap(last, x.Width, "   ", "   "))
	}
	replay := x.Replay
	if x.Mail {
		replay = foldCommand(replay, x.Width)
	}
	b.WriteString("\n" + replay + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// header says what was asked and what came out.
func (x *Story) header(b *strings.Builder) {
	b.WriteString(wrap(x.Design, x.Width, "Design    ", "          "))
	b.WriteString(wrap(x.Test.Name+": "+strings.Join(strings.Fields(x.Doc), " "), x.Width, "Test      ", "          "))
	verdict := "nothing fails in this execution"
	if x.Property != "" {
		verdict = x.Property + ": " + x.Detail
	}
	b.WriteString(wrap(verdict, x.Width, "Fails     ", "          "))
	b.WriteByte('\n')
	t := x.Test.Clone()
	t.Doc = ""
	for line := range strings.Lines(litmus.Format(t)) {
		b.WriteString("    " + line)
	}
	b.WriteByte('\n')
}

// foldCommand breaks a command for a shell: before flags, and in a schedule, which
// may be broken at any blank.
func foldCommand(command string, width int) string {
	head, schedule, _ := strings.Cut(command, " --schedule ")
	var b strings.Builder
	line := ""
	for i, part := range strings.Split(head, " --") {
		switch {
		case i == 0:
			line = part
		case len(line)+len(" --")+len(part)+len(` \`) > width:
			b.WriteString(line + " \\\n")
			line = "  --" + part
		default:
			line += " --" + part
		}
	}
	b.WriteString(line + " \\\n")
	b.WriteString(strings.TrimSuffix(wrap("--schedule "+schedule, width, "  ", "    "), "\n"))
	return b.String()
}
