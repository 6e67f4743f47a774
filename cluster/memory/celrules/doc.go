// Package celrules evaluates the validation rules of CustomResourceDefinitions, their x-kubernetes-validations, for the API
// server of package cluster/memory:
//
//	server, err := memory.New(&memory.Options{Rules: celrules.Compile})
//
// It is a package of its own so that only who needs rules compiles google/cel-go.
//
// # What it does
//
// Rules are typed by the schema of their node, as on kube-apiserver v1.37: a field that the schema does not have is an
// error of the definition, int-or-string is dynamic, strings of the formats byte, date, date-time and duration are bytes,
// timestamps and durations, and the names of fields are escaped. Lists that are sets or maps compare and add as such. The
// functions are those that Kubernetes v1.37 lets a new definition use: CEL's own, with optionals, its string, list and set
// extensions and two-variable comprehensions, and Kubernetes' for lists, regular expressions, URLs, IP addresses and
// networks, quantities, semantic versions and formats
// (https://kubernetes.io/docs/reference/using-api/cel/).
//
// # What it does not do
//
// The costs of rules are not estimated: a definition that kube-apiserver refuses because its rules might become too expensive is
// accepted. An evaluation still ends with an error at the limit of a single one, of 1,000,000 units; the units of Kubernetes'
// own functions are counted as those of any call.
//
// # Concurrency
//
// All functions are safe for concurrent use, and so is what they return.
package celrules
