package kube

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

// view is what a watch has told its caller so far. Everything that the server sends passes through it, so that a second
// look at an unchanged object says nothing and an object that a new look misses is reported as deleted.
type view struct {
	yield  func(cluster.Event, error) bool
	told   map[types.NamespacedName]*trace
	seen   map[types.NamespacedName]struct{} // during a look at everything, what it has shown
	synced bool
}

// trace is what is kept of an object: enough to report that it is gone.
type trace struct {
	uid     types.UID
	version string
	labels  map[string]string
	owners  []any
}

// begin starts a look at everything that is present.
func (v *view) begin() {
	if v.told == nil {
		v.told = map[types.NamespacedName]*trace{}
	}
	v.seen = map[types.NamespacedName]struct{}{}
}

// present takes an object that is there in this state. The errors of present, gone and complete are errStopped.
func (v *view) present(obj *unstructured.Unstructured) error {
	key := types.NamespacedName{Namespace: obj.GetNamespace(), Name: obj.GetName()}
	if v.seen != nil {
		v.seen[key] = struct{}{}
	}
	owners, _, _ := unstructured.NestedSlice(obj.Object, "metadata", "ownerReferences")
	next := &trace{uid: obj.GetUID(), version: obj.GetResourceVersion(), labels: obj.GetLabels(), owners: owners}
	old := v.told[key]
	if old != nil && old.uid == next.uid && old.version == next.version {
		return nil
	}
	event := cluster.Event{Type: cluster.Modified, Object: obj}
	if old == nil || old.uid != next.uid {
		event.Type = cluster.Added
		if old != nil {
			if err := v.vanished(key, old, obj); err != nil {
				return err
			}
		}
	}
	v.told[key] = next
	return v.tell(event)
}

// gone takes an object that was deleted, in its last state.
func (v *view) gone(obj *unstructured.Unstructured) error {
	key := types.NamespacedName{Namespace: obj.GetNamespace(), Name: obj.GetName()}
	if old := v.told[key]; old == nil || old.uid != obj.GetUID() {
		return nil
	}
	delete(v.told, key)
	return v.tell(cluster.Event{Type: cluster.Deleted, Object: obj})
}

// complete ends a look at everything; apiVersion and kind are those of the objects.
func (v *view) complete(apiVersion, kind string) error {
	like := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
	for key, old := range v.told {
		if _, ok := v.seen[key]; ok {
			continue
		}
		if err := v.vanished(key, old, like); err != nil {
			return err
		}
	}
	v.seen = nil
	if v.synced {
		return nil
	}
	v.synced = true
	return v.tell(cluster.Event{Type: cluster.Synced})
}

// vanished reports an object that went away unseen.
func (v *view) vanished(key types.NamespacedName, old *trace, like *unstructured.Unstructured) error {
	delete(v.told, key)
	metadata := map[string]any{"name": key.Name, "uid": string(old.uid), "resourceVersion": old.version}
	if key.Namespace != "" {
		metadata["namespace"] = key.Namespace
	}
	if len(old.owners) > 0 {
		metadata["ownerReferences"] = old.owners
	}
	obj := &unstructured.Unstructured{Object: map[string]any{"apiVersion": like.GetAPIVersion(), "kind": like.GetKind(), "metadata": metadata}}
	if len(old.labels) > 0 {
		obj.SetLabels(old.labels)
	}
	return v.tell(cluster.Event{Type: cluster.Deleted, Object: obj})
}

// tell passes an event to the caller.
func (v *view) tell(event cluster.Event) error {
	if !v.yield(event, nil) {
		return errStopped
	}
	return nil
}
