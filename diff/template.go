package diff

import (
	"encoding/json"

	"sigs.k8s.io/structured-merge-diff/v4/schema"
)

// template is a desired object, divided as its schema divides it, for the question that is asked most: is all of it in a
// live object already? It is built once, so that the answer takes a walk over plain maps and no more.
type template struct {
	// names and fields are those of an object; of and items those of a list whose items have identities. A template with
	// neither is a leaf.
	object bool
	names  []string
	fields []*template

	of    *schema.List
	items []*template

	// raw is the value as it is desired, and stored that of a leaf or an item as a server would keep it. Dropped says that a
	// server keeps nothing of it.
	raw, stored any
	spelled     bool
	dropped     bool
}

// longList is the number of items above which a list is left to the merge: finding items by their keys in place takes time
// that grows with the square.
const longList = 64

// builder builds templates.
type builder struct{ schema *schema.Schema }

// build makes the template of a value. The canonical and the stored form go along; either is nil where there is none. It
// returns nil for what the walk cannot answer.
func (b builder) build(ref schema.TypeRef, raw, canonical, stored any, kept, has bool) *template {
	atom, ok := b.schema.Resolve(ref)
	if !ok {
		return nil
	}
	switch v := raw.(type) {
	case map[string]any:
		if atom.Map != nil && atom.Map.ElementRelationship != schema.Atomic && len(v) > 0 {
			return b.object(atom.Map, v, canonical, stored)
		}
	case []any:
		if atom.List != nil && atom.List.ElementRelationship == schema.Associative && len(v) > 0 {
			return b.list(atom.List, v, canonical, stored)
		}
	}
	if kept && !has {
		return nil // The server keeps it in another place.
	}
	t := &template{raw: raw, stored: stored, dropped: !has}
	t.spelled = has && !equal(raw, stored)
	return t
}

func (b builder) object(m *schema.Map, raw map[string]any, canonical, stored any) *template {
	c, _ := canonical.(map[string]any)
	s, _ := stored.(map[string]any)
	t := &template{object: true, raw: raw}
	for name, v := range raw {
		ref := m.ElementType
		if f, ok := m.FindField(name); ok {
			ref = f.Type
		}
		_, kept := c[name]
		_, has := s[name]
		f := b.build(ref, v, c[name], s[name], kept, has)
		if f == nil {
			return nil
		}
		t.names, t.fields = append(t.names, name), append(t.fields, f)
	}
	return t
}

func (b builder) list(l *schema.List, raw []any, canonical, stored any) *template {
	c, _ := canonical.([]any)
	s, _ := stored.([]any)
	if len(raw) > longList || len(c) != len(raw) || len(s) != len(raw) {
		return nil
	}
	t := &template{of: l, raw: raw}
	for i, v := range raw {
		if len(l.Keys) > 0 {
			if m, ok := v.(map[string]any); ok && len(m) == 0 {
				return nil // All of its keys are defaults, and the next apply takes it out again.
			}
			// The keys that the server fills in are those that the live item has.
			item, ok := s[i].(map[string]any)
			if !ok {
				return nil
			}
			for _, k := range l.Keys {
				if _, ok := item[k]; !ok {
					return nil
				}
			}
		}
		e := b.build(l.ElementType, v, c[i], s[i], true, true)
		if e == nil {
			return nil
		}
		e.stored = s[i]
		t.items = append(t.items, e)
	}
	return t
}

// walk is one search for a template in a live object.
type walk struct {
	// respelled says that a part was found in other words only. A server then takes it for a change until it has
	// stored it, which matters to other owners of the part.
	respelled bool
}

// within says whether the live value has all of the template, in the same order.
func (w *walk) within(t *template, live any) bool {
	switch {
	case t.object:
		m, ok := live.(map[string]any)
		if !ok {
			return false
		}
		for i, name := range t.names {
			f := t.fields[i]
			v, ok := m[name]
			if !ok {
				if !w.absent(f) {
					return false
				}
				continue
			}
			if !w.within(f, v) {
				return false
			}
		}
		return true
	case t.of != nil:
		return w.items(t, live)
	}
	if equal(t.raw, live) {
		return true
	}
	if t.spelled && equal(t.stored, live) {
		w.respelled = true
		return true
	}
	return false
}

// absent says whether a part that is not there need not be.
func (w *walk) absent(t *template) bool {
	if t.object || t.of != nil || !t.dropped {
		return false
	}
	w.respelled = true
	return true
}

func (w *walk) items(t *template, live any) bool {
	list, ok := live.([]any)
	if !ok || len(list) > longList {
		return false
	}
	at := -1
	for _, item := range t.items {
		found := -1
		for i, v := range list {
			if !t.identical(item, v) {
				continue
			}
			if found >= 0 {
				return false // Twice: the merge knows.
			}
			found = i
		}
		if found <= at {
			return false // Not there, or in another order.
		}
		at = found
		if !w.within(item, list[found]) {
			return false
		}
	}
	return true
}

// identical says whether a live item is the one that the template of an item is for.
func (t *template) identical(item *template, live any) bool {
	if len(t.of.Keys) == 0 {
		return equal(item.stored, live)
	}
	want, _ := item.stored.(map[string]any)
	have, ok := live.(map[string]any)
	if !ok {
		return false
	}
	for _, k := range t.of.Keys {
		v, ok := have[k]
		if !ok || !equal(want[k], v) {
			return false
		}
	}
	return true
}

// templateOf prepares the quick answer for a desired object, nil when there is none.
func (d *Desired) templateOf() *template {
	if d.typed == nil || len(d.unsure) > 0 {
		return nil
	}
	canonical, stored := d.obj.Object, d.obj.Object
	if d.kind.Exact() {
		canonical, stored = d.kind.Canonical(d.obj.Object), d.kind.Store(d.obj.Object)
	}
	return builder{d.kind.Type.Schema}.build(d.kind.Type.TypeRef, d.obj.Object, canonical, stored, true, true)
}

// entryOf returns the fields that our manager owns after an apply of the object, as managedFields has them.
func (d *Desired) entryOf() (map[string]any, error) {
	data, err := d.fields.Difference(serverFields).ToJSON()
	if err != nil {
		return nil, err
	}
	var out map[string]any
	return out, json.Unmarshal(data, &out)
}
