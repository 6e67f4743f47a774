// Package crd says what a CustomResourceDefinition means: which definitions are acceptable, which kinds they declare, and
// what happens to an object of such a kind when it is written or read. It holds no state and starts nothing; every function
// works on values that the caller owns. The objects are those of apiextensions.k8s.io/v1.
//
// A definition passes through four steps:
//
//	crd.Default(obj)                           what the server fills in
//	crd.PrepareCreate(obj)                     what a client may not set
//	crd.Validate(obj, opts)                    the causes of a 422, or none
//	definition, err := crd.Compile(obj, opts)  what the server then serves
//
// [Accept] decides the conditions NamesAccepted and Established. A compiled [Version] does for each custom resource what the
// strategy of a built-in kind does: [Version.Decode] defaults and prunes, [Version.Validate] and its siblings check, and
// [OpenAPI] publishes the schema.
//
// # Where the rules come from
//
// Structural schemas, pruning and list types are checked by the published packages of k8s.io/apiextensions-apiserver that
// do not need the API server library, values by the same validator of kube-openapi that the API server uses, so their causes are the
// server's. The rest follows the documentation of apiextensions.k8s.io/v1 and is compared with a real server in the tests.
//
// # Limits
//
//   - Rules in x-kubernetes-validations (CEL) are compiled by a [CompileRule] of the caller's. Without one [Validate]
//     refuses a definition that has rules, naming their places, unless [Options.IgnoreRules] is set; then they are kept,
//     published and not enforced, and [Warnings] names them.
//   - Conversion webhooks are not called: a function in [Options.Convert] takes the place of one, and without it [Validate]
//     refuses a definition of several versions.
//   - Only apiextensions.k8s.io/v1 is understood.
//
// # Concurrency
//
// A [Definition] does not change after [Compile] and may be shared.
package crd
