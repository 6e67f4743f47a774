// Package kubectl tests the API server in the process with kubectl: that of the Kubernetes version which it serves, compiled
// into the tests, and the one that is installed on the machine, when there is one.
//
// A file of testdata is a scene: commands, the files that they read, and the transcript that they leave on the real control
// plane (etcd, kube-apiserver, controllers and simulated nodes). The server in the process has to leave the same; what differs
// from run to run by nature is masked. After a change of a scene
//
//	go test ./kubectl -run RealControlPlane -update
//
// records it anew.
package kubectl
