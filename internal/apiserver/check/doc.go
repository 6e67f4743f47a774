// Package check validates the values of built-in kinds as a Kubernetes API server does: what is required, what is allowed, what
// must agree with what.
//
// Most of it is data. Package internal/gen/rules has learned from the server's own validation, field by field, which values it
// refuses and in what words; [Object] walks an object along these rules. What depends on several fields at once is a function
// here, in a file per group of kinds, that says in a comment what it holds an object to.
//
// The faults have the types, places and details of the server's, so that the answer to a refused write has the same causes.
// An object that the server accepts has no faults; in doubt a value is accepted.
package check
