// Command controlplane is a Kubernetes control plane in one binary, for tests only: etcd, kube-apiserver and
// kube-controller-manager from their published modules, and small parts of our own for what a cluster has besides them.
//
//	controlplane etcd -dir DIR                               prints "client HOST:PORT" when it serves
//	controlplane egress -socket PATH                         the API server's way out: loopback only
//	controlplane kube-apiserver [its own flags]
//	controlplane kube-controller-manager [its own flags]
//	controlplane simulator -kubeconfig FILE                  nodes, pods, volumes and load balancers
//	controlplane janitor -dir DIR                            removes DIR when the parent is gone
//
// Every part ends as soon as its standard input reaches end of file. The process that starts it holds the other end of
// that pipe, so a test that is killed, even by SIGKILL, leaves nothing running and nothing on disk.
//
// It is a module of its own because k8s.io/kubernetes and the etcd server are far too heavy to be requirements of the
// SDK. Package internal/kubetest builds and starts it; nothing imports it.
package main
