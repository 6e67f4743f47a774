package apply

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// Entries returns what obj.GetManagedFields does, without the detour through reflection for entries as the server writes
// them.
func Entries(obj *unstructured.Unstructured) []metav1.ManagedFieldsEntry { return entriesOf(obj, true) }

// entriesOf returns the entries; without fields, those may lack theirs.
func entriesOf(obj *unstructured.Unstructured, fields bool) []metav1.ManagedFieldsEntry {
	list := kept(obj)
	if list == nil {
		return obj.GetManagedFields()
	}
	out := make([]metav1.ManagedFieldsEntry, len(list))
	for i, item := range list {
		m, ok := item.(map[string]any)
		if !ok || !readEntry(m, fields, &out[i]) {
			return obj.GetManagedFields()
		}
	}
	return out
}

// setEntries does what obj.SetManagedFields does. known returns fields that have been read before, or nil.
func setEntries(obj *unstructured.Unstructured, entries []metav1.ManagedFieldsEntry, known func(raw []byte) map[string]any) {
	list := make([]any, len(entries))
	for i := range entries {
		m, ok := writeEntry(&entries[i], known)
		if !ok {
			obj.SetManagedFields(entries)
			return
		}
		list[i] = m
	}
	metadata, ok := obj.Object["metadata"].(map[string]any)
	if !ok || entries == nil {
		obj.SetManagedFields(entries)
		return
	}
	metadata["managedFields"] = list
}

// kept returns the list of entries as it is in an object.
func kept(obj *unstructured.Unstructured) []any {
	metadata, _ := obj.Object["metadata"].(map[string]any)
	list, _ := metadata["managedFields"].([]any)
	return list
}

// readEntry reports false for an entry that the server would write in another way.
func readEntry(m map[string]any, withFields bool, out *metav1.ManagedFieldsEntry) bool {
	for key, value := range m {
		if key == "fieldsV1" {
			fields, ok := value.(map[string]any)
			if !ok {
				return false
			}
			if !withFields {
				continue
			}
			raw, err := plain.Encode(fields)
			if err != nil {
				return false
			}
			out.FieldsV1 = &metav1.FieldsV1{}
			out.FieldsV1.SetRawBytes(raw)
			continue
		}
		text, ok := value.(string)
		if !ok {
			return false
		}
		switch key {
		case "manager":
			out.Manager = text
		case "operation":
			out.Operation = metav1.ManagedFieldsOperationType(text)
		case "apiVersion":
			out.APIVersion = text
		case "fieldsType":
			out.FieldsType = text
		case "subresource":
			out.Subresource = text
		case "time":
			t, err := time.Parse(time.RFC3339, text)
			if err != nil || t.IsZero() {
				return false
			}
			out.Time = &metav1.Time{Time: t.Local()}
		default:
			return false
		}
	}
	return true
}

// writeEntry reports false for an entry with parts that need another look.
func writeEntry(e *metav1.ManagedFieldsEntry, known func(raw []byte) map[string]any) (map[string]any, bool) {
	m := map[string]any{}
	for key, text := range map[string]string{
		"manager": e.Manager, "operation": string(e.Operation), "apiVersion": e.APIVersion,
		"fieldsType": e.FieldsType, "subresource": e.Subresource,
	} {
		if text != "" {
			m[key] = text
		}
	}
	if e.Time != nil {
		if e.Time.IsZero() {
			return nil, false
		}
		m["time"] = e.Time.UTC().Format(time.RFC3339)
	}
	if e.FieldsV1 != nil {
		fields := known(e.FieldsV1.GetRawBytes())
		if fields == nil {
			var ok bool
			if fields, ok = plain.Parse(e.FieldsV1.GetRawBytes()); !ok {
				return nil, false
			}
		}
		m["fieldsV1"] = fields
	}
	return m, true
}
