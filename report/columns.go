package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// columns lays rows out side by side, a column a task.
type columns struct {
	s     *story
	tasks []int // of the explorer, those that are shown
	width int   // of one column
	shown map[int][]string
	op    map[int]string // the operation whose line is printed, of each task
}

// markWidth is the margin in which the numbers of notes stand.
const markWidth = 3

// narrow is the width below which calls are not indented.
const narrow = 30

func newColumns(s *story, width int) *columns {
	c := &columns{s: s, shown: map[int][]string{}, op: map[int]string{}}
	for _, r := range s.rows {
		if r.show && r.task > 0 && !slices.Contains(c.tasks, r.task) {
			c.tasks = append(c.tasks, r.task)
		}
	}
	slices.Sort(c.tasks)
	n := max(len(c.tasks), 1)
	c.width = (width - markWidth - 3*(n-1)) / n
	return c
}

func (c *columns) print(b *strings.Builder) {
	heads := make([]string, len(c.tasks))
	rule := make([]string, len(c.tasks))
	for i, t := range c.tasks {
		heads[i] = fmt.Sprintf("%s: (P%d)", taskName(t), t-1)
		rule[i] = strings.Repeat("-", c.width)
	}
	c.line(b, "", heads)
	b.WriteString(strings.Repeat(" ", markWidth) + strings.Join(rule, "-+-") + "\n")
	folded := false
	for _, r := range c.s.rows {
		i := slices.Index(c.tasks, r.task)
		if !r.show || i < 0 {
			folded = folded || r.task > 0
			continue
		}
		mark := ""
		if len(r.marks) > 0 {
			mark = strings.Trim(strings.ReplaceAll(fmt.Sprint(r.marks), " ", ","), "[]")
		}
		lines, at := c.lines(r)
		for j, l := range lines {
			m := ""
			if j == at {
				m = mark
			}
			cells := make([]string, len(c.tasks))
			cells[i] = l
			c.line(b, m, cells)
		}
	}
}

// line prints one line of cells.
func (c *columns) line(b *strings.Builder, mark string, cells []string) {
	line := fmt.Sprintf("%2s ", mark)
	for i, cell := range cells {
		if i > 0 {
			line += " | "
		}
		line += cell + strings.Repeat(" ", max(0, c.width-utf8.RuneCountInString(cell)))
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// lines are those of one row: the calls that are new, and the step; at is the
// step's.
func (c *columns) lines(r *row) (lines []string, at int) {
	indent := 2
	switch {
	case c.width < narrow:
		indent = 0
	case len(c.tasks) > 1:
		indent = 1
	}
	was := c.shown[r.task]
	common := 0
	for common < len(was) && common < len(r.stack) && was[common] == r.stack[common] {
		common++
	}
	for d := common; d < len(r.stack); d++ {
		call := r.stack[d] + "()"
		lines = append(lines, strings.Repeat(" ", max(0, min(indent*d, c.width-len(call))))+call)
	}
	c.shown[r.task] = r.stack
	text := r.text
	if r.isOp && !c.s.begins(r) {
		text = "... " + text
	}
	at = len(lines)
	return append(lines, c.step(text, indent*len(r.stack), c.effects(r))...), at
}

func (c *columns) effects(r *row) []string {
	var out []string
	for _, i := range r.said {
		if t := c.s.effect(c.s.c.Trace.Events[i]); t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// step is a step and what it did, on one line if there is room.
func (c *columns) step(text string, indent int, effects []string) []string {
	pad := strings.Repeat(" ", indent)
	first := pad + text
	if len(effects) == 1 && len(first)+4+len(effects[0]) <= c.width {
		return c.wrapped(first+"  # "+effects[0], indent)
	}
	lines := c.wrapped(first, indent)
	for _, e := range effects {
		lines = append(lines, c.wrapped(pad+"  # "+e, indent+4)...)
	}
	return lines
}

// wrapped breaks a line at blanks; where a column is too narrow for the
// indentation, it gives way.
func (c *columns) wrapped(line string, indent int) []string {
	text := strings.TrimLeft(line, " ")
	lead := min(len(line)-len(text), max(0, c.width-len(text)))
	if c.width-lead < c.width/2 {
		lead = c.width / 2
	}
	rest := min(indent+2, c.width/2)
	out := strings.TrimSuffix(wrap(text, c.width, strings.Repeat(" ", lead), strings.Repeat(" ", rest)), "\n")
	return strings.Split(out, "\n")
}
