package clustertest

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

const held = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [example.com/hold]}, data: {x: '1'}}"

var deleting = []Rule{
	{"delete/removes", "What is deleted is gone (Kubernetes API Concepts, Resource deletion).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		s.remove(obj, cluster.DeleteOptions{})
		s.absent(obj)
	}},
	{"delete/absent", "A delete of what is not there is ErrNotFound (cluster.Deleter).", func(s *scene) {
		s.ErrorIs(s.client.Delete(s.ctx, cluster.RefOf(s.object(mine, "a")), cluster.DeleteOptions{}), cluster.ErrNotFound)
	}},
	{"delete/foreign-uid", "A delete for another UID is ErrConflict and deletes nothing (Kubernetes API, DeleteOptions.preconditions).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		err := s.client.Delete(s.ctx, cluster.RefOf(obj), cluster.DeleteOptions{UID: "11111111-1111-1111-1111-111111111111"})
		s.ErrorIs(err, cluster.ErrConflict)
		s.unchanged(obj)
		s.remove(obj, cluster.DeleteOptions{UID: obj.GetUID()})
	}},
	{"delete/stale-resourceVersion", "A delete at an old resourceVersion is ErrConflict and deletes nothing (Kubernetes API, DeleteOptions.preconditions).", func(s *scene) {
		old := s.config("a", "x: '1'")
		now := s.merge(old, `{"data":{"x":"2"}}`)
		err := s.client.Delete(s.ctx, cluster.RefOf(old), cluster.DeleteOptions{ResourceVersion: old.GetResourceVersion()})
		s.ErrorIs(err, cluster.ErrConflict)
		s.unchanged(now)
		s.remove(now, cluster.DeleteOptions{ResourceVersion: now.GetResourceVersion()})
	}},
	{"delete/new-object-new-uid", "An object of the same name that is created later is another one (Kubernetes docs, Object Names and IDs: UIDs).", func(s *scene) {
		first := s.config("a", "x: '1'")
		s.remove(first, cluster.DeleteOptions{})
		s.NotEqual(first.GetUID(), s.config("a", "x: '1'").GetUID())
	}},
	{"delete/finalizers-hold", "An object with finalizers stays, with a deletionTimestamp, until they are gone (Kubernetes docs, Finalizers).", func(s *scene) {
		obj := s.create(held)
		s.release(obj)
		s.remove(obj, cluster.DeleteOptions{})
		s.NotNil(s.get(obj).GetDeletionTimestamp())
		s.merge(obj, `{"metadata":{"finalizers":null}}`)
		s.absent(obj)
	}},
	{"delete/twice", "A second delete of an object that waits for finalizers is accepted and changes nothing (Kubernetes docs, Finalizers).", func(s *scene) {
		obj := s.create(held)
		s.release(obj)
		s.remove(obj, cluster.DeleteOptions{})
		waiting := s.get(obj)
		s.remove(obj, cluster.DeleteOptions{})
		s.unchanged(waiting)
	}},
	{"delete/no-new-finalizers", "No finalizer can be added once the deletion has begun (Kubernetes docs, Finalizers).", func(s *scene) {
		obj := s.create(held)
		s.release(obj)
		s.remove(obj, cluster.DeleteOptions{})
		s.invalid(s.tryPatch(obj, mergePatch, `{"metadata":{"finalizers":["example.com/hold","example.com/more"]}}`), "metadata.finalizers")
	}},
	{"delete/no-way-back", "A deletionTimestamp cannot be taken back (Kubernetes docs, Finalizers).", func(s *scene) {
		obj := s.create(held)
		s.release(obj)
		s.remove(obj, cluster.DeleteOptions{})
		waiting := s.get(obj)
		_ = s.tryPatch(obj, mergePatch, `{"metadata":{"deletionTimestamp":null}}`)
		s.Equal(waiting.GetDeletionTimestamp(), s.get(obj).GetDeletionTimestamp())
	}},
	{"delete/others-may-write", "An object that waits for finalizers can still be changed (Kubernetes docs, Finalizers).", func(s *scene) {
		obj := s.create(held)
		s.release(obj)
		s.remove(obj, cluster.DeleteOptions{})
		s.Equal("2", at(s.merge(obj, `{"data":{"x":"2"}}`), "data.x"))
	}},
	{"delete/name-stays-taken", "The name is in use until the finalizers are gone (Kubernetes docs, Finalizers).", func(s *scene) {
		obj := s.create(held)
		s.release(obj)
		s.remove(obj, cluster.DeleteOptions{})
		s.ErrorIs(s.tryCreate(configMap, "a", "x: '1'"), cluster.ErrAlreadyExists)
	}},
}

// owned creates a ConfigMap that names another one as its owner.
const owned = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: %s, uid: %s, blockOwnerDeletion: true}]}}"

var collecting = []Rule{
	{"collect/background", "Objects go after their only owner (Kubernetes docs, Garbage Collection, background cascading deletion).", func(s *scene) {
		owner := s.config("owner", "x: '1'")
		child := s.create(owned, "child", "owner", owner.GetUID())
		s.remove(owner, cluster.DeleteOptions{Propagation: cluster.PropagationBackground})
		s.gone(child)
	}},
	{"collect/orphan", "Orphans stay, without the owner (Kubernetes docs, Garbage Collection, orphaned dependents).", func(s *scene) {
		owner := s.config("owner", "x: '1'")
		child := s.create(owned, "child", "owner", owner.GetUID())
		s.remove(owner, cluster.DeleteOptions{Propagation: cluster.PropagationOrphan})
		s.gone(owner)
		s.Empty(s.get(child).GetOwnerReferences())
	}},
	{"collect/foreground", "In the foreground the owner stays until those that block it are gone (Kubernetes docs, Garbage Collection, foreground cascading deletion).", func(s *scene) {
		owner := s.config("owner", "x: '1'")
		child := s.create(owned, "child", "owner", owner.GetUID())
		child = s.merge(child, `{"metadata":{"finalizers":["example.com/hold"]}}`)
		s.release(child)
		s.remove(owner, cluster.DeleteOptions{Propagation: cluster.PropagationForeground})
		waiting := s.get(owner)
		s.NotNil(waiting.GetDeletionTimestamp())
		s.Contains(waiting.GetFinalizers(), "foregroundDeletion")
		s.merge(child, `{"metadata":{"finalizers":null}}`)
		s.gone(child)
		s.gone(owner)
	}},
	{"collect/another-owner", "An object with another living owner stays, and loses the one that is gone (Kubernetes docs, Garbage Collection).", func(s *scene) {
		one, two := s.config("one", "x: '1'"), s.config("two", "x: '1'")
		child := s.create("{apiVersion: v1, kind: ConfigMap, metadata: {name: child, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: one, uid: %s}, {apiVersion: v1, kind: ConfigMap, name: two, uid: %s}]}}", one.GetUID(), two.GetUID())
		s.remove(one, cluster.DeleteOptions{Propagation: cluster.PropagationBackground})
		s.until(child, func(now *unstructured.Unstructured) bool { return now == nil || len(now.GetOwnerReferences()) == 1 })
		s.Equal(two.GetUID(), s.get(child).GetOwnerReferences()[0].UID)
	}},
	{"collect/owner-never-was", "An object whose owner does not exist is collected (Kubernetes docs, Owners and Dependents).", func(s *scene) {
		owner := s.config("owner", "x: '1'")
		s.remove(owner, cluster.DeleteOptions{})
		s.gone(s.create(owned, "child", "owner", owner.GetUID()))
	}},
	{"collect/only-one-controller", "An object has at most one owner that is its controller (Kubernetes API, OwnerReference.controller).", func(s *scene) {
		s.invalid(s.tryCreate("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: x, controller: true}, {apiVersion: v1, kind: ConfigMap, name: j, uid: j, controller: true}]}}"), "metadata.ownerReferences")
	}},
}

var namespaces = []Rule{
	{"namespace/missing", "Nothing can be created in a namespace that is not there: ErrNotFound (Kubernetes docs, NamespaceLifecycle).", func(s *scene) {
		text := "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: " + unique("none") + "}}"
		s.ErrorIs(s.tryCreate("%s", text), cluster.ErrNotFound)
		s.ErrorIs(s.tryApply(by("us"), "%s", text), cluster.ErrNotFound)
	}},
	{"namespace/name-label", "Every namespace has its name as the label kubernetes.io/metadata.name (KEP-2161).", func(s *scene) {
		ns := s.cluster("{apiVersion: v1, kind: Namespace, metadata: {name: " + unique("rule") + "}}")
		s.Equal(ns.GetName(), ns.GetLabels()["kubernetes.io/metadata.name"])
	}},
	{"namespace/terminating", "Nothing new can be created in a namespace that is being deleted: ErrForbidden (Kubernetes docs, NamespaceLifecycle).", func(s *scene) {
		obj := s.create(held)
		s.release(obj)
		s.NoError(s.client.Delete(s.ctx, cluster.Ref{Kind: "Namespace", Name: s.namespace()}, cluster.DeleteOptions{}))
		s.ErrorIs(s.tryCreate(configMap, "b", "x: '1'"), cluster.ErrForbidden)
		s.ErrorIs(s.tryApply(by("us"), configMap, "b", "x: '1'"), cluster.ErrForbidden)
		s.get(obj)
	}},
	{"namespace/takes-all-along", "What is in a namespace goes with it (Kubernetes docs, Namespaces).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		s.NoError(s.client.Delete(s.ctx, cluster.Ref{Kind: "Namespace", Name: s.namespace()}, cluster.DeleteOptions{}))
		s.gone(obj)
	}},
	{"namespace/name-rules", "A namespace's name is a DNS label: no dots (Kubernetes docs, Namespaces).", func(s *scene) {
		_, err := s.client.Create(s.ctx, parse("{apiVersion: v1, kind: Namespace, metadata: {name: a.b}}"), by("test"))
		s.invalid(err, "metadata.name")
	}},
}
