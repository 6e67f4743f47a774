package apiserver

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// keep copies a part of live into obj. The parts of metadata that make the object what it is are not a client's to reset.
func keep(obj, live map[string]any, path strategy.Path) {
	if len(path) == 1 && path[0] == "metadata" {
		// The whole metadata stays but for the account of ownership, which the write itself has changed.
		owned := strategy.Get(obj, strategy.Path{"metadata", "managedFields"})
		obj["metadata"] = runtime.DeepCopyJSONValue(live["metadata"])
		strategy.Put(obj, strategy.Path{"metadata", "managedFields"}, owned)
		return
	}
	value := strategy.Get(live, path)
	if value != nil {
		value = runtime.DeepCopyJSONValue(value)
	}
	strategy.Put(obj, path, value)
}

// keepAllBut makes a status write of a custom resource change its status and nothing else but ownership.
func keepAllBut(obj, live *unstructured.Unstructured) {
	status, hasStatus := obj.Object["status"]
	owned := obj.GetManagedFields()
	kept := live.DeepCopy().Object
	for k := range obj.Object {
		if k != "metadata" {
			delete(obj.Object, k)
		}
	}
	for k, v := range kept {
		if k != "status" {
			obj.Object[k] = v
		}
	}
	if hasStatus {
		obj.Object["status"] = status
	}
	obj.SetManagedFields(owned)
}

// keepSystemFields puts back what an update cannot change and need not repeat.
func (s *Server) keepSystemFields(obj, live *unstructured.Unstructured) {
	if obj.GetUID() == "" {
		obj.SetUID(live.GetUID())
	}
	strategy.Put(obj.Object, strategy.Path{"metadata", "selfLink"}, nil)
	for _, path := range []strategy.Path{{"metadata", "creationTimestamp"}, {"metadata", "deletionTimestamp"}} {
		if v := strategy.Get(live.Object, path); v != nil {
			strategy.Put(obj.Object, path, v)
		}
	}
	grace := strategy.Path{"metadata", "deletionGracePeriodSeconds"}
	if v := strategy.Get(live.Object, grace); v != nil && strategy.Get(obj.Object, grace) == nil {
		strategy.Put(obj.Object, grace, v)
	}
}
