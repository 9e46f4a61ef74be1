// Package programs holds the standard programs that explorations are measured
// with, under the names that others use for them.
package programs
