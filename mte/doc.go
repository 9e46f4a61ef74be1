// Package mte is arm64's memory tagging as the swap path sees it: the tag memory
// of a page and the store that keeps tags while their page is out (arch/arm64/mm/
// mteswap.c). It is built on explore's primitives and called by mm.
//
// Under the explorer a page's tags are one word, four bits a granule: the first
// Granules granules of a page, which is all a litmus test can name. Natively they
// are Tags, 128 bytes for the 256 granules of a page, and the store packs them:
// native.go has its records, which are a word for tags in few runs (tags.go).
//
// Lock order: Store's lock is innermost but for those of the native blocks.
package mte
