// Package explore runs a concurrent Go program under every interleaving. It
// knows nothing of memory management.
package explore
