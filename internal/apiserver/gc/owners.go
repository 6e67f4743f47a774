package gc

import (
	"encoding/json"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// manager is the field manager of the controllers that run in kube-controller-manager.
const manager = "kube-controller-manager"

// Owners collects objects whose owners are gone.
func Owners() apiserver.Controller { return &owners{graph: newGraph()} }

type owners struct{ graph *graph }

func (o *owners) Name() string { return "garbage-collector" }

// Whole implements [apiserver.Selective]: references to owners and finalizers are metadata.
func (o *owners) Whole(apiserver.Kind) bool { return false }

func (o *owners) Handle(api apiserver.API, change apiserver.Change) error {
	n := nodeOf(change)
	if n.uid == "" {
		return nil
	}
	if change.Type == apiserver.Deleted {
		return o.gone(api, n)
	}

	before := o.graph.put(n)
	obj := change.Object
	if obj.GetDeletionTimestamp() != nil {
		switch {
		case slices.Contains(obj.GetFinalizers(), metav1.FinalizerOrphanDependents):
			return o.orphan(api, n)
		case slices.Contains(obj.GetFinalizers(), metav1.FinalizerDeleteDependents):
			for _, d := range o.graph.of(n.uid) {
				if err := o.collect(api, d); err != nil {
					return err
				}
			}
			return o.collect(api, n)
		}
	}
	// An owner that waits for this object may wait no longer.
	if before != nil {
		for _, ref := range before.owners {
			if owner := o.graph.nodes[ref.UID]; owner != nil && before.blocks(ref.UID) && !n.blocks(ref.UID) {
				if err := o.collect(api, owner); err != nil {
					return err
				}
			}
		}
	}
	// References that were there before have been looked at when they came.
	if len(n.owners) == 0 || (before != nil && sameOwners(before.owners, n.owners)) {
		return nil
	}
	return o.collect(api, n)
}

func sameOwners(a, b []metav1.OwnerReference) bool {
	return slices.EqualFunc(a, b, func(x, y metav1.OwnerReference) bool { return x.UID == y.UID })
}

// gone looks after those that an object leaves behind, and after owners that waited for it.
func (o *owners) gone(api apiserver.API, n *node) error {
	o.graph.remove(n.uid)
	for _, d := range o.graph.of(n.uid) {
		if err := o.collect(api, d); err != nil {
			return err
		}
	}
	for _, ref := range n.owners {
		if owner := o.graph.nodes[ref.UID]; owner != nil {
			if err := o.collect(api, owner); err != nil {
				return err
			}
		}
	}
	return nil
}

// collect decides about one object from its newest state.
func (o *owners) collect(api apiserver.API, n *node) error {
	obj, err := api.Get(n.kind, n.namespace, n.name)
	if apierrors.IsNotFound(err) || (err == nil && obj.GetUID() != n.uid) {
		return nil
	}
	if err != nil {
		return err
	}
	waits := obj.GetDeletionTimestamp() != nil && slices.Contains(obj.GetFinalizers(), metav1.FinalizerDeleteDependents)
	if waits {
		return o.finish(api, n, obj)
	}
	refs := obj.GetOwnerReferences()
	if obj.GetDeletionTimestamp() != nil || len(refs) == 0 {
		return nil
	}

	var solid, waiting, dangling []metav1.OwnerReference
	for _, ref := range refs {
		owner, known, err := o.owner(api, n, ref)
		switch {
		case err != nil:
			return err
		case !known:
			solid = append(solid, ref)
		case owner == nil:
			dangling = append(dangling, ref)
		case owner.GetDeletionTimestamp() != nil && slices.Contains(owner.GetFinalizers(), metav1.FinalizerDeleteDependents):
			waiting = append(waiting, ref)
		default:
			solid = append(solid, ref)
		}
	}
	switch {
	case len(solid) > 0 && len(waiting)+len(dangling) == 0:
		return nil
	case len(solid) > 0:
		return o.patch(api, n, obj, map[string]any{"ownerReferences": solid})
	case len(waiting) > 0 && len(o.graph.of(n.uid)) > 0:
		return o.delete(api, n, metav1.DeletePropagationForeground)
	default:
		return o.delete(api, n, policyOf(obj))
	}
}

// policyOf keeps a wish that an earlier, unfinished deletion left in the finalizers.
func policyOf(obj *unstructured.Unstructured) metav1.DeletionPropagation {
	switch finalizers := obj.GetFinalizers(); {
	case slices.Contains(finalizers, metav1.FinalizerOrphanDependents):
		return metav1.DeletePropagationOrphan
	case slices.Contains(finalizers, metav1.FinalizerDeleteDependents):
		return metav1.DeletePropagationForeground
	default:
		return metav1.DeletePropagationBackground
	}
}

// finish lets an object that waits for its dependents go once none of them blocks it.
func (o *owners) finish(api apiserver.API, n *node, obj *unstructured.Unstructured) error {
	blocked := slices.ContainsFunc(o.graph.of(n.uid), func(d *node) bool { return d.blocks(n.uid) })
	if blocked {
		return nil
	}
	return o.dropFinalizer(api, n, obj, metav1.FinalizerDeleteDependents)
}

// orphan takes the references to an object out of its dependents and lets it go.
func (o *owners) orphan(api apiserver.API, n *node) error {
	for _, d := range o.graph.of(n.uid) {
		obj, err := api.Get(d.kind, d.namespace, d.name)
		if apierrors.IsNotFound(err) || (err == nil && obj.GetUID() != d.uid) {
			continue
		}
		if err != nil {
			return err
		}
		rest := slices.DeleteFunc(obj.GetOwnerReferences(), func(r metav1.OwnerReference) bool { return r.UID == n.uid })
		if err := o.patch(api, d, obj, map[string]any{"ownerReferences": rest}); err != nil {
			return err
		}
	}
	obj, err := api.Get(n.kind, n.namespace, n.name)
	if apierrors.IsNotFound(err) || (err == nil && obj.GetUID() != n.uid) {
		return nil
	}
	if err != nil {
		return err
	}
	return o.dropFinalizer(api, n, obj, metav1.FinalizerOrphanDependents)
}

func (o *owners) dropFinalizer(api apiserver.API, n *node, obj *unstructured.Unstructured, name string) error {
	finalizers := obj.GetFinalizers()
	if !slices.Contains(finalizers, name) {
		return nil
	}
	rest := slices.DeleteFunc(finalizers, func(f string) bool { return f == name })
	return o.patch(api, n, obj, map[string]any{"finalizers": rest})
}

// owner returns the object that a reference names. known is false for a kind that is not served, of which nothing can be said. A
// reference from outside the owner's namespace names nothing, except that an object without a namespace is not collected for it.
func (o *owners) owner(api apiserver.API, n *node, ref metav1.OwnerReference) (obj *unstructured.Unstructured, known bool, err error) {
	group, err := schema.ParseGroupVersion(ref.APIVersion)
	if err != nil {
		return nil, false, nil
	}
	kinds := api.Kinds()
	i := slices.IndexFunc(kinds, func(k apiserver.Kind) bool { return k.Group == group.Group && k.Kind == ref.Kind })
	if i < 0 || (kinds[i].Namespaced && !n.namespaced) {
		return nil, false, nil
	}
	namespace := n.namespace
	if !kinds[i].Namespaced {
		namespace = ""
	}
	obj, err = api.Get(kinds[i].GVK(), namespace, ref.Name)
	switch {
	case apierrors.IsNotFound(err) || meta.IsNoMatchError(err):
		return nil, true, nil
	case err != nil:
		return nil, false, err
	case obj.GetUID() != ref.UID:
		return nil, true, nil
	default:
		return obj, true, nil
	}
}

func (o *owners) delete(api apiserver.API, n *node, policy metav1.DeletionPropagation) error {
	err := api.Delete(n.kind, n.namespace, n.name, metav1.DeleteOptions{
		PropagationPolicy: &policy, Preconditions: metav1.NewUIDPreconditions(string(n.uid)),
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) { // gone, or another object has the name
		return nil
	}
	return err
}

// patch changes metadata of the object that was read, and of no later one.
func (o *owners) patch(api apiserver.API, n *node, obj *unstructured.Unstructured, metadata map[string]any) error {
	metadata["uid"], metadata["resourceVersion"] = obj.GetUID(), obj.GetResourceVersion()
	data, err := json.Marshal(map[string]any{"metadata": metadata})
	if err != nil {
		return err
	}
	_, err = api.Patch(n.kind, n.namespace, n.name, types.MergePatchType, data, apiserver.WriteOptions{Manager: manager})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
