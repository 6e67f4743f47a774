package apply

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

// object is an object whose account of ownership lies beside it, typed, as the field manager wants to have it.
type object struct {
	*unstructured.Unstructured
	entries []metav1.ManagedFieldsEntry
	// value is the object in the structure of its schema, when that has been found out already.
	value *typed.TypedValue
}

var (
	_ metav1.Object  = (*object)(nil)
	_ runtime.Object = (*object)(nil)
)

// Metadata returns an object's metadata for reading. It looks into managedFields once, and into those of most objects
// faster than the object's own method.
func Metadata(obj *unstructured.Unstructured) metav1.Object {
	return &object{Unstructured: obj, entries: Entries(obj)}
}

// apart returns obj and its account apart. obj is not changed, nor is the result to change what they share.
func apart(obj *unstructured.Unstructured) *object {
	o := &object{Unstructured: obj, entries: Entries(obj)}
	metadata, ok := obj.Object["metadata"].(map[string]any)
	if !ok {
		return o
	}
	if _, ok := metadata["managedFields"]; !ok {
		return o
	}
	o.Unstructured = &unstructured.Unstructured{Object: without(obj.Object, "metadata")}
	o.Object["metadata"] = without(metadata, "managedFields")
	return o
}

// without returns a copy of a map that lacks one key.
func without(m map[string]any, key string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if k != key {
			out[k] = v
		}
	}
	return out
}

// joined returns the object with its account in it.
func (o *object) joined() *unstructured.Unstructured {
	if o.entries != nil {
		setEntries(o.Unstructured, o.entries)
	}
	return o.Unstructured
}

// GetManagedFields returns the account.
func (o *object) GetManagedFields() []metav1.ManagedFieldsEntry { return o.entries }

// SetManagedFields replaces the account.
func (o *object) SetManagedFields(entries []metav1.ManagedFieldsEntry) { o.entries = entries }

// DeepCopyObject implements [runtime.Object].
func (o *object) DeepCopyObject() runtime.Object {
	entries := slices.Clone(o.entries)
	for i := range entries {
		entries[i] = *o.entries[i].DeepCopy()
	}
	return &object{Unstructured: o.DeepCopy(), entries: entries}
}

// types lets a converter work on objects whose account is apart.
type types struct{ managedfields.TypeConverter }

func (t types) ObjectToTyped(obj runtime.Object, opts ...typed.ValidationOptions) (*typed.TypedValue, error) {
	o, ok := obj.(*object)
	if !ok {
		return t.TypeConverter.ObjectToTyped(obj, opts...)
	}
	if o.value != nil && len(opts) == 0 {
		return o.value, nil
	}
	return t.TypeConverter.ObjectToTyped(o.Unstructured, opts...)
}

func (t types) TypedToObject(value *typed.TypedValue) (runtime.Object, error) {
	obj, err := t.TypeConverter.TypedToObject(value)
	if u, ok := obj.(*unstructured.Unstructured); ok && err == nil {
		return &object{Unstructured: u}, nil
	}
	return obj, err
}
