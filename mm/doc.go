// Package mm is the swap path.
package mm
