package console

import (
	"fmt"
	"regexp"
	"strings"

	"tagswap/kernel/wire"
)

// Type is how a boot ended.
type Type string

// The ways in which a boot ends, from best to worst explained.
const (
	Finished Type = "finished" // the end record came and all records before it
	Panic    Type = "panic"    // the kernel stopped itself
	Oops     Type = "oops"     // the kernel found a fault of its own (and, run by us, stops there)
	Hang     Type = "hang"     // the kernel's own watchdog, or silence until time was up
	Garbled  Type = "garbled"  // records are damaged or missing
	Lost     Type = "lost"     // the console ended in the middle without a word
	NoBoot   Type = "no-boot"  // not one record: /init did not run
)

// Outcome is the end of a boot.
type Outcome struct {
	Type   Type
	Title  string   // one line: the kernel's own words where it had any
	Lines  []string // the console's relevant lines
	During string   // the test that was under way, "" when none was
}

// OK says whether every result of the boot may be believed.
func (o Outcome) OK() bool { return o.Type == Finished }

func (o Outcome) String() string {
	s := string(o.Type)
	if o.Title != "" {
		s += ": " + o.Title
	}
	if o.During != "" {
		s += " (during " + o.During + ")"
	}
	return s
}

// Warning is something that the kernel complained of and went on.
type Warning struct {
	Title  string
	During string
}

// keep is how many lines of the console an outcome quotes.
const keep = 40

// Parser takes the console line by line.
type Parser struct {
	Warnings []Warning

	seq    int
	test   string
	ended  bool
	tail   []string // last lines that were not records
	report []string // from the first line of a report on
	typ    Type     // Panic, Oops, Hang once the kernel said so
	title  string
	garble string // first damaged or missing record
}

// sign is a line with which kernels start a report.
type sign struct {
	re  *regexp.Regexp
	typ Type // "" is a warning
}

// signs, most telling first: an oops also ends in a panic under oops=panic, and
// the oops is what happened.
var signs = []sign{
	{regexp.MustCompile(`Internal error: (.*)`), Oops},
	{regexp.MustCompile(`(Unable to handle kernel .*)`), Oops},
	{regexp.MustCompile(`(kernel BUG at .*)`), Oops},
	{regexp.MustCompile(`(BUG: KASAN: .*)`), Oops},
	{regexp.MustCompile(`(watchdog: BUG: soft lockup .*)`), Hang},
	{regexp.MustCompile(`(rcu: INFO: .* detected .*stalls.*)`), Hang},
	{regexp.MustCompile(`(INFO: task .* blocked for more than .*)`), Hang},
	{regexp.MustCompile(`Kernel panic - not syncing: (.*)`), Panic},
	{regexp.MustCompile(`(BUG: .*)`), ""},
	{regexp.MustCompile(`(WARNING: .*)`), ""},
	{regexp.MustCompile(`((?:get_swap_device|swap_info_get|swap_free|_swap_info_get|swap_dup): Bad swap .*)`), ""},
	{regexp.MustCompile(`(Out of memory: Killed process .*)`), ""},
}

// Line takes one line. The record is nil unless the line was a whole one.
func (p *Parser) Line(line string) *wire.Record {
	line = strings.TrimRight(line, "\r\n")
	r, seq, isRecord, err := wire.Parse(line)
	switch {
	case err != nil:
		p.damaged(err.Error() + ": " + clip(line))
		p.remember(line)
		return nil
	case !isRecord:
		p.remember(line)
		p.look(line)
		return nil
	}
	if seq != p.seq+1 {
		p.damaged(fmt.Sprintf("record %d came after record %d", seq, p.seq))
	}
	p.seq = seq
	switch r.Kind {
	case wire.Start:
		p.test = r.Test
	case wire.Result:
		p.test = ""
	case wire.End:
		p.ended = true
	}
	return &r
}

// Ended says whether the end record came, and Broken whether the kernel gave up.
func (p *Parser) Ended() bool { return p.ended }

// Broken says whether the kernel reported something after which no result is to
// be expected.
func (p *Parser) Broken() bool { return p.typ != "" }

func (p *Parser) damaged(why string) {
	if p.garble == "" {
		p.garble = why
	}
}

func (p *Parser) remember(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	if p.typ != "" && len(p.report) < keep {
		p.report = append(p.report, line)
	}
	p.tail = append(p.tail, line)
	if len(p.tail) > keep {
		p.tail = p.tail[1:]
	}
}

func (p *Parser) look(line string) {
	for _, s := range signs {
		m := s.re.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		title := strings.TrimSpace(m[1])
		switch {
		case s.typ == "":
			p.Warnings = append(p.Warnings, Warning{title, p.test})
		case p.typ == "":
			p.typ, p.title, p.report = s.typ, title, []string{line}
		}
		return
	}
}

// Finish says how the boot ended. timedOut tells that the host stopped waiting.
func (p *Parser) Finish(timedOut bool) Outcome {
	o := Outcome{During: p.test}
	switch {
	case p.typ != "":
		o.Type, o.Title, o.Lines = p.typ, p.title, p.report
	case p.garble != "":
		o.Type, o.Title, o.Lines = Garbled, p.garble, p.tail
	case p.ended:
		o.Type = Finished
	case timedOut:
		o.Type, o.Title, o.Lines = Hang, "no word until time was up", p.tail
	case p.seq == 0:
		o.Type, o.Title, o.Lines = NoBoot, "the guest program never spoke", p.tail
	default:
		o.Type, o.Title, o.Lines = Lost, "the console ended without the end record", p.tail
	}
	return o
}

func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
