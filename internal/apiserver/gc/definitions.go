package gc

import (
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
)

var definitionKind = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}

// apiServer is the field manager of what the API server itself writes.
const apiServer = "kube-apiserver"

// Definitions empties CustomResourceDefinitions that are being deleted, and lets those have their names that had to wait for
// them. Judging the names of a definition that comes is the server's own work.
func Definitions() apiserver.Controller {
	return &definitions{terminating: map[schema.GroupKind]string{}}
}

type definitions struct {
	terminating map[schema.GroupKind]string // kinds that are going, with the names of their definitions
}

func (c *definitions) Name() string { return "definitions" }

// Whole implements [apiserver.Selective].
func (c *definitions) Whole(kind apiserver.Kind) bool {
	return kind.Group == definitionKind.Group && kind.Kind == definitionKind.Kind
}

func (c *definitions) Handle(api apiserver.API, change apiserver.Change) error {
	if change.Kind.Group != definitionKind.Group || change.Kind.Kind != definitionKind.Kind {
		if name, ok := c.terminating[schema.GroupKind{Group: change.Kind.Group, Kind: change.Kind.Kind}]; ok && change.Type == apiserver.Deleted {
			return c.empty(api, name)
		}
		return nil
	}
	obj := change.Object
	switch {
	case change.Type == apiserver.Deleted:
		delete(c.terminating, declared(obj))
		return c.reconsider(api, obj)
	case obj.GetDeletionTimestamp() == nil:
		return nil
	case c.terminating[declared(obj)] == "":
		c.terminating[declared(obj)] = obj.GetName()
		return c.empty(api, obj.GetName())
	default:
		return nil
	}
}

func declared(obj *unstructured.Unstructured) schema.GroupKind {
	group, _, _ := unstructured.NestedString(obj.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(obj.Object, "spec", "names", "kind")
	return schema.GroupKind{Group: group, Kind: kind}
}

// reconsider judges the others of a group again when one of them has gone.
func (c *definitions) reconsider(api apiserver.API, gone *unstructured.Unstructured) error {
	all, err := api.List(definitionKind, "", nil)
	if err != nil {
		return err
	}
	for _, obj := range all {
		if declared(obj).Group != declared(gone).Group || crd.Established(obj) || obj.GetDeletionTimestamp() != nil {
			continue
		}
		judged, changed, err := crd.Accept(obj, all, api.Now())
		if err != nil {
			return err
		}
		if changed {
			if err := c.write(api, judged); err != nil {
				return err
			}
		}
	}
	return nil
}

// empty deletes the objects of a definition's kind, and lets the definition go when none is left.
func (c *definitions) empty(api apiserver.API, name string) error {
	obj, err := api.Get(definitionKind, "", name)
	if apierrors.IsNotFound(err) || (err == nil && (obj.GetDeletionTimestamp() == nil || !slices.Contains(obj.GetFinalizers(), crd.CleanupFinalizer))) {
		return nil
	}
	if err != nil {
		return err
	}
	status, reason, message := false, "NeverEstablished", "resource was never established"
	if crd.Established(obj) {
		left, err := instances(api, declared(obj))
		if err != nil {
			return err
		}
		if left > 0 {
			if crd.SetTerminating(obj, api.Now(), true, "InstanceDeletionInProgress", "CustomResource deletion is in progress") {
				return c.write(api, obj)
			}
			return nil
		}
		reason, message = "InstanceDeletionCompleted", "removed all instances"
	}
	if crd.SetTerminating(obj, api.Now(), status, reason, message) {
		if err := c.write(api, obj); err != nil {
			return err
		}
		if obj, err = api.Get(definitionKind, "", name); err != nil {
			if apierrors.IsNotFound(err) {
				return nil
			}
			return err
		}
	}
	obj.SetFinalizers(slices.DeleteFunc(obj.GetFinalizers(), func(f string) bool { return f == crd.CleanupFinalizer }))
	_, err = api.Update(obj, apiserver.WriteOptions{Manager: apiServer})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// instances asks the objects of a kind to go and counts those that have not gone at once.
func instances(api apiserver.API, declared schema.GroupKind) (left int, err error) {
	kinds := api.Kinds()
	i := slices.IndexFunc(kinds, func(k apiserver.Kind) bool { return k.Group == declared.Group && k.Kind == declared.Kind && k.Custom })
	if i < 0 {
		return 0, nil
	}
	kind := kinds[i].GVK()
	objects, err := api.List(kind, "", nil)
	if err != nil {
		return 0, err
	}
	background := metav1.DeletePropagationBackground
	for _, obj := range objects {
		if obj.GetDeletionTimestamp() == nil {
			err := api.Delete(kind, obj.GetNamespace(), obj.GetName(), metav1.DeleteOptions{PropagationPolicy: &background})
			if err != nil && !apierrors.IsNotFound(err) {
				return 0, err
			}
		}
		if _, err := api.Get(kind, obj.GetNamespace(), obj.GetName()); err == nil {
			left++
		}
	}
	return left, nil
}

func (c *definitions) write(api apiserver.API, obj *unstructured.Unstructured) error {
	_, err := api.Update(obj, apiserver.WriteOptions{Manager: apiServer, Subresource: "status"})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
