package apply

import (
	"bytes"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
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
	var last fieldpath.Set
	if err := last.FromJSON(bytes.NewReader(live.entries[i].FieldsV1.GetRawBytes())); err != nil {
		return // The field manager tells.
	}
	value, err := m.types.ObjectToTyped(patch)
	if err != nil {
		return // As above.
	}
	patch.value = value
	wanted, err := value.ToFieldSet()
	if err != nil || !last.Difference(wanted).Empty() {
		return
	}
	live.entries = slices.Clone(live.entries)
	live.entries[i].FieldsV1 = &metav1.FieldsV1{}
	live.entries[i].FieldsV1.SetRawBytes([]byte("{}"))
}
