// Package layout holds the tests of the repository's shape: which packages may import which, what each of them pulls into
// a program, and what they export.
package layout
