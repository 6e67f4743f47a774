package apply

import (
	"bytes"
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
	// was holds the entries that the object came with, and written what they were read from.
	was     []metav1.ManagedFieldsEntry
	written []any
	// value is the object in the structure of its schema, when that has been found out already.
	value *typed.TypedValue
	// merged says that an apply has made the object, of a live one that it changes.
	merged bool
}

var (
	_ metav1.Object  = (*object)(nil)
	_ runtime.Object = (*object)(nil)
)

// Metadata returns an object's metadata for checks that do not care which fields an entry of managedFields has: none has any.
func Metadata(obj *unstructured.Unstructured) metav1.Object { return &header{Unstructured: obj} }

type header struct {
	*unstructured.Unstructured
	entries []metav1.ManagedFieldsEntry
	known   bool
}

// GetManagedFields returns the account without the fields.
func (h *header) GetManagedFields() []metav1.ManagedFieldsEntry {
	if !h.known {
		h.entries, h.known = entriesOf(h.Unstructured, false), true
	}
	return h.entries
}

// Copy returns a deep copy of an object, but for the account of ownership, which is only ever replaced.
func Copy(obj *unstructured.Unstructured) *unstructured.Unstructured {
	out := make(map[string]any, len(obj.Object))
	for key, value := range obj.Object {
		metadata, ok := value.(map[string]any)
		if key != "metadata" || !ok {
			out[key] = runtime.DeepCopyJSONValue(value)
			continue
		}
		copied := make(map[string]any, len(metadata))
		for k, v := range metadata {
			if k != "managedFields" {
				v = runtime.DeepCopyJSONValue(v)
			}
			copied[k] = v
		}
		out[key] = copied
	}
	return &unstructured.Unstructured{Object: out}
}

// apart returns obj and its account apart. obj is not changed, nor is the result to change what they share.
func apart(obj *unstructured.Unstructured) *object {
	o := &object{Unstructured: obj, entries: Entries(obj), written: kept(obj)}
	o.was = o.entries
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

// joined returns the object with its account in it. Entries that have the fields of one of live share them.
func (o *object) joined(live *object) *unstructured.Unstructured {
	if o.entries != nil {
		setEntries(o.Unstructured, o.entries, live.fields)
	}
	return o.Unstructured
}

// fields returns the fields of the entry that the object came with whose fields read like this, nil if there is none.
func (o *object) fields(raw []byte) map[string]any {
	for i, e := range o.was {
		if i < len(o.written) && e.FieldsV1 != nil && bytes.Equal(e.FieldsV1.GetRawBytes(), raw) {
			return o.writtenFields(i)
		}
	}
	return nil
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
	return &object{Unstructured: o.DeepCopy(), entries: entries, merged: o.merged}
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
		return &object{Unstructured: u, merged: true}, nil
	}
	return obj, err
}
