// Package report is what people and their tools read of a check: the matrix for a
// terminal, herd7's record, JSON, KTAP, and a counterexample in columns. It
// formats and writes, nothing else: it reads no files, runs nothing, keeps no
// state and needs no lock. Only the command calls it.
package report
