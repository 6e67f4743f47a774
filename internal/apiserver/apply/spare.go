package apply

import (
	"bytes"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

// spareRemoval takes the fields of manager's last apply out of live's account when patch has all of them. They are what the
// merge looks for fields in that the manager no longer wants; it goes through the object several times to find out
// that there are none. Whether the manager owns them is decided by the patch in either case.
func (m *Manager) spareRemoval(live, patch *object, manager string) {
	i := slices.IndexFunc(live.entries, func(e metav1.ManagedFieldsEntry) bool {
		return e.Operation == metav1.ManagedFieldsOperationApply && e.Manager == manager && e.Subresource == m.subresource
	})
	if i < 0 || live.entries[i].FieldsV1 == nil || live.entries[i].APIVersion != m.kind.GroupVersion().String() {
		return
	}
	value, err := m.types.ObjectToTyped(patch)
	if err != nil {
		return // The field manager tells.
	}
	patch.value = value
	if !covers(value, live.writtenFields(i)) && !mentions(value, live.entries[i].FieldsV1.GetRawBytes()) {
		return
	}
	live.entries = slices.Clone(live.entries)
	live.entries[i].FieldsV1 = &metav1.FieldsV1{}
	live.entries[i].FieldsV1.SetRawBytes([]byte("{}"))
}

// writtenFields returns the fields of an entry as they are in the object that it came with, nil if they are not there.
func (o *object) writtenFields(i int) map[string]any {
	if i >= len(o.written) {
		return nil
	}
	entry, _ := o.written[i].(map[string]any)
	fields, _ := entry["fieldsV1"].(map[string]any)
	return fields
}

// mentions reports whether an object mentions all of a set of fields.
func mentions(object *typed.TypedValue, raw []byte) bool {
	var fields fieldpath.Set
	if err := fields.FromJSON(bytes.NewReader(raw)); err != nil {
		return false // The field manager tells.
	}
	wanted, err := object.ToFieldSet()
	return err == nil && fields.Difference(wanted).Empty()
}
