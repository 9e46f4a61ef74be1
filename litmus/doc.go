// Package litmus is the test language: herd7's file layout with
// memory-management operations for instructions. It parses, checks and prints
// tests and holds the catalogue as files. It is a leaf: it knows nothing of the
// model that runs the tests nor of the kernels.
package litmus
