// Package e2e holds the tests of the whole way: from a Git repository to healthy objects, through every part, on the API
// server in memory and on a real control plane.
package e2e
