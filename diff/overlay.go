package diff

import (
	"slices"

	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	smdschema "sigs.k8s.io/structured-merge-diff/v4/schema"

	"github.com/setpoint-dev/setpoint/cluster"
)

// overlay merges a desired object into a live one where that is simple: our manager gives nothing up, and every list that
// differs has its items in one order. It works on plain maps and shares with the live object what does not change. What it does
// not answer, and its caller then leaves to structured-merge-diff, is decided in favour of caution.
type overlay struct {
	schema *smdschema.Schema
	fields *fields
	// path leads to where the walk is.
	path []step
	out  merged
	// simple is false as soon as something is not.
	simple bool
}

// step is a part of a path: a field of that name, or an item of a list.
type step struct {
	name string
	list *template
	item *template
}

// overlaid merges by an overlay; it returns nil when that is not simple.
func (w *comparing) overlaid(owned *fields) *merged {
	if owned == nil || w.d.template == nil || w.c.manager == kubectl {
		return nil
	}
	kind := w.d.kind
	if !gainsOnly(owned.ours, w.d.entry) || !(fitting{kind.Type.Schema}).fits(kind.Type.TypeRef, w.live) {
		return nil
	}
	o := overlay{schema: kind.Type.Schema, fields: owned, simple: true, path: make([]step, 0, 16)}
	v, _ := o.merge(w.d.template, w.live)
	content, ok := v.(map[string]any)
	if !o.simple || !ok {
		return nil
	}
	o.out.content = content
	o.out.settled = len(w.d.entry) == 0 || owned.ours != nil && equal(owned.ours, w.d.entry)
	sortConflicts(o.out.conflicts)
	return &o.out
}

// gainsOnly says that an apply takes no field from our entry, which may be nil: each key of the one as it is, is also in the one
// as the apply leaves it.
func gainsOnly(is, will map[string]any) bool {
	for k, below := range is {
		after, ok := will[k]
		if !ok {
			return false
		}
		b, _ := below.(map[string]any)
		a, _ := after.(map[string]any)
		if len(b) == 0 {
			if _, itself := a["."]; len(a) > 0 && !itself {
				return false // The field was one piece and is divided now.
			}
			continue
		}
		if !gainsOnly(b, a) {
			return false
		}
	}
	return true
}

// merge returns the live value with the template laid over it, and whether that is another one.
func (o *overlay) merge(t *template, live any) (any, bool) {
	switch {
	case !o.simple:
		return nil, false
	case t.object:
		m, ok := live.(map[string]any)
		if !ok || len(m) == 0 {
			return o.hard()
		}
		return o.object(t, m)
	case t.of != nil:
		l, ok := live.([]any)
		if !ok || len(l) == 0 {
			return o.hard()
		}
		return o.list(t, l)
	case equal(t.raw, live):
		return live, false
	case !replaces(t.raw, live):
		return o.hard()
	}
	o.replaced()
	return t.raw, true
}

func (o *overlay) hard() (any, bool) {
	o.simple = false
	return nil, false
}

// replaces says of what is desired and what is live whether both are scalars, or both lists or maps with something in them, which are then of one piece.
func replaces(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return false
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && len(a) > 0 && len(b) > 0
	case []any:
		b, ok := b.([]any)
		return ok && len(a) > 0 && len(b) > 0
	}
	switch b.(type) {
	case nil, map[string]any, []any:
		return false
	}
	return true
}

func (o *overlay) object(t *template, live map[string]any) (any, bool) {
	out, changed := live, false
	for i, name := range t.names {
		old, ok := live[name]
		v, other := o.below(step{name: name}, t.fields[i], old, ok)
		if !o.simple {
			return nil, false
		}
		if !other {
			continue
		}
		if !changed {
			out, changed = without(live, ""), true
		}
		out[name] = v
	}
	return out, changed
}

// below merges a part.
func (o *overlay) below(s step, t *template, live any, has bool) (any, bool) {
	o.path = append(o.path, s)
	defer func() { o.path = o.path[:len(o.path)-1] }()
	if has {
		return o.merge(t, live)
	}
	return o.added(t)
}

// list merges items, in the order of the live list. New ones come before the next item that both lists have, and after those that
// only the live list has there.
func (o *overlay) list(t *template, live []any) (any, bool) {
	var where [longList]int
	places := where[:len(t.items)]
	if !t.places(live, places) {
		return o.hard()
	}
	out, changed := live, false
	if slices.Contains(places, absent) {
		out, changed = make([]any, 0, len(live)+len(t.items)), true
	}
	grows := changed
	next := 0 // the first live item that is not in a new list
	for i, item := range t.items {
		j := places[i]
		var old any
		if j != absent {
			old = live[j]
		}
		v, other := o.below(step{list: t, item: item}, item, old, j != absent)
		switch {
		case !o.simple:
			return nil, false
		case grows && j == absent:
			until := len(live)
			for _, k := range places[i+1:] {
				if k != absent {
					until = k
					break
				}
			}
			out = append(append(out, live[next:until]...), v)
			next = until
		case grows:
			out = append(append(out, live[next:j]...), v)
			next = j + 1
		case other:
			if !changed {
				out, changed = slices.Clone(live), true
			}
			out[j] = v
		}
	}
	if grows {
		out = append(out, live[next:]...)
	}
	return out, changed
}

// absent is the place of an item that a list does not have.
const absent = -1

// places finds the items in a live list. It returns false when one is there twice, when they are in another order, and when it
// would take too long.
func (t *template) places(live []any, out []int) bool {
	if len(live) > longList {
		return false
	}
	last := absent
	for i, item := range t.items {
		out[i] = absent
		for j, v := range live {
			if !t.identical(item, v) {
				continue
			}
			if out[i] != absent {
				return false
			}
			out[i] = j
		}
		if out[i] == absent {
			continue
		}
		if out[i] <= last {
			return false
		}
		last = out[i]
	}
	return true
}

// added returns the value of a template in the place of nothing.
func (o *overlay) added(t *template) (any, bool) {
	if t.raw == nil {
		return o.hard()
	}
	_, keys, ok := o.at()
	if !ok || o.fields.touch(keys) {
		return o.hard()
	}
	return t.raw, true
}

// replaced notes the conflicts over the leaf that the walk is at.
func (o *overlay) replaced() {
	path, keys, ok := o.at()
	if !ok {
		o.simple = false
		return
	}
	for i := range o.fields.others {
		e := &o.fields.others[i]
		switch owns, clear := e.leaf(keys); {
		case !clear:
			o.simple = false
			return
		case owns:
			w := e.owner
			o.out.conflicts = append(o.out.conflicts, cluster.FieldConflict{Manager: w.Manager, Operation: w.Operation, Subresource: w.Subresource, Field: path.String()})
		}
	}
}

// at returns the path to where the walk is, in both forms.
func (o *overlay) at() (fieldpath.Path, []string, bool) {
	path := make(fieldpath.Path, len(o.path))
	w := walker{schema: o.schema}
	for i, s := range o.path {
		if s.list == nil {
			path[i] = fieldpath.PathElement{FieldName: &s.name}
			continue
		}
		id, ok := w.identity(s.list.of, s.item.raw)
		if !ok || id.Key != nil && len(*id.Key) != len(s.list.of.Keys) {
			return nil, nil, false
		}
		path[i] = id
	}
	keys, ok := serialized(path)
	return path, keys, ok
}

// serialized returns the elements of a path as managedFields write them.
func serialized(path fieldpath.Path) ([]string, bool) {
	keys := make([]string, len(path))
	for i, e := range path {
		if e.FieldName != nil {
			keys[i] = "f:" + *e.FieldName
			continue
		}
		k, err := fieldpath.SerializePathElement(e)
		if err != nil {
			return nil, false
		}
		keys[i] = k
	}
	return keys, true
}
