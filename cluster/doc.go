// Package cluster is the vocabulary that the packages of Setpoint share: how an object is named, where it came from, what
// its kind looks like, and the small interfaces through which objects are read, watched and written.
//
// Objects are [unstructured.Unstructured] values, because a manifest may hold any kind. An object's identity is its [Ref],
// which carries no version: the same object is served at several versions, and only its group, kind, namespace and name
// stay.
//
// Two implementations of [Client] ship with Setpoint: package cluster/kube talks to an API server over the network, and
// package cluster/memory holds an API server in the process. Functions accept the smallest interface that they need:
//
//	func Replicas(ctx context.Context, r cluster.Reader, name string) (int64, error) {
//		obj, err := r.Get(ctx, cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "default", Name: name}, cluster.GetOptions{})
//		if err != nil {
//			return 0, err
//		}
//		n, _, err := unstructured.NestedInt64(obj.Object, "spec", "replicas")
//		return n, err
//	}
//
// # Errors
//
// Every error that an implementation returns for a request is an [*Error] with the operation and the object. Callers branch
// with [errors.Is] on the sentinels ([ErrNotFound], [ErrConflict], [ErrNoKind] and others) and with [errors.As] on
// [*ConflictError] (another field manager owns a field) and [*InvalidError] (the object is not valid). [Retryable] says
// whether the same request may succeed later.
//
// # Concurrency
//
// The values here are plain data and are not synchronised. Implementations of the interfaces are safe for concurrent use.
// Objects that they return belong to the caller; objects that they are given are not modified and not kept.
//
// # Implementing Client
//
// An implementation answers for any kind that its [Kinds] knows. It returns an error matching [ErrNoKind] only when the
// discovery of the kind's group succeeded and the group has no such kind: a caller may then take the absence as a fact,
// which a failed discovery is not.
package cluster
