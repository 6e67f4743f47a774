package diff

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
)

// self is the key of our own entry among the managers.
const self = "self"

// managed is who owns what in a live object.
type managed struct {
	// sets is by a key of our making: self, or the number of the entry.
	sets fieldpath.ManagedFields
	// owners holds the facts of each entry by the same key.
	owners map[string]Owner
}

// decode reads managedFields. An entry that cannot be read is an error: the server has written it.
func decode(live *unstructured.Unstructured, manager string) (*managed, error) {
	m := &managed{sets: fieldpath.ManagedFields{}, owners: map[string]Owner{}}
	for i, e := range live.GetManagedFields() {
		set := fieldpath.NewSet()
		if e.FieldsV1 != nil {
			if err := set.FromJSON(bytes.NewReader(e.FieldsV1.Raw)); err != nil {
				return nil, fmt.Errorf("read managedFields entry %d of %q: %w", i, e.Manager, err)
			}
		}
		applied := e.Operation == metav1.ManagedFieldsOperationApply
		key := strconv.Itoa(i)
		if applied && e.Manager == manager && e.Subresource == "" {
			key = self
		}
		m.sets[key] = fieldpath.NewVersionedSet(set, fieldpath.APIVersion(e.APIVersion), applied)
		o := Owner{Manager: e.Manager, Operation: string(e.Operation), Subresource: e.Subresource}
		if e.Time != nil {
			o.Time = e.Time.UTC()
		}
		m.owners[key] = o
	}
	return m, nil
}

// copySets returns the sets for a merge, which changes the map that it is given.
func (m *managed) copySets() fieldpath.ManagedFields {
	out := make(fieldpath.ManagedFields, len(m.sets))
	for k, v := range m.sets {
		out[k] = v
	}
	return out
}

// otherVersions returns the keys of the entries that are not written in the version.
func (m *managed) otherVersions(version fieldpath.APIVersion) []string {
	var out []string
	for k, v := range m.sets {
		if v.APIVersion() != version {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// of returns those who own the field at the path or a part of it.
func (m *managed) of(path fieldpath.Path) []Owner {
	var out []Owner
	for k, v := range m.sets {
		if owns(v.Set(), path) {
			out = append(out, m.owners[k])
		}
	}
	slices.SortFunc(out, compareOwners)
	return out
}

// owns says whether the set has the path or anything below it.
func owns(set *fieldpath.Set, path fieldpath.Path) bool {
	if set == nil {
		return false
	}
	if len(path) == 0 {
		return !set.Empty()
	}
	if set.Has(path) {
		return true
	}
	for _, e := range path {
		set = set.WithPrefix(e)
	}
	return !set.Empty()
}

// lastApplied returns when our manager last applied with effect.
func (m *managed) lastApplied() time.Time { return m.owners[self].Time }

// suspects returns the managers that wrote no earlier than our last apply, the latest first. Writers of a subresource are
// none where that cannot reach what an apply does.
func (m *managed) suspects(hasStatus bool) []Owner {
	since := m.lastApplied()
	if since.IsZero() {
		return nil
	}
	var out []Owner
	for k, o := range m.owners {
		if k == self || o.Time.Before(since) || hasStatus && o.Subresource == "status" {
			continue
		}
		out = append(out, o)
	}
	sortSuspects(out)
	return out
}

func sortSuspects(owners []Owner) {
	slices.SortFunc(owners, func(a, b Owner) int {
		if c := b.Time.Compare(a.Time); c != 0 {
			return c
		}
		return compareOwners(a, b)
	})
}
