// Package check runs a litmus test under a design, in every interleaving: it
// builds the machine, interprets the operations on package mm, judges the
// standing properties and the test's condition, and collects outcomes and costs.
// Package report and the command call it.
package check
