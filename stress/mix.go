package stress

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Mix says what tasks do, and to what memory: for each operation how often it
// comes, as a weight among all.
type Mix struct {
	Weights [numWeighted]int
	Tagged  bool // memory is mapped with PROT_MTE
	Shared  int  // of a hundred pages, how many are shared anonymous memory
}

// Settings of a mix besides weights.
const (
	setMTE    = "mte"
	setShared = "shared"
)

// MaxWeight is the largest weight of one operation.
const MaxWeight = 1_000_000

// named are the mixes that have a name; each is written in the language itself.
var named = []struct{ name, doc, text string }{
	{"default", "everything, with an access to memory nine times of ten",
		"load=450,store=300,tag=70,readtag=110,pageout=50,willneed=8,dontneed=5,fork=2,exit=1,share=2,drain=2,mte=on,shared=12"},
	{"plain", "as default without operations on tags: for mte=on and mte=off alike",
		"load=520,store=410,pageout=50,willneed=8,dontneed=5,fork=2,exit=1,share=2,drain=2,mte=on,shared=12"},
	{"tags", "tags are set and read more often than contents",
		"load=100,store=100,tag=300,readtag=400,pageout=80,willneed=8,dontneed=5,fork=2,exit=1,share=2,drain=2,mte=on,shared=12"},
	{"swap", "every fourth operation pages something out",
		"load=350,store=200,tag=60,readtag=100,pageout=250,willneed=25,dontneed=5,fork=2,exit=1,share=2,drain=5,mte=on,shared=12"},
	{"threads", "as swap, but all tasks are threads of one process",
		"load=350,store=200,tag=60,readtag=100,pageout=250,willneed=25,dontneed=5,drain=5,mte=on,shared=12"},
	{"fork", "processes come and go, and copy on write is frequent",
		"load=350,store=350,tag=70,readtag=110,pageout=80,willneed=5,dontneed=5,fork=15,exit=8,share=5,drain=2,mte=on,shared=0"},
	{"calls", "as fork, and memory is pinned, lazily freed, protected and mapped anew",
		"load=350,store=300,tag=70,readtag=110,pageout=80,willneed=5,dontneed=5,fork=15,exit=8,share=5,drain=2," +
			"free=10,pin=40,protect=6,remap=4,mte=on,shared=6"},
}

// DefaultMix is the mix named default.
func DefaultMix() Mix {
	m, err := ParseMix("default")
	if err != nil {
		panic("tagswap internal: " + err.Error())
	}
	return m
}

// UnknownError is a word of a mix that is not known.
type UnknownError struct {
	What, Word string
	Known      []string
}

func (e *UnknownError) Error() string { return fmt.Sprintf("there is no %s %q", e.What, e.Word) }

// ParseMix reads a mix: the name of one, or weights as in "load=40,store=20",
// or a name and then weights that are different, as in "default,fork=20". What
// has no weight does not happen. "mte=off" maps memory without PROT_MTE, and
// "shared=N" makes N of a hundred pages shared anonymous memory.
func ParseMix(text string) (Mix, error) {
	m := Mix{Tagged: true}
	seen := map[string]bool{}
	for i, item := range strings.Split(text, ",") {
		item = strings.TrimSpace(item)
		key, value, assigns := strings.Cut(item, "=")
		switch {
		case item == "":
			return Mix{}, fmt.Errorf("an item is empty; write a mix as in default,fork=20")
		case !assigns && i == 0:
			base, err := lookupMix(item)
			if err != nil {
				return Mix{}, err
			}
			m = base
			continue
		case !assigns:
			return Mix{}, fmt.Errorf("%q has no weight; write %s=N, and the name of a mix in front of all", item, item)
		case seen[key]:
			return Mix{}, fmt.Errorf("%s is there twice", key)
		}
		seen[key] = true
		if err := m.set(key, value); err != nil {
			return Mix{}, err
		}
	}
	return m, m.check()
}

func lookupMix(name string) (Mix, error) {
	for _, n := range named {
		if n.name == name {
			return ParseMix(n.text)
		}
	}
	if slices.Contains(OpNames(), name) {
		return Mix{}, fmt.Errorf("%q has no weight; write %s=N", name, name)
	}
	return Mix{}, &UnknownError{"mix", name, MixNames()}
}

// MixNames are the mixes that have a name.
func MixNames() []string {
	var names []string
	for _, n := range named {
		names = append(names, n.name)
	}
	return names
}

// DescribeMixes lists the named mixes, one a line: name and what it does.
func DescribeMixes() string {
	var b strings.Builder
	for _, n := range named {
		fmt.Fprintf(&b, "  %-8s %s\n", n.name, n.doc)
	}
	return b.String()
}

func (m *Mix) set(key, value string) error {
	switch key {
	case setMTE:
		if value != "on" && value != "off" {
			return fmt.Errorf("%s=%s: on or off", key, value)
		}
		m.Tagged = value == "on"
		return nil
	case setShared:
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > 100 {
			return fmt.Errorf("%s=%s: from 0 to 100, of a hundred pages", key, value)
		}
		m.Shared = n
		return nil
	}
	op := slices.Index(OpNames(), key)
	if op < 0 {
		return &UnknownError{"operation", key, append(slices.Clone(OpNames()), setMTE, setShared)}
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > MaxWeight {
		return fmt.Errorf("%s=%s: a weight is a number from 0 to %d", key, value, MaxWeight)
	}
	m.Weights[op] = n
	return nil
}

// check refuses a mix that could not find anything.
func (m *Mix) check() error {
	reads := m.Weights[OpLoad] > 0 || m.Weights[OpReadTag] > 0 && m.Tagged
	if !reads {
		return fmt.Errorf("nothing is read, so nothing would be checked; give load or readtag a weight")
	}
	return nil
}

// String writes m in the language; ParseMix reads the same mix from it.
func (m Mix) String() string {
	var parts []string
	for op, n := range m.Weights {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", Op(op), n))
		}
	}
	mte := "off"
	if m.Tagged {
		mte = "on"
	}
	return strings.Join(append(parts, setMTE+"="+mte, fmt.Sprintf("%s=%d", setShared, m.Shared)), ",")
}

func (m *Mix) total() int {
	n := 0
	for _, w := range m.Weights {
		n += w
	}
	return n
}

// pick is the operation at n of the total.
func (m *Mix) pick(n int) Op {
	for op, w := range m.Weights {
		if n -= w; n < 0 {
			return Op(op)
		}
	}
	panic("tagswap internal: no operation has this place in the mix")
}

// shared says whether page v is shared anonymous memory: the pages that are lie
// evenly among the others.
func (m *Mix) shared(v int) bool { return (v+1)*m.Shared/100 > v*m.Shared/100 }
