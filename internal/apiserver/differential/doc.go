// Package differential holds no code but tests: they send the same random requests to kube-apiserver and to the API server in
// the process, and compare what both answer, store and tell their watchers.
//
//	go test ./internal/apiserver/differential -v                                      # as CI does
//	go test ./internal/apiserver/differential -differential.operations=100000 -timeout 1h
//	go test ./internal/apiserver/differential -differential.seed=7 -differential.kind=Job
//
// The first prints how many operations of each verb and kind had which outcome. The seed of a run is printed; with the same
// number of operations the same seed sends the same requests.
//
// What is written is read back and compared, and a second test compares what watches tell of it. The samples in testdata say
// of each kind what may change and what may not.
//
// kube-apiserver runs with its default admission plugins and without kube-controller-manager. On the other side stands the
// core of cluster/memory without the simulated controllers and without garbage collection.
package differential
