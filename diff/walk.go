package diff

import (
	"reflect"
	"slices"

	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/schema"
	"sigs.k8s.io/structured-merge-diff/v4/value"
)

// difference is a field in which two objects differ. A side that is not there is absent, which null is not.
type difference struct {
	path           fieldpath.Path
	old, new       any
	hasOld, hasNew bool
	// order says that a list has the same items in another order.
	order bool
}

// walker finds the differences of two canonical objects, as fine as the schema divides them.
type walker struct {
	schema *schema.Schema
	out    []difference
}

func differences(s *schema.Schema, root schema.TypeRef, old, new map[string]any) []difference {
	w := walker{schema: s}
	w.walk(nil, root, old, new)
	return w.out
}

func (w *walker) add(d difference) {
	d.path = slices.Clone(d.path)
	w.out = append(w.out, d)
}

func (w *walker) walk(path fieldpath.Path, ref schema.TypeRef, old, new any) {
	atom, ok := w.schema.Resolve(ref)
	switch o := old.(type) {
	case map[string]any:
		// Maps are not compared before they are walked: that would be once for each level above.
		if n, isMap := new.(map[string]any); ok && isMap && atom.Map != nil && atom.Map.ElementRelationship != schema.Atomic {
			w.object(path, atom.Map, o, n)
			return
		}
	case []any:
		if n, isList := new.([]any); ok && isList && atom.List != nil && atom.List.ElementRelationship == schema.Associative && !equal(old, new) && w.list(path, atom.List, o, n) {
			return
		}
	}
	if !equal(old, new) {
		w.add(difference{path: path, old: old, new: new, hasOld: true, hasNew: true})
	}
}

func (w *walker) object(path fieldpath.Path, m *schema.Map, old, new map[string]any) {
	var names []string
	for name, o := range old {
		if n, ok := new[name]; !ok || !sameLeaf(o, n) {
			names = append(names, name)
		}
	}
	for name := range new {
		if _, ok := old[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		o, hasOld := old[name]
		n, hasNew := new[name]
		at := append(path, fieldpath.PathElement{FieldName: &name})
		if !hasOld || !hasNew {
			w.add(difference{path: at, old: o, new: n, hasOld: hasOld, hasNew: hasNew})
			continue
		}
		ref := m.ElementType
		if f, ok := m.FindField(name); ok {
			ref = f.Type
		}
		w.walk(at, ref, o, n)
	}
}

// sameLeaf says whether two values are scalars and equal.
func sameLeaf(a, b any) bool {
	switch a.(type) {
	case map[string]any, []any:
		return false
	}
	return equal(a, b)
}

// list compares two lists whose items have identities. It returns false when an identity cannot be told or occurs twice: then
// the list is compared as a whole.
func (w *walker) list(path fieldpath.Path, l *schema.List, old, new []any) bool {
	if inPlace(l, old, new) {
		for i, o := range old {
			if equal(o, new[i]) {
				continue
			}
			id, ok := w.identity(l, o)
			if !ok {
				return false
			}
			w.walk(append(path, id), l.ElementType, o, new[i])
		}
		return true
	}
	before, ok := w.index(l, old)
	if !ok {
		return false
	}
	after, ok := w.index(l, new)
	if !ok {
		return false
	}
	for _, i := range before.items {
		if j, ok := after.find(i.id); ok {
			w.walk(append(path, i.id), l.ElementType, i.value, j.value)
		} else {
			w.add(difference{path: append(path, i.id), old: i.value, hasOld: true})
		}
	}
	for _, j := range after.items {
		if _, ok := before.find(j.id); !ok {
			w.add(difference{path: append(path, j.id), new: j.value, hasNew: true})
		}
	}
	if x, y := before.common(after), after.common(before); !equal(x, y) {
		w.add(difference{path: path, old: x, new: y, hasOld: true, hasNew: true, order: true})
	}
	return true
}

// shortList is the number of items up to which each is compared with each.
const shortList = 16

// inPlace says that two short lists have the same items at the same places, by keys that all are there and none of which occur
// twice.
func inPlace(l *schema.List, old, new []any) bool {
	if len(l.Keys) == 0 || len(old) != len(new) || len(old) > shortList {
		return false
	}
	for i, o := range old {
		if !alikeBy(l.Keys, o, new[i]) {
			return false
		}
		for _, earlier := range old[:i] {
			if alikeBy(l.Keys, earlier, o) {
				return false
			}
		}
	}
	return true
}

// alikeBy says that two items have the same keys, and all of them.
func alikeBy(keys []string, a, b any) bool {
	x, ok := a.(map[string]any)
	if !ok {
		return false
	}
	y, ok := b.(map[string]any)
	if !ok {
		return false
	}
	for _, k := range keys {
		if v, ok := x[k]; !ok || !leafy(v) || !equal(v, y[k]) {
			return false
		}
	}
	return true
}

// item is an element of an associative list.
type item struct {
	id    fieldpath.PathElement
	value any
}

// items are those of an associative list, in its order and in that of their identities.
type items struct{ items, sorted []item }

func (x items) find(id fieldpath.PathElement) (item, bool) {
	i, ok := slices.BinarySearchFunc(x.sorted, id, func(i item, id fieldpath.PathElement) int { return i.id.Compare(id) })
	if !ok {
		return item{}, false
	}
	return x.sorted[i], true
}

// common returns, as text, the identities of the items that are in the other list too, in their order.
func (x items) common(other items) []any {
	out := []any{}
	for _, i := range x.items {
		if _, ok := other.find(i.id); ok {
			out = append(out, pathString(fieldpath.Path{i.id}))
		}
	}
	return out
}

func (w *walker) index(l *schema.List, list []any) (items, bool) {
	out := items{items: make([]item, 0, len(list))}
	for _, v := range list {
		id, ok := w.identity(l, v)
		if !ok {
			return items{}, false
		}
		out.items = append(out.items, item{id: id, value: v})
	}
	out.sorted = slices.Clone(out.items)
	slices.SortFunc(out.sorted, func(a, b item) int { return a.id.Compare(b.id) })
	for i := range out.sorted {
		if i > 0 && out.sorted[i].id.Equals(out.sorted[i-1].id) {
			return items{}, false
		}
	}
	return out, true
}

// identity returns the path element of an item: its keys when the list has some, else its value.
func (w *walker) identity(l *schema.List, v any) (fieldpath.PathElement, bool) {
	if len(l.Keys) == 0 {
		switch v.(type) {
		case map[string]any, []any:
			return fieldpath.PathElement{}, false
		}
		val := value.NewValueInterface(v)
		return fieldpath.PathElement{Value: &val}, true
	}
	m, ok := v.(map[string]any)
	if !ok {
		return fieldpath.PathElement{}, false
	}
	keys := value.FieldList{}
	for _, name := range l.Keys {
		k, ok := m[name]
		if !ok {
			if k = w.keyDefault(l, name); k == nil {
				continue
			}
		}
		keys = append(keys, value.Field{Name: name, Value: value.NewValueInterface(k)})
	}
	keys.Sort()
	return fieldpath.PathElement{Key: &keys}, len(keys) > 0
}

// keyDefault returns what stands for a key that an item leaves out.
func (w *walker) keyDefault(l *schema.List, name string) any {
	atom, ok := w.schema.Resolve(l.ElementType)
	if !ok || atom.Map == nil {
		return nil
	}
	f, _ := atom.Map.FindField(name)
	return f.Default
}

// equal compares values as JSON decodes them; a whole number is the same as an integer and as a float.
func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			other, ok := b[k]
			if !ok || !equal(v, other) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case int64:
		if f, ok := b.(float64); ok {
			return float64(a) == f
		}
	case float64:
		if i, ok := b.(int64); ok {
			return a == float64(i)
		}
	}
	switch a.(type) {
	case string, bool, int64, float64, nil:
		switch b.(type) {
		case string, bool, int64, float64, nil:
			return a == b
		}
		return false
	}
	return reflect.DeepEqual(a, b) // Nothing that JSON decodes to, but no reason to panic.
}

// clone copies a value as JSON decodes it; what is no such value is shared.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clone(e)
		}
		return out
	}
	return v
}
