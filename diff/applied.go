package diff

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Applied returns the object that a first apply of d would leave on a server, as far as that is known offline: with the server's
// defaults, and with the entry of managedFields of our manager. What the server makes up (uid, resourceVersion, times, what it
// allocates) is not in it. Comparing d with it is [Same], or [Unsure] when no schema of the kind is known; or [Differs] when a list
// has an item that states nothing, not even the key that it has by default, since a server takes such an item out with the next
// apply. The content of a Secret is in it.
func (c *Comparer) Applied(d *Desired) (*unstructured.Unstructured, error) {
	obj := d.Object()
	if d.typed == nil {
		return obj, nil
	}
	if d.kind.Exact() {
		obj.Object = d.kind.Store(d.obj.Object)
	}
	entry := d.entry
	if entry == nil {
		var err error
		if entry, err = d.entryOf(); err != nil {
			return nil, &Error{Op: "apply", Ref: d.ref, Err: err}
		}
	}
	obj.SetManagedFields(nil)
	metadata, ok := obj.Object["metadata"].(map[string]any)
	if !ok {
		metadata = map[string]any{}
		obj.Object["metadata"] = metadata
	}
	metadata["managedFields"] = []any{map[string]any{
		"manager": c.manager, "operation": "Apply", "apiVersion": obj.GetAPIVersion(),
		"fieldsType": "FieldsV1", "fieldsV1": clone(entry), "time": time.Time{}.UTC().Format(time.RFC3339),
	}}
	return obj, nil
}
