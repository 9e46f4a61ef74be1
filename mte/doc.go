// Package mte is arm64's memory tagging as the swap path sees it: the tag memory
// of a page and the store that keeps tags while their page is out (arch/arm64/mm/
// mteswap.c). It is built on explore's primitives only and called by mm.
//
// A page's tags are one word, four bits a granule; the model keeps the first
// Granules granules of a page, which is all a litmus test can name.
//
// Lock order: Store's lock is innermost; nothing is taken under it.
package mte
