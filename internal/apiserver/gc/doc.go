// Package gc removes what nobody owns any more, and what lives in a place that goes away. Its three controllers do the
// work of their namesakes in a cluster:
//
//   - [Owners], the garbage collector of kube-controller-manager: an object whose owners are all gone goes too. A deletion
//     with propagationPolicy Foreground waits for the dependents that block it, one with Orphan detaches them.
//   - [Namespaces], the namespace controller: a namespace that is being deleted loses its contents, then its finalizer.
//   - [Definitions], part of every API server: when a CustomResourceDefinition is being deleted, the objects of its kind go
//     first; when it is gone, others may have its names.
//
// Each remembers, from the changes it is handed, which objects exist; so it has to be registered before the first
// write. They are deterministic: dependents go in the order of kind, namespace and name.
//
// # Differences from the cluster
//
// The cluster's collector asks the API server for owners that it has not seen, and waits half a minute before it acts on a
// kind that has just appeared; here all kinds are known at once. An owner reference to a kind that is not served keeps its
// object, as in the cluster.
package gc
