package sim

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// create stores a new typed object and returns it as stored. It is nil, without an error, when the namespace is going or gone.
func (s *Simulator) create(kind schema.GroupVersionKind, typed runtime.Object, manager string) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, err
	}
	delete(content, "status")
	obj := &unstructured.Unstructured{Object: content}
	obj.SetGroupVersionKind(kind)
	created, err := s.api.Create(obj, apiserver.WriteOptions{Manager: manager})
	if going(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s.view.put(kind.GroupKind(), created)
	return created, nil
}

// going says that there is no place for a new object because its namespace is being deleted.
func going(err error) bool {
	if err == nil {
		return false
	}
	return apierrors.IsNotFound(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}

// refusal says that the server does not want a new object: a quota, admission or validation speaks against it.
func refusal(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsInvalid(err)
}

// createPod creates a pod of a workload unless the script says that a quota is exceeded.
func (s *Simulator) createPod(pod *corev1.Pod) (*unstructured.Unstructured, error) {
	if err := s.quota(pod); err != nil {
		return nil, err
	}
	return s.create(pods, pod, controllerManager)
}

// edit changes an object from its newest state. change reports whether there was anything to do. What has gone or been
// replaced is passed over.
func (s *Simulator) edit(kind schema.GroupVersionKind, meta *metav1.ObjectMeta, manager, subresource string, change func(obj *unstructured.Unstructured) (bool, error)) error {
	obj, err := s.fresh(kind, meta.Namespace, meta.Name, meta.UID)
	if err != nil || obj == nil {
		return err
	}
	changed, err := change(obj)
	if err != nil || !changed {
		return err
	}
	updated, err := s.api.Update(obj, apiserver.WriteOptions{Manager: manager, Subresource: subresource})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	s.view.put(kind.GroupKind(), updated)
	return nil
}

func (s *Simulator) fresh(kind schema.GroupVersionKind, namespace, name string, uid types.UID) (*unstructured.Unstructured, error) {
	obj, err := s.api.Get(kind, namespace, name)
	if apierrors.IsNotFound(err) || (err == nil && uid != "" && obj.GetUID() != uid) {
		return nil, nil
	}
	return obj, err
}

// editTyped is edit for a typed object; it writes when change has changed anything.
func editTyped[T any](s *Simulator, kind schema.GroupVersionKind, meta *metav1.ObjectMeta, manager, subresource string, change func(obj *T)) error {
	return s.edit(kind, meta, manager, subresource, func(obj *unstructured.Unstructured) (bool, error) {
		before, err := as[T](obj)
		if err != nil {
			return false, err
		}
		copied := any(before).(runtime.Object).DeepCopyObject()
		after := any(copied).(*T)
		change(after)
		if equality.Semantic.DeepEqual(before, after) {
			return false, nil
		}
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(after)
		if err != nil {
			return false, err
		}
		obj.Object = content
		obj.SetGroupVersionKind(kind)
		return true, nil
	})
}

// remove deletes an object unless another one has its name by now.
func (s *Simulator) remove(kind schema.GroupVersionKind, meta *metav1.ObjectMeta, opts metav1.DeleteOptions) error {
	opts.Preconditions = metav1.NewUIDPreconditions(string(meta.UID))
	err := s.api.Delete(kind, meta.Namespace, meta.Name, opts)
	switch {
	case apierrors.IsNotFound(err) || apierrors.IsConflict(err):
	case err != nil:
		return err
	}
	// The pod may stay for a while, waiting for its kubelet.
	left, err := s.fresh(kind, meta.Namespace, meta.Name, meta.UID)
	if err != nil {
		return err
	}
	if left != nil {
		s.view.put(kind.GroupKind(), left)
		return nil
	}
	s.view.drop(key{kind: kind.GroupKind(), namespace: meta.Namespace, name: meta.Name})
	return nil
}

// now is the server's time as objects carry it.
func (s *Simulator) now() metav1.Time { return metav1.NewTime(s.api.Now().UTC()).Rfc3339Copy() }

// controllerRef makes an object the controller of what it creates.
func controllerRef(meta *metav1.ObjectMeta, kind schema.GroupVersionKind) []metav1.OwnerReference {
	return []metav1.OwnerReference{*metav1.NewControllerRef(meta, kind)}
}
