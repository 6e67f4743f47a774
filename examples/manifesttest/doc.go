// Package manifesttest shows how a repository of manifests tests them: the kustomization below shop is rendered, applied to
// an API server in the process, and upgraded to from what was released last. The tests need no cluster and take
// milliseconds.
//
//	go test -v ./examples/manifesttest
package manifesttest
