// Command tagswap is litmus testing for the Linux swap path with arm64 tags.
package main
