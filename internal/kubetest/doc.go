// Package kubetest gives a test a real Kubernetes control plane: etcd and kube-apiserver, and on request
// kube-controller-manager and a simulator of nodes, pods, volumes and load balancers, on free loopback ports.
//
//	func TestApply(t *testing.T) {
//		cluster := kubetest.Shared(t, nil) // or &kubetest.Options{Controllers: true}
//		namespace := kubetest.Namespace(t, cluster.Config())
//		…
//	}
//
// [Shared] starts one control plane per test binary, and tests keep apart by namespace. [Start] gives a test one of its
// own, for tests about what is cluster-wide and about a server that goes away.
//
// # The binary
//
// Everything runs from one binary, compiled from the nested module internal/controlplane by the first test that needs it
// and kept in the user's cache folder (setpoint/controlplane-<digest of the sources>, 130 MB). The first build takes
// about five minutes on two cores and fetches some 300 modules; a start takes seconds. Packages that are tested in
// parallel wait for the one that builds, within their own time limit, hence `go test -timeout 30m ./...`. A build that a
// time limit cuts short is not lost, because the compiled packages stay in Go's build cache.
//
// # When there is no control plane
//
// With -short the tests skip. On a machine that cannot build it (no network, no go command) they skip with the reason,
// unless the environment has CI=true, where that is a failure. A control plane that does not compile or does not start is
// always a failure; the message carries the end of its logs.
//
// SETPOINT_TEST_KUBECONFIG names a kubeconfig file of an existing cluster to be used by [Shared] instead. It needs
// cluster-admin rights and should be a throw-away: tests create cluster-scoped objects. Tests that use [Start] skip.
//
// # What ends it
//
// A control plane of [Start] ends with its test. A shared one ends with the process: each part reads a pipe that this
// process holds open, and ends when the pipe closes, whether by a return, a panic, an interrupt or SIGKILL. Its folder
// in the temporary directory goes the same way.
//
// # What takes time
//
// A control plane starts in about three seconds and takes about 1 GB of memory. Pods become ready and objects collected
// within tenths of a second, but a namespace is not gone before five seconds, and one with pods in it not before half of
// their longest grace period: the namespace controller waits so long before it looks again. A cleanup need not wait.
//
// # Failures on request
//
// The annotation sim.setpoint.dev/fail on a pod template asks the simulator for a failure: image-pull, crash-loop or
// never-ready. Removing it heals the pod.
package kubetest
