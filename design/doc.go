// Package design is the language of step lists: one way to order the swap path,
// a kernel release or a patch somebody proposes. It parses, checks, prints and
// compares designs, compiles them to programs of package mm, and holds the
// catalogue as files. Package check and the commands call it; it reads no files
// itself.
//
// # Grammar
//
// A file is lines. Blanks in front of a line say how deep its block is; the
// first indented line sets the width for the file. # starts a comment, which
// stays with the statement below it, or with that of its line.
//
//	Design    = "design" Name { Header } { Function } .
//	Header    = "base" Name | "allow" "missing-lock" | String .
//	Function  = "fn" Ident [ "->" Register { "," Register } ] { Statement | Label } .
//	Label     = Ident ":" .                          (* at the margin, or in the body *)
//	Statement = Call [ "else" Target ]
//	          | "goto" Ident
//	          | Exit
//	          | "if" Condition Block { "else" "if" Condition Block } [ "else" Block ]
//	          | "while" Condition Block .
//	Block     = Statement { Statement } .            (* one level deeper *)
//	Condition = Term { "and" Term } | Term { "or" Term } .
//	Term      = [ "not" ] Call .
//	Call      = Ident [ Argument ] .                 (* a step, or a function without argument *)
//	Target    = Ident | Exit .
//	Exit      = "return" [ "true" | "false" ] .
//
// Name and Argument are letters, digits and _ . - +; Ident is letters, digits
// and _, not a digit first, and no word of the language; String is in double
// quotes, without escapes, and may span lines.
//
// # Meaning
//
// A step or a call has a result, true or false. A statement with else goes to
// its target when the result is false; terms are evaluated from the left and
// only as far as needed. Falling off the end of a function is return, which is
// return true. A function has registers of its own, which start as its
// caller's; those behind -> go back to the caller.
//
// A design has its base's functions and replaces whole ones by name. Names are
// looked up at the end of the chain: a function of the base that calls swap_free
// reaches the swap_free of the design that is run. Where a step and a function
// share a name, the function is meant everywhere but in its own body, so that a
// function can wrap a step. Functions cannot reach themselves.
//
// # The lock check
//
// Check walks every path of every function from the entries down, in each
// situation that it is called in (flow.go). It reports a lock that a step needs
// and that is not held, one that is dropped without being held or taken while it
// is held, an entry function that returns with other locks than it should, and a
// register that is read before it is set. Where the tests of a path may say more
// than the check can know, it warns; "allow missing-lock" makes all errors about
// locks warnings.
package design
