package litmus

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// maxLine is the width up to which the init block stays on one line.
const maxLine = 80

// Format prints a test in its canonical form. Parsing that gives the same test,
// without comments, and empty cells at the ends of columns only.
func Format(t *Test) string {
	var b strings.Builder
	fmt.Fprintf(&b, "LinuxMM %s\n", t.Name)
	if t.Doc != "" {
		fmt.Fprintf(&b, "\"%s\"\n", strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(t.Doc))
	}
	for _, key := range metaKeys {
		if value := metaValue(t.Machine, key); t.wrote(key) || value != metaValue(defaultMachine(), key) {
			fmt.Fprintf(&b, "%s=%s\n", key, value)
		}
	}
	printBody(&b, t)
	return b.String()
}

// Hash returns 12 hexadecimal digits that stand for everything in a test that
// changes its meaning: not the name, the doc string, comments or white space.
func Hash(t *Test) string {
	var b strings.Builder
	for _, key := range metaKeys {
		fmt.Fprintf(&b, "%s=%s\n", key, metaValue(t.Machine, key))
	}
	printBody(&b, t)
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:6])
}

func printBody(b *strings.Builder, t *Test) {
	printInit(b, t)
	printTable(b, t)
	if len(t.Observe) > 0 {
		locs := make([]string, len(t.Observe))
		for i, l := range t.Observe {
			locs[i] = l.String()
		}
		fmt.Fprintf(b, "locations [%s;]\n", strings.Join(locs, "; "))
	}
	if t.Filter != nil {
		fmt.Fprintf(b, "filter (%s)\n", t.Filter)
	}
	if t.Cond != nil {
		fmt.Fprintf(b, "%s (%s)\n", t.Quant, t.Cond)
	}
}

func (t *Test) wrote(key string) bool {
	for _, m := range t.Meta {
		if m.Key == key {
			return true
		}
	}
	return false
}

// metaValue prints what a key says about a machine, "" when it says nothing.
func metaValue(m Machine, key string) string {
	switch key {
	case "Swap":
		areas := make([]string, len(m.Areas))
		for i, a := range m.Areas {
			areas[i] = a.String()
		}
		return strings.Join(areas, " ")
	case "SlotCache":
		return m.SlotCache.String()
	case "CPUs":
		if m.CPUs == 0 {
			return ""
		}
		return fmt.Sprint(m.CPUs)
	case "FIFO":
		tasks := make([]string, len(m.FIFO))
		for i, n := range m.FIFO {
			tasks[i] = fmt.Sprintf("P%d", n)
		}
		return strings.Join(tasks, ",")
	}
	fails := make([]string, len(m.Fail))
	for i, f := range m.Fail {
		fails[i] = f.String()
	}
	return strings.Join(fails, " ")
}

// String returns the area as it is written in Swap=.
func (a SwapArea) String() string {
	s := "async"
	if a.Sync {
		s = "sync"
	}
	s += fmt.Sprintf(",slots:%d", a.Slots)
	if a.Used > 0 {
		s += fmt.Sprintf(",used:%d", a.Used)
	}
	if a.Stable {
		s += ",stable"
	}
	if a.Off {
		s += ",off"
	}
	return s
}

// String returns the slot cache as it is written in SlotCache=.
func (c SlotCache) String() string {
	s := "off"
	if c.On {
		s = "on"
	}
	if c.Size != defaultCacheSize {
		s += fmt.Sprintf(",size:%d", c.Size)
	}
	return s
}

// String returns the failure as it is written in Fail=.
func (f Failure) String() string {
	if f.Nth == 1 {
		return f.Point
	}
	return fmt.Sprintf("%s:%d", f.Point, f.Nth)
}

func printInit(b *strings.Builder, t *Test) {
	var items []string
	for _, v := range t.Vars {
		items = append(items, v.String()+";")
	}
	for _, s := range t.Init {
		items = append(items, s.String()+";")
	}
	line := "{ " + strings.Join(items, " ") + " }"
	switch {
	case len(items) == 0:
		line = "{ }"
	case len(line) > maxLine:
		line = "{\n  " + strings.Join(items, "\n  ") + "\n}"
	}
	fmt.Fprintln(b, line)
}

// String returns the variable as it is written in the init block.
func (v Var) String() string {
	s := v.Kind.String()
	if len(v.Tasks) > 0 {
		tasks := make([]string, len(v.Tasks))
		for i, n := range v.Tasks {
			tasks[i] = fmt.Sprintf("P%d", n)
			for _, plain := range v.Plain {
				if plain == n {
					tasks[i] += ":plain"
				}
			}
		}
		s += "(" + strings.Join(tasks, ",") + ")"
	}
	if v.MTE && !v.HasTag {
		s += " mte"
	}
	if v.Locked {
		s += " locked"
	}
	if v.ReadOnly {
		s += " readonly"
	}
	if v.Unmapped {
		s += " unmapped"
	}
	s += fmt.Sprintf(" %s = %d", v.Name, v.Value)
	if v.HasTag {
		s += ":" + v.Tag.String()
	}
	return s
}

// String returns the state as it is written in the init block.
func (s InitState) String() string { return fmt.Sprintf("%d:%s(%s)", s.Task, s.Func, s.Var) }

// printTable prints the columns padded to the width of their widest cell.
func printTable(b *strings.Builder, t *Test) {
	rows := [][]string{make([]string, len(t.Tasks))}
	for i, task := range t.Tasks {
		rows[0][i] = task.String()
		for len(rows) <= len(task.Ops) {
			rows = append(rows, make([]string, len(t.Tasks)))
		}
		for j, op := range task.Ops {
			rows[j+1][i] = op.String()
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			width := 0
			for _, r := range rows {
				width = max(width, len(r[i]))
			}
			if i > 0 {
				b.WriteString("|")
			}
			fmt.Fprintf(b, " %-*s ", width, cell)
		}
		b.WriteString(";\n")
	}
}

// String returns the column's head: P1, P1:child, P1:thread(P2).
func (t Task) String() string {
	s := fmt.Sprintf("P%d", t.ID)
	switch {
	case t.ID == 0, t.Relation == Forked, t.isPlain():
		return s
	case t.Relation == Process, t.Of == 0:
		return s + ":" + t.Relation.String()
	}
	return fmt.Sprintf("%s:%s(P%d)", s, t.Relation, t.Of)
}
