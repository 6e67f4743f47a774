// Package clustertest holds every implementation of [cluster.Client] to what a Kubernetes API server promises. Each promise
// is a [Rule]: a name, a sentence that says what holds and where Kubernetes or this module says so, and a check.
//
// Whoever implements or wraps a client runs them all in a test:
//
//	func TestClient(t *testing.T) {
//		clustertest.Run(t, func(t *testing.T) cluster.Client {
//			return newClient(t) // connected to a cluster that the test may write to
//		})
//	}
//
// A failure prints the rule's sentence, what was found, and the line of the check. One rule alone runs by its name:
//
//	go test -run 'TestClient/apply/conflict-writes-nothing'
//
// A program that is no test asks [Rule.Check].
//
// # Between a client and its user
//
// [Funcs] are functions that stand in front of any client, for tests that count, delay, change or refuse calls.
//
// # What the cluster needs
//
// The rules speak of Kubernetes v1.37: of the API server, of CustomResourceDefinitions, of the garbage collector and of the
// life of namespaces. Pods need not run. The client's identity may do everything. Each rule works in a namespace of its
// own, or under names that nothing else has, and deletes in the end what it has made, so a cluster that is shared is
// well enough. About thirty rules install a CustomResourceDefinition, in a group of their own below example.com.
//
// What a watch makes of a connection that breaks is checked of a client that is a [Cutter]; of others these rules are skipped.
//
// # Errors
//
// A rule ends at its first finding. [Rule.Check] returns it as an error, [Run] as the failure of a sub-test. A rule that cannot
// be checked of a client is [ErrSkipped].
//
// # Concurrency
//
// [Run] checks rules in parallel; go test -parallel limits how many. Rules may be checked at the same time on one client.
package clustertest
