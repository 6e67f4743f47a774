package diff

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
)

// self is the key of our own entry among the managers.
const self = "self"

// managed is who owns what in a live object.
type managed struct {
	// sets is by a key of our making: self, or the number of the entry. Of entries with one identity there is the last.
	sets fieldpath.ManagedFields
	// owners holds the facts of each entry by the same key.
	owners map[string]Owner
	// fields, when there are some, stand for sets, which are then not there. Live and manager are what they were read from.
	fields  *fields
	live    *unstructured.Unstructured
	manager string
	// byPath and whole, the managers with their sets, are made when they are first asked for.
	index, decoding sync.Once
	byPath          *owned
	whole           *managed
}

// entryIdentity tells the entries of managedFields apart. Those of an apply have the same one at every version.
type entryIdentity struct{ manager, operation, subresource, version string }

// decode reads managedFields. What cannot be read is an error: the server has written it, and to go on without it would be to
// forget an owner.
func decode(live *unstructured.Unstructured, manager string) (*managed, error) {
	m := &managed{sets: fieldpath.ManagedFields{}, owners: map[string]Owner{}}
	metadata, _ := live.Object["metadata"].(map[string]any)
	if metadata["managedFields"] == nil {
		return m, nil
	}
	entries, ok := metadata["managedFields"].([]any)
	if !ok {
		return nil, errors.New("read managedFields: they are no list")
	}
	keys := map[entryIdentity]string{}
	for i, e := range entries {
		entry, ok := e.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("read managedFields: entry %d is no object", i)
		}
		_, o := owner(entry)
		set := &fieldpath.Set{}
		if fields, ok := entry["fieldsV1"].(map[string]any); ok {
			if err := addFields(set, fields); err != nil {
				return nil, fmt.Errorf("read managedFields: entry %d of %s: %w", i, o, err)
			}
		} else if entry["fieldsV1"] != nil {
			return nil, fmt.Errorf("read managedFields: entry %d of %s: the fields are no object", i, o)
		}
		key := strconv.Itoa(i)
		if isOurs(entry, manager) {
			key = self
		}
		version, _ := entry["apiVersion"].(string)
		id := entryIdentity{o.Manager, o.Operation, o.Subresource, version}
		if o.Operation == "Apply" {
			id.version = ""
		}
		if earlier, ok := keys[id]; ok {
			key = earlier // As a server reads them.
		}
		keys[id] = key
		m.sets[key] = fieldpath.NewVersionedSet(set, fieldpath.APIVersion(version), o.Operation == "Apply")
		m.owners[key] = o
	}
	return m, nil
}

// addFields adds the fields of FieldsV1 to a set: each key is a path element, and "." the path itself, which its parent adds. They
// go in in their order, since a set is kept as a sorted list.
func addFields(set *fieldpath.Set, fields map[string]any) error {
	type field struct {
		at    fieldpath.PathElement
		below map[string]any
	}
	list := make([]field, 0, len(fields))
	for key, below := range fields {
		if key == "." {
			continue
		}
		e, err := fieldpath.DeserializePathElement(key)
		if errors.Is(err, fieldpath.ErrUnknownPathElementType) {
			continue // Of a later release, as the server reads it.
		}
		if err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
		m, _ := below.(map[string]any)
		list = append(list, field{e, m})
	}
	slices.SortFunc(list, func(a, b field) int { return a.at.Compare(b.at) })
	for _, f := range list {
		_, itself := f.below["."]
		if itself || len(f.below) == 0 {
			set.Members.Insert(f.at)
		}
		if len(f.below) > 1 || len(f.below) == 1 && !itself {
			if err := addFields(set.Children.Descend(f.at), f.below); err != nil {
				return err
			}
		}
	}
	return nil
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

// undecoded returns the managers of fields without their sets.
func undecoded(f *fields, live *unstructured.Unstructured, manager string) *managed {
	m := &managed{fields: f, live: live, manager: manager, owners: make(map[string]Owner, len(f.others)+1)}
	if f.ours != nil {
		m.owners[self] = f.owner
	}
	for i, e := range f.others {
		m.owners[strconv.Itoa(i)] = e.owner
	}
	return m
}

// decoded returns the managers with their sets.
func (m *managed) decoded() *managed {
	if m.fields == nil {
		return m
	}
	m.decoding.Do(func() {
		var err error
		if m.whole, err = decode(m.live, m.manager); err != nil {
			m.whole = &managed{} // What was read as fields can be decoded.
		}
	})
	return m.whole
}

// settled says whether our entry is already as an apply would leave it.
func (m *managed) settled(after *fieldpath.Set, version fieldpath.APIVersion) bool {
	ours, ok := m.sets[self]
	if !ok {
		return after.Empty()
	}
	return ours.APIVersion() == version && ours.Set().Equals(after)
}

// owned says whether our own entry has the path or a part of it.
func (m *managed) owned(path fieldpath.Path) bool {
	if m.fields != nil {
		if keys, ok := serialized(path); ok {
			e := entry{fields: m.fields.ours}
			if _, found, clear := e.find(keys); clear {
				return found
			}
		}
		m = m.decoded()
	}
	ours, ok := m.sets[self]
	return ok && owns(ours.Set(), path)
}

// of returns those who own the field at the path or a part of it.
func (m *managed) of(path fieldpath.Path) []Owner {
	if m.fields != nil {
		if out, ok := m.fields.of(path); ok {
			return out
		}
		m = m.decoded()
	}
	m.index.Do(func() { m.byPath = newOwned(m.sets) })
	keys := m.byPath.at(path)
	if len(keys) == 0 {
		return nil
	}
	out := make([]Owner, len(keys))
	for i, k := range keys {
		out[i] = m.owners[k]
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
	return m.since(since, hasStatus)
}

// since returns the managers that wrote no earlier than a time.
func (m *managed) since(since time.Time, hasStatus bool) []Owner {
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
