package apply

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
	"sigs.k8s.io/structured-merge-diff/v6/value"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// maxRepeatEntries is how many entries are looked through: with more of them, some may have to be merged.
const maxRepeatEntries = 10

// repeat is [Manager.Apply] for the usual case: the patch has just the fields of the manager's last apply, and nobody else owns
// any of them. Then there is nothing to remove and nobody to conflict with, and who owns what stays as it is, so that the merge is
// all that is left. ok is false when that is not so, or not plain to see; changed is as of Apply.
func (m *Manager) repeat(live, patch *unstructured.Unstructured, manager string, now metav1.Time) (obj *unstructured.Unstructured, changed, ok bool) {
	list := kept(live)
	if m.custom || manager == upgrades || len(list) > maxRepeatEntries {
		return nil, false, false
	}
	own := slices.IndexFunc(list, func(e any) bool { return m.isOf(e, manager) })
	if own < 0 || patch.GroupVersionKind() != m.kind || patch.GetManagedFields() != nil {
		return nil, false, false
	}
	wanted, err := m.types.ObjectToTyped(patch)
	if err != nil {
		return nil, false, false // The field manager tells.
	}
	c := coverage{schema: wanted.Schema()}
	for i, item := range list {
		entry, _ := item.(map[string]any)
		fields, ok := entry["fieldsV1"].(map[string]any)
		switch {
		case !ok || entry["apiVersion"] != m.kind.GroupVersion().String():
			return nil, false, false
		case i == own && (!covers(wanted, fields) || members(fields) != c.count(patch.Object, wanted.TypeRef(), false)-unowned(patch)):
			return nil, false, false
		case i != own && c.meets(patch.Object, wanted.TypeRef(), fields):
			return nil, false, false
		}
	}
	before := disowned(live)
	out, ok := c.joined(before, wanted)
	if !ok {
		return nil, false, false
	}
	metadata, ok := out["metadata"].(map[string]any)
	if !ok {
		return nil, false, false
	}
	entries := list
	changed = !plain.Equal(out, before)
	if changed {
		if entries, ok = renewed(live, list, own, now); !ok {
			return nil, false, false
		}
	}
	metadata["managedFields"] = entries
	return &unstructured.Unstructured{Object: out}, changed, true
}

// joined returns what is live with what is wanted in it.
func (c coverage) joined(live map[string]any, wanted *typed.TypedValue) (map[string]any, bool) {
	if out, ok := c.merge(live, wanted.AsValue().Unstructured(), wanted.TypeRef()); ok {
		return out.(map[string]any), true
	}
	// What is stored has been found to be of the kind's structure before.
	merged, err := typed.AsTypedUnvalidated(value.NewValueInterface(live), c.schema, wanted.TypeRef()).Merge(wanted)
	if err != nil {
		return nil, false
	}
	out, ok := merged.AsValue().Unstructured().(map[string]any)
	return out, ok
}

// upgrades is the manager that takes over the fields of its client-side applies, and keeps their annotation current.
const upgrades = "kubectl"

func (m *Manager) isOf(item any, manager string) bool {
	e, _ := item.(map[string]any)
	sub, _ := e["subresource"].(string)
	return e["manager"] == manager && e["operation"] == string(metav1.ManagedFieldsOperationApply) && sub == m.subresource
}

// disowned returns a live object without its account; the maps that the account was in are copies.
func disowned(live *unstructured.Unstructured) map[string]any {
	metadata, _ := live.Object["metadata"].(map[string]any)
	out := without(live.Object, "metadata")
	out["metadata"] = without(metadata, "managedFields")
	return out
}

// renewed returns the entries with another time in one of them, in their order.
func renewed(live *unstructured.Unstructured, list []any, own int, now metav1.Time) ([]any, bool) {
	out := slices.Clone(list)
	old, _ := list[own].(map[string]any)
	entry := without(old, "time")
	entry["time"] = now.UTC().Format(time.RFC3339)
	out[own] = entry
	if len(list) == 1 {
		return out, true
	}
	heads := entriesOf(live, false)
	if len(heads) != len(list) {
		return nil, false
	}
	heads[own].Time = &now
	places := make([]int, len(list))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return order(heads[a], heads[b]) })
	sorted := make([]any, len(out))
	for i, p := range places {
		sorted[i] = out[p]
	}
	return sorted, true
}

// unowned is how many fields of a patch are nobody's: what says which object it is, and what only the server sets.
func unowned(patch *unstructured.Unstructured) int {
	n := 0
	for _, key := range []string{"apiVersion", "kind"} {
		if _, ok := patch.Object[key]; ok {
			n++
		}
	}
	metadata, _ := patch.Object["metadata"].(map[string]any)
	for _, key := range []string{"name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "resourceVersion"} {
		if _, ok := metadata[key]; ok {
			n++
		}
	}
	return n
}

// members is how many fields are in a set, given as managedFields holds it.
func members(fields map[string]any) int {
	if len(fields) == 0 {
		return 1
	}
	n := 0
	for key, value := range fields {
		if below, ok := value.(map[string]any); ok && key != "." {
			n += members(below)
			continue
		}
		n++
	}
	return n
}
