// Package house has no code: its tests hold the repository to its own rules.
package house
