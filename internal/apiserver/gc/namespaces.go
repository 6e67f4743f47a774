package gc

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

var namespaceKind = schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}

// kubernetesFinalizer stands in spec.finalizers of a namespace until it is empty.
const kubernetesFinalizer = "kubernetes"

// Namespaces empties namespaces that are being deleted and lets them go.
func Namespaces() apiserver.Controller { return &namespaces{terminating: map[string]*sweeping{}} }

type namespaces struct{ terminating map[string]*sweeping }

// sweeping is a namespace that has been swept and still holds something. It is swept again each time half of that is gone, so
// that its conditions are true when something stays, and a large namespace does not cost its size squared.
type sweeping struct {
	left map[types.UID]bool
	next int // the size of left at which it is swept again
}

func (c *namespaces) Name() string { return "namespace-controller" }

// Whole implements [apiserver.Selective]: what is looked into is read anew.
func (c *namespaces) Whole(apiserver.Kind) bool { return false }

func (c *namespaces) Handle(api apiserver.API, change apiserver.Change) error {
	name := change.Object.GetNamespace()
	switch {
	case change.Kind.Group == "" && change.Kind.Kind == "Namespace":
		return c.namespace(api, change)
	case c.terminating[name] == nil || change.Type != apiserver.Deleted:
		return nil
	}
	s, uid := c.terminating[name], change.Object.GetUID()
	if !s.left[uid] {
		return nil // went in the sweep itself
	}
	if delete(s.left, uid); len(s.left) > s.next {
		return nil
	}
	return c.sync(api, name)
}

func (c *namespaces) namespace(api apiserver.API, change apiserver.Change) error {
	name := change.Object.GetName()
	if change.Type == apiserver.Deleted || change.Object.GetDeletionTimestamp() == nil {
		delete(c.terminating, name)
		return nil
	}
	if c.terminating[name] != nil {
		return nil // deletions in the namespace carry it on
	}
	return c.sync(api, name)
}

// sync deletes what is left in a namespace, says what could not go yet, and releases the namespace when nothing is left.
func (c *namespaces) sync(api apiserver.API, name string) error {
	obj, err := api.Get(namespaceKind, "", name)
	if apierrors.IsNotFound(err) || (err == nil && obj.GetDeletionTimestamp() == nil) {
		return nil
	}
	if err != nil {
		return err
	}
	left, faults := sweep(api, name)
	c.terminating[name] = &sweeping{left: left.objects, next: len(left.objects) / 2}
	if faults != nil {
		return errors.Join(faults, c.report(api, obj, left, faults))
	}
	if len(left.kinds) > 0 {
		return c.report(api, obj, left, nil)
	}
	finalizers, _, _ := unstructured.NestedStringSlice(obj.Object, "spec", "finalizers")
	if !slices.Contains(finalizers, kubernetesFinalizer) {
		return nil
	}
	rest := slices.DeleteFunc(finalizers, func(f string) bool { return f == kubernetesFinalizer })
	if err := unstructured.SetNestedStringSlice(obj.Object, rest, "spec", "finalizers"); err != nil {
		return err
	}
	_, err = api.Update(obj, apiserver.WriteOptions{Manager: manager, Subresource: "finalize"})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// remains is what a namespace still holds.
type remains struct {
	kinds      map[string]int // "pods." → number of objects
	finalizers map[string]int // finalizer → number of objects it holds
	objects    map[types.UID]bool
}

// sweep asks every object of a namespace to go and returns those that have not gone at once.
func sweep(api apiserver.API, namespace string) (remains, error) {
	left := remains{kinds: map[string]int{}, finalizers: map[string]int{}, objects: map[types.UID]bool{}}
	var faults []error
	background := metav1.DeletePropagationBackground
	for _, kind := range api.Kinds() {
		if !kind.Namespaced {
			continue
		}
		objects, err := api.List(kind.GVK(), namespace, nil)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		for _, obj := range objects {
			if obj.GetDeletionTimestamp() == nil {
				err := api.Delete(kind.GVK(), namespace, obj.GetName(), metav1.DeleteOptions{PropagationPolicy: &background})
				if err != nil && !apierrors.IsNotFound(err) {
					faults = append(faults, err)
				}
				if obj, err = api.Get(kind.GVK(), namespace, obj.GetName()); err != nil {
					continue // gone
				}
			}
			left.objects[obj.GetUID()] = true
			left.kinds[kind.Resource+"."+kind.Group]++
			for _, f := range obj.GetFinalizers() {
				left.finalizers[f]++
			}
		}
	}
	return left, errors.Join(faults...)
}

// report tells in the namespace's conditions why it is still there.
func (c *namespaces) report(api apiserver.API, obj *unstructured.Unstructured, left remains, faults error) error {
	conditions, _, _ := unstructured.NestedSlice(obj.Object, "status", "conditions")
	changed := false
	set := func(kind, status, reason, message string) {
		changed = setCondition(&conditions, kind, status, reason, message, api.Now()) || changed
	}
	set("NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered")
	set("NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed")
	if faults != nil {
		set("NamespaceDeletionContentFailure", "True", "ContentDeletionFailed", faults.Error())
	} else {
		set("NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization")
	}
	if len(left.kinds) > 0 {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(left.kinds)) {
			parts = append(parts, fmt.Sprintf("%s has %d resource instances", name, left.kinds[name]))
		}
		set("NamespaceContentRemaining", "True", "SomeResourcesRemain", "Some resources are remaining: "+strings.Join(parts, ", "))
	} else {
		set("NamespaceContentRemaining", "False", "ContentRemoved", "All content successfully removed")
	}
	if len(left.finalizers) > 0 {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(left.finalizers)) {
			parts = append(parts, fmt.Sprintf("%s in %d resource instances", name, left.finalizers[name]))
		}
		set("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", "Some content in the namespace has finalizers remaining: "+strings.Join(parts, ", "))
	} else {
		set("NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", "All content-preserving finalizers finished")
	}
	if !changed {
		return nil
	}
	if err := unstructured.SetNestedSlice(obj.Object, conditions, "status", "conditions"); err != nil {
		return err
	}
	_, err := api.Update(obj, apiserver.WriteOptions{Manager: manager, Subresource: "status"})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// setCondition sets one condition and reports whether that changed anything but its time.
func setCondition(conditions *[]any, kind, status, reason, message string, now time.Time) bool {
	want := map[string]any{
		"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": now.UTC().Format(time.RFC3339),
	}
	i := slices.IndexFunc(*conditions, func(c any) bool {
		m, ok := c.(map[string]any)
		return ok && m["type"] == kind
	})
	if i < 0 {
		*conditions = append(*conditions, want)
		return true
	}
	have := (*conditions)[i].(map[string]any)
	if have["status"] == status && have["reason"] == reason && have["message"] == message {
		return false
	}
	if have["status"] == status {
		want["lastTransitionTime"] = cmp.Or(have["lastTransitionTime"], want["lastTransitionTime"])
	}
	(*conditions)[i] = want
	return true
}
