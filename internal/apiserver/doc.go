// Package apiserver is the core of an API server that lives in the process: it decides what a request means and what is
// stored. Package cluster/memory is its public face.
//
// Every verb of every kind takes one path: the request's kind is looked up in the tables, the object is decoded, pruned and
// defaulted, the strategy row of the kind prepares it, the field manager records who owns what, the result is validated, and
// one entry is appended to a versioned log. Watches and controllers read that log. No part but the tables knows a kind's
// name.
//
// The parts, each a package below this one:
//
//	plain      JSON values that are plain, read and written fast
//	store      objects as bytes under a key, and the log of their versions
//	strategy   the tables: defaults, immutable fields, generation, status, what each built-in kind does beyond the rule
//	apply      field managers: managedFields, conflicts, patches
//	wire       HTTP: negotiation, discovery, OpenAPI, watch streams, the request log
//	crd        what a CustomResourceDefinition means: schema, pruning, defaults, validation
//	gc         owner references, namespaces and definitions that are being deleted
//	sim        simulated controllers for workloads
//
// # Controllers
//
// A [Controller] programs against [API], which goes through the same path as an HTTP request and so writes managedFields,
// moves the generation and respects finalizers exactly as a client's write does. Controllers run in the goroutine of the
// write that woke them: after a write is stored and before it is answered, the server hands every new entry of the log, in
// order, to every controller in the order of registration, until no entry is left. Controllers' own writes append entries and
// are handed out in the same way, so the server is quiet when the client's write returns, and the same writes always lead to
// the same states. One change is handed out at a time; a Controller needs no locks of its own.
package apiserver
