package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tagswap/check"
)

// Column is one design of a matrix.
type Column struct {
	Name string // as the user gave it
	Base string // the release it changes; "" for a release
}

// Group is rows that belong together.
type Group struct {
	Title string
	Tests []string // names of tests, in the order of the rows
}

// Matrix is what the command alone prints.
type Matrix struct {
	Columns []Column
	Groups  []Group
	Results []*check.Result // row by row
	Command string          // how the reader runs this program
	Width   int             // of the terminal
	Workers int
	Elapsed time.Duration
	Stopped bool // by the user
}

// margin is what stands between the names of tests and the first column.
const margin = 1

// layout is where things stand on a line.
type layout struct {
	name    int      // width of the names of tests
	heads   []string // the lower line of a column's head
	tops    []string // the upper line, "" for none
	widths  []int
	total   int // width of a line
	letters int // the most that a cell shows
}

// most is how many letters a cell shows at most.
const most = 4

// WriteMatrix prints the matrix: a row a test, a column a design, a letter for
// each property that fails. Where the columns do not fit beside each other with
// all their letters, the releases stand above the others.
func WriteMatrix(w io.Writer, m *Matrix) error {
	var b strings.Builder
	rows := 0
	for _, g := range m.Groups {
		rows += len(g.Tests)
	}
	what := "Every interleaving"
	if Total(m.Results).Bounded > 0 {
		what = "Interleavings"
	}
	fmt.Fprintf(&b, "%s of %s under %s.\n", what, count(rows, "litmus test"), count(len(m.Columns), "design"))
	m.legend(&b)
	parts := m.parts()
	for _, p := range parts {
		p.print(&b, len(parts) > 1)
	}
	b.WriteByte('\n')
	m.totals(&b)
	m.bounded(&b)
	m.examples(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// parts are the whole, or the releases and the others, each part as wide as fits.
func (m *Matrix) parts() []*Matrix {
	if m.layout(most).total < m.Width {
		return []*Matrix{m}
	}
	var releases, others []int
	for j, c := range m.Columns {
		if IsRelease(c.Name) {
			releases = append(releases, j)
		} else {
			others = append(others, j)
		}
	}
	var parts []*Matrix
	for _, columns := range [][]int{releases, others} {
		for len(columns) > 0 {
			n := len(columns)
			for n > 1 && m.only(columns[:n]).layout(most).total >= m.Width {
				n--
			}
			parts = append(parts, m.only(columns[:n]))
			columns = columns[n:]
		}
	}
	return parts
}

// only is the matrix with some of its columns.
func (m *Matrix) only(columns []int) *Matrix {
	p := *m
	p.Columns, p.Results = nil, nil
	for _, j := range columns {
		p.Columns = append(p.Columns, m.Columns[j])
	}
	for i := 0; i < len(m.Results); i += len(m.Columns) {
		for _, j := range columns {
			p.Results = append(p.Results, m.Results[i+j])
		}
	}
	return &p
}

func (m *Matrix) print(b *strings.Builder, part bool) {
	if part {
		b.WriteByte('\n')
	}
	m.names(b)
	l := m.layout(most)
	i := 0
	for _, g := range m.Groups {
		m.head(b, l, g.Title)
		for _, t := range g.Tests {
			m.row(b, l, t, m.Results[i:i+len(m.Columns)])
			i += len(m.Columns)
		}
	}
}

// legend explains the letters.
func (m *Matrix) legend(b *strings.Builder) {
	seen := ""
	for _, r := range m.Results {
		seen += letters(r)
	}
	b.WriteString("A cell names what fails in some of them:\n")
	for _, p := range properties {
		if strings.IndexByte(seen, p.letter) >= 0 {
			fmt.Fprintf(b, "  %c %-14s  %s\n", p.letter, p.name, p.means)
		}
	}
	b.WriteString("  . nothing: every interleaving was run, and none fails\n")
	if strings.IndexByte(seen, '?') >= 0 {
		b.WriteString("  ? nothing so far, but not every interleaving was run\n")
	}
}

// names explains the columns: those of releases show their numbers.
func (m *Matrix) names(b *strings.Builder) {
	var items []string
	releases := 0
	for i, c := range m.Columns {
		if IsRelease(c.Name) {
			releases++
			continue
		}
		_, low := head(m.Columns, i)
		items = append(items, low+" "+c.Name+from(c))
	}
	switch {
	case len(items) == 0:
		b.WriteString("Columns are releases of Linux.\n")
	case releases > 0:
		b.WriteString("Columns with numbers are releases of Linux, the others changes to one:\n")
	default:
		b.WriteString("Columns are changes to a release:\n")
	}
	columnsOf(b, items, m.Width-2)
}

func from(c Column) string {
	if c.Base == "" {
		return ""
	}
	return " (" + c.Base + ")"
}

// columnsOf prints short texts in as many columns as fit.
func columnsOf(b *strings.Builder, items []string, width int) {
	long := 0
	for _, s := range items {
		long = max(long, len(s)+2)
	}
	per := max(1, width/max(long, 1))
	for i, s := range items {
		if i%per == 0 {
			b.WriteString("  ")
		}
		if i%per == per-1 || i == len(items)-1 {
			b.WriteString(s + "\n")
		} else {
			fmt.Fprintf(b, "%-*s", long, s)
		}
	}
}

// IsRelease says whether a design is named as a release of Linux.
func IsRelease(name string) bool {
	return len(name) > 2 && name[0] == 'v' && name[1] >= '0' && name[1] <= '9' && strings.Contains(name, ".") &&
		!strings.HasSuffix(name, ".design")
}

// head is the two lines above column i: a release's number, or a letter.
func head(columns []Column, i int) (top, low string) {
	name := columns[i].Name
	if IsRelease(name) {
		top, low, _ = strings.Cut(name[1:], ".")
		if number, word, ok := strings.Cut(low, "-"); ok {
			low = number + word[:min(len(word), 1)]
		}
		return top + ".", low
	}
	n := 0
	for _, c := range columns[:i] {
		if !IsRelease(c.Name) {
			n++
		}
	}
	return "", string(rune('a' + n%26))
}

// layout says where the columns stand when a cell has so many letters at most.
func (m *Matrix) layout(letterLimit int) *layout {
	l := &layout{letters: letterLimit}
	for _, g := range m.Groups {
		for _, t := range g.Tests {
			l.name = max(l.name, len(t))
		}
	}
	l.total = l.name + margin
	for j := range m.Columns {
		top, low := head(m.Columns, j)
		l.tops, l.heads = append(l.tops, top), append(l.heads, low)
		w := max(len(low), len(top))
		for i := j; i < len(m.Results); i += len(m.Columns) {
			w = max(w, len(cut(letters(m.Results[i]), l.letters)))
		}
		l.widths = append(l.widths, w+1)
		l.total += w + 1
	}
	return l
}

// cut leaves the most telling letters of a cell.
func cut(s string, n int) string { return s[:min(len(s), n)] }

// head prints a group's title and the heads of the columns.
func (m *Matrix) head(b *strings.Builder, l *layout, title string) {
	low := make([]string, len(m.Columns))
	copy(low, l.heads)
	line := strings.Repeat(" ", l.name+margin)
	for j := range m.Columns {
		line += fmt.Sprintf("%*s", l.widths[j], l.tops[j])
	}
	if title != "" {
		fmt.Fprintf(b, "\n%s\n", title)
	} else {
		b.WriteByte('\n')
	}
	if line = strings.TrimRight(line, " "); line != "" {
		b.WriteString(line + "\n")
	}
	m.line(b, l, "", low)
}

func (m *Matrix) row(b *strings.Builder, l *layout, test string, rs []*check.Result) {
	cells := make([]string, len(rs))
	for j, r := range rs {
		cells[j] = cut(letters(r), l.letters)
	}
	m.line(b, l, test, cells)
}

func (m *Matrix) line(b *strings.Builder, l *layout, name string, cells []string) {
	line := fmt.Sprintf("%-*s", l.name+margin, name)
	for j, c := range cells {
		line += fmt.Sprintf("%*s", l.widths[j], c)
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

func (m *Matrix) totals(b *strings.Builder) {
	t := Total(m.Results)
	fmt.Fprintf(b, "%s: %s\n", count(len(m.Results), "cell"), t)
	fmt.Fprintf(b, "%s executions, %s states, %.1f s on %s\n",
		grouped(t.Executions), grouped(t.States), m.Elapsed.Seconds(), count(m.Workers, "worker"))
}

// bounded names the cells that were not run to their end, and why.
func (m *Matrix) bounded(b *strings.Builder) {
	where := map[string][]string{}
	var keys []string
	notRun := 0
	for i, r := range m.Results {
		if r.Verdict != check.Bounded {
			continue
		}
		if r.Cut == check.CutNotRun {
			notRun++
			continue
		}
		key := r.Test.Name + ": " + whyBounded(r.Cut)
		if len(where[key]) == 0 {
			keys = append(keys, key)
		}
		where[key] = append(where[key], m.Columns[i%len(m.Columns)].Name)
	}
	if notRun > 0 {
		fmt.Fprintf(b, "Interrupted before they began: %s\n", count(notRun, "cell"))
	}
	const listed = 20
	for i, key := range keys {
		switch {
		case i == 0:
			b.WriteString("Not every interleaving was run of\n")
		case i == listed:
			fmt.Fprintf(b, "  and of %s more\n", count(len(keys)-listed, "test"))
			return
		}
		b.WriteString(wrap(key+", under "+m.these(where[key]), m.Width-1, "  ", "    "))
	}
}

// these names some of the columns, by those that are missing if that is shorter.
func (m *Matrix) these(names []string) string {
	if len(names) < 3 || len(names)*2 < len(m.Columns) {
		return strings.Join(names, ", ")
	}
	var missing []string
	for _, c := range m.Columns {
		if !slices.Contains(names, c.Name) {
			missing = append(missing, c.Name)
		}
	}
	if len(missing) == 0 {
		return "all designs"
	}
	return "all designs but " + strings.Join(missing, ", ")
}

// examples shows how to look into a cell: a failing one of a release and one of
// a change to it, with different properties if there are any.
func (m *Matrix) examples(b *strings.Builder) {
	var picked []*check.Result
	pick := func(want func(r *check.Result, c Column) bool) {
		for i, r := range m.Results {
			c := m.Columns[i%len(m.Columns)]
			if len(picked) < 2 && r.Verdict == check.Fails && !slices.Contains(picked, r) && want(r, c) {
				picked = append(picked, r)
				return
			}
		}
	}
	pick(func(_ *check.Result, c Column) bool { return IsRelease(c.Name) })
	pick(func(r *check.Result, c Column) bool {
		return !IsRelease(c.Name) && (len(picked) == 0 || Failing(r)[0] != Failing(picked[0])[0])
	})
	for range 2 {
		pick(func(*check.Result, Column) bool { return true })
	}
	if len(picked) == 0 {
		return
	}
	b.WriteString("Look into a cell:\n")
	for _, r := range picked {
		fmt.Fprintf(b, "  %s explain --design %s --litmus %s\n", m.Command, m.Columns[m.index(r)].Name, r.Test.Name)
	}
}

func (m *Matrix) index(r *check.Result) int { return slices.Index(m.Results, r) % len(m.Columns) }
