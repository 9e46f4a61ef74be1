// Package design is the language of step lists: one way to order the swap path,
// a kernel release or a patch somebody proposes. It parses, checks, prints and
// compares designs, compiles them to programs of package mm, and holds the
// catalogue as files. Package check and the commands call it.
package design
