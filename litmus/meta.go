package litmus

import (
	"slices"
	"strings"
)

const (
	maxAreas         = 4
	defaultSlots     = 8
	defaultCacheSize = 2
	maxNth           = 99 // calls of a failure point
)

func defaultMachine() Machine {
	return Machine{
		Areas:     []SwapArea{{Sync: true, Slots: defaultSlots}},
		SlotCache: SlotCache{Size: defaultCacheSize},
	}
}

// meta gives one Key=value line its meaning; at is where the value starts.
func (p *parser) meta(m Meta, at Pos) {
	i := slices.IndexFunc(metaKeys, func(k string) bool { return strings.EqualFold(k, m.Key) })
	if i < 0 {
		p.errorf(m.Pos, "unknown key %q%s", m.Key, hint(m.Key, metaKeys))
		return
	}
	m.Key = metaKeys[i]
	for _, old := range p.test.Meta {
		if old.Key == m.Key {
			p.errorf(m.Pos, "%s stands twice; the first is at line %d", m.Key, old.Pos.Line)
			return
		}
	}
	p.test.Meta = append(p.test.Meta, m)
	words := splitWords(m.Value, at)
	if len(words) == 0 {
		p.errorf(at, "%s has no value", m.Key)
		return
	}
	machine := &p.test.Machine
	switch m.Key {
	case "Swap":
		p.metaSwap(machine, words)
	case "SlotCache":
		p.metaSlotCache(machine, words)
	case "CPUs":
		machine.CPUs, _ = p.metaNumber(metaItem{text: "CPUs", value: words[0].text, at: words[0].at}, 1, MaxTasks)
		p.noMore(words[1:])
	case "FIFO":
		p.metaFIFO(machine, words)
	case "Fail":
		p.metaFail(machine, words)
	}
}

// metaWord is one blank-separated word of a value.
type metaWord struct {
	text string
	at   Pos
}

func splitWords(value string, at Pos) (words []metaWord) {
	for i := 0; i < len(value); {
		n := strings.IndexAny(value[i:], " \t\r")
		if n < 0 {
			n = len(value) - i
		}
		if n > 0 {
			pos := at
			pos.Col += i
			words = append(words, metaWord{text: value[i : i+n], at: pos})
		}
		i += n + 1
	}
	return words
}

// metaItem is one comma-separated item of a word: text or text:value.
type metaItem struct {
	text, value string
	hasValue    bool
	at          Pos
}

func (w metaWord) items() (items []metaItem) {
	col := w.at
	for part := range strings.SplitSeq(w.text, ",") {
		it := metaItem{at: col}
		it.text, it.value, it.hasValue = strings.Cut(part, ":")
		items = append(items, it)
		col.Col += len(part) + 1
	}
	return items
}

func (p *parser) noMore(words []metaWord) {
	if len(words) > 0 {
		p.errorf(words[0].at, "expected one word, found %q too; items are joined by commas", words[0].text)
	}
}

func (p *parser) metaNumber(it metaItem, lo, hi int) (int, bool) {
	n, ok := number(it.value)
	if !ok || n < lo || n > hi {
		p.errorf(it.at, "%s is a number from %d to %d, not %q", it.text, lo, hi, it.value)
		return 0, false
	}
	return n, true
}

// unknownItem reports an item that is not among known, or one with a value it
// does not take or without one it needs; known names the latter with a colon.
func (p *parser) unknownItem(key string, it metaItem, known ...string) {
	for _, k := range known {
		if name, needs := strings.CutSuffix(k, ":"); name == it.text && needs != it.hasValue {
			if needs {
				p.errorf(it.at, "%s needs a value: %s:N", it.text, it.text)
			} else {
				p.errorf(it.at, "%s takes no value", it.text)
			}
			return
		}
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = strings.TrimSuffix(k, ":")
	}
	p.errorf(it.at, "unknown word %q in %s%s", it.text, key, hint(it.text, names))
}

// metaSwap reads sync|async[,slots:N][,used:N][,stable][,off], once an area.
func (p *parser) metaSwap(m *Machine, words []metaWord) {
	if len(words) > maxAreas {
		p.errorf(words[maxAreas].at, "a test has at most %d swap areas", maxAreas)
		return
	}
	m.Areas = nil
	for _, w := range words {
		area := SwapArea{Slots: defaultSlots}
		items := w.items()
		if first := items[0]; first.hasValue || first.text != "sync" && first.text != "async" {
			p.errorf(first.at, `a swap area begins with "sync" (zram, brd) or "async" (a disk), not with %q`, w.text)
		}
		area.Sync = items[0].text == "sync"
		for _, it := range items[1:] {
			switch {
			case it.text == "slots" && it.hasValue:
				area.Slots, _ = p.metaNumber(it, 1, MaxSlots)
			case it.text == "used" && it.hasValue:
				area.Used, _ = p.metaNumber(it, 0, MaxSlots)
			case it.text == "stable" && !it.hasValue:
				area.Stable = true
			case it.text == "off" && !it.hasValue:
				area.Off = true
			default:
				p.unknownItem("Swap", it, "slots:", "used:", "stable", "off")
			}
		}
		if area.Used > area.Slots {
			p.errorf(w.at, "%d slots are used but the area has %d", area.Used, area.Slots)
		}
		m.Areas = append(m.Areas, area)
	}
}

// metaSlotCache reads on|off[,size:N].
func (p *parser) metaSlotCache(m *Machine, words []metaWord) {
	p.noMore(words[1:])
	items := words[0].items()
	if first := items[0]; first.hasValue || first.text != "on" && first.text != "off" {
		p.errorf(first.at, `the slot cache is "on" or "off", not %q`, words[0].text)
	}
	m.SlotCache.On = items[0].text == "on"
	for _, it := range items[1:] {
		if it.text == "size" && it.hasValue {
			m.SlotCache.Size, _ = p.metaNumber(it, 1, MaxSlots)
		} else {
			p.unknownItem("SlotCache", it, "size:")
		}
	}
}

// metaFail reads point[:N] for each failure.
func (p *parser) metaFail(m *Machine, words []metaWord) {
	for _, w := range words {
		it := metaItem{at: w.at}
		it.text, it.value, it.hasValue = strings.Cut(w.text, ":")
		f := Failure{Point: it.text, Nth: 1, Pos: w.at}
		if !slices.Contains(FailPoints, f.Point) {
			p.errorf(w.at, "unknown failure point %q%s", f.Point, hint(f.Point, FailPoints))
			continue
		}
		if it.hasValue {
			var ok bool
			it.text = "the call that fails"
			if f.Nth, ok = p.metaNumber(it, 1, maxNth); !ok {
				continue
			}
		}
		for _, old := range m.Fail {
			if old.Point == f.Point {
				p.errorf(w.at, "%s fails once in a test; it stands twice", f.Point)
			}
		}
		m.Fail = append(m.Fail, f)
	}
}

// metaFIFO reads a list of tasks: FIFO=P1 or FIFO=P1,P2.
func (p *parser) metaFIFO(m *Machine, words []metaWord) {
	p.noMore(words[1:])
	for _, it := range words[0].items() {
		n, ok := number(strings.TrimPrefix(it.text, "P"))
		if !ok || it.hasValue || !strings.HasPrefix(it.text, "P") || n >= MaxTasks {
			p.errorf(it.at, "FIFO takes tasks, as in FIFO=P1, not %q", it.text)
			continue
		}
		if slices.Contains(m.FIFO, n) {
			p.errorf(it.at, "P%d stands twice", n)
			continue
		}
		m.FIFO = append(m.FIFO, n)
	}
}
