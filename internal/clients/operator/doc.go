// Package operator tests the API server in the process with an operator as people write them: a manager of
// controller-runtime with a controller, leader election, cached reads, owner references, a finalizer and a status.
package operator
