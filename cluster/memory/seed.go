package memory

import (
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// seed creates objects: definitions and namespaces first, which others need.
func seed(api apiserver.API, objects []*unstructured.Unstructured) error {
	for i, obj := range objects {
		if obj == nil || len(obj.Object) == 0 {
			return fmt.Errorf("seed object %d: is empty", i+1)
		}
	}
	for _, first := range []bool{true, false} {
		for _, obj := range objects {
			if strategy.Needed(obj.GroupVersionKind().GroupKind()) != first {
				continue
			}
			if err := seedOne(api, obj.DeepCopy()); err != nil {
				return fmt.Errorf("seed %s %s: %w", obj.GetKind(), obj.GetName(), err)
			}
		}
	}
	return nil
}

// seedOne creates an object, and writes its status where that takes a write of its own.
func seedOne(api apiserver.API, obj *unstructured.Unstructured) error {
	kind := served(api, obj.GroupVersionKind().GroupKind())
	if kind.Namespaced && obj.GetNamespace() == "" {
		obj.SetNamespace(metav1.NamespaceDefault)
	}
	obj.SetResourceVersion("") // of an object that was read from some cluster
	opts := apiserver.WriteOptions{Manager: "seed"}
	made, err := api.Create(obj, opts)
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	status, has := obj.Object["status"]
	if err != nil || !has || !slices.Contains(kind.Subresources, "status") {
		return err
	}
	now, err := api.Get(obj.GroupVersionKind(), made.GetNamespace(), made.GetName())
	if err != nil {
		return err
	}
	now.Object["status"] = runtime.DeepCopyJSONValue(status)
	opts.Subresource = "status"
	_, err = api.Update(now, opts)
	return err
}

// served describes a kind; one that is not served is in no namespace.
func served(api apiserver.API, kind schema.GroupKind) apiserver.Kind {
	for _, k := range api.Kinds() {
		if k.Group == kind.Group && k.Kind == kind.Kind {
			return k
		}
	}
	return apiserver.Kind{}
}
