package design

// Pos is a place in a design file; line and column count from 1.
type Pos struct{ Line, Col int }

// Trivia is what a line carries besides its meaning.
type Trivia struct {
	Above []string // comment lines above it; "" is a blank line
	Tail  string   // the comment behind it on the same line
}

// Design is one design file: the functions it states, and the base from which
// it has all others.
type Design struct {
	Name  string
	Base  string // "" for a root
	Doc   string
	Allow []*Allow
	Fns   []*Fn
	File  string // as given to Parse, for messages
	Tail  []string

	NameLine, BaseLine, DocLine Trivia
	NamePos, BasePos            Pos

	base *Design // Base, once linked
}

// Allow is a header line that turns a kind of error into warnings.
type Allow struct {
	Pos  Pos
	Word string
	Trivia
}

// AllowMissingLock lets a design break the rules of locks on purpose.
const AllowMissingLock = "missing-lock"

// Fn is one function: a step list.
type Fn struct {
	Pos     Pos // of the name
	Name    string
	Returns []Word // registers handed to the caller
	Body    []*Stmt
	Trivia
}

// Word is a word and its place.
type Word struct {
	Pos  Pos
	Text string
}

// Kind says what a statement is.
type Kind int

// Kinds of statement.
const (
	Do    Kind = iota // a step or a call, perhaps with else
	If                // Arms: if, else if …, else
	While             // Cond, Body
	Goto              // To
	Exit              // return: To
	Label             // Name
)

// Stmt is one statement. Which fields are used depends on its kind.
type Stmt struct {
	Kind Kind
	Pos  Pos
	Trivia
	Call Term    // Do
	To   *Target // Goto, Exit; Do: where a false result goes, or nil
	Arms []*Arm  // If
	Cond Cond    // While
	Body []*Stmt // While
	Name string  // Label
}

// Arm is one branch of an if.
type Arm struct {
	Pos  Pos
	Cond Cond // no terms: else
	Body []*Stmt
	Trivia
}

// Cond is terms joined by one operator.
type Cond struct {
	Or    bool // joined by or; otherwise by and
	Terms []Term
}

// Term names a step or a function, with its argument.
type Term struct {
	Not  bool
	Name Word
	Arg  Word // Text is "" when there is none
}

// Target is where a jump goes.
type Target struct {
	Pos   Pos
	Exit  bool   // leaves the function …
	False bool   // … with the result false
	Label string // otherwise
}

// Fn returns the function that this design itself states, or nil.
func (d *Design) Fn(name string) *Fn {
	for _, f := range d.Fns {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Linked returns the base design, nil for a root and before Link.
func (d *Design) Linked() *Design { return d.base }

// Allows says whether the design or one of its bases allows a kind of error.
func (d *Design) Allows(word string) bool {
	for ; d != nil; d = d.base {
		for _, a := range d.Allow {
			if a.Word == word {
				return true
			}
		}
	}
	return false
}

// walk calls visit for each statement, in the order of the file.
func walk(body []*Stmt, visit func(*Stmt)) {
	for _, s := range body {
		visit(s)
		for _, a := range s.Arms {
			walk(a.Body, visit)
		}
		walk(s.Body, visit)
	}
}
