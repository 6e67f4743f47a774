package diff

import (
	"cmp"
	"maps"
	"slices"

	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"

	"github.com/setpoint-dev/setpoint/internal/redact"
)

// changes states the differences as changes, each with its cause and owners.
func (w *comparing) changes(diffs []difference) {
	for _, d := range diffs {
		w.out.Changes = append(w.out.Changes, w.change(d, w.cause(d)))
	}
	sortChanges(w.out.Changes)
}

func sortChanges(changes []Change) {
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
}

// change states a difference.
func (w *comparing) change(d difference, cause Cause) Change {
	c := Change{Path: w.mask.String(pathString(d.path)), Cause: cause, Owners: w.managed.of(d.path)}
	switch {
	case !d.hasOld:
		c.Op = Add
	case !d.hasNew:
		c.Op = Remove
	default:
		c.Op = Replace
	}
	if d.hasOld {
		c.Old = w.value(d.path, d.old)
	}
	if d.hasNew {
		c.New = w.value(d.path, d.new)
	}
	c.LastWrite = latest(c.Owners)
	if c.Cause == FromDesired && w.d.origin != nil {
		c.Origin = w.d.origin(w.d.ref, pathString(d.path))
	}
	return c
}

// cause says why a field changes.
func (w *comparing) cause(d difference) Cause {
	if d.hasNew && w.d.states(d.path) {
		return FromDesired
	}
	if w.managed.owned(d.path) {
		return FromDropped
	}
	return FromServer
}

// states says whether the object has something to say about a field: states it, or a part of it, or what the server writes it from.
func (d *Desired) states(path fieldpath.Path) bool {
	if owns(d.fields, path) {
		return true
	}
	if !redact.IsSecret(d.obj) || len(path) == 0 || path[0].FieldName == nil || *path[0].FieldName != secretFields[0] {
		return false
	}
	from := slices.Clone(path)
	from[0] = fieldpath.PathElement{FieldName: &secretFields[1]}
	return owns(d.fields, from)
}

// value makes the value at a path fit to be shown.
func (w *comparing) value(path fieldpath.Path, v any) Value {
	if !redact.IsSecret(w.d.obj) {
		return Value{v: w.mask.Value(v), set: true}
	}
	if names := fieldNames(path); len(names) <= len(appliedRecord) && slices.Equal(names, appliedRecord[:len(names)]) {
		v = hideAt(v, appliedRecord[len(names):])
		if len(names) == len(appliedRecord) {
			return Value{v: v, set: true, secret: true}
		}
	}
	if len(path) == 0 {
		m, ok := v.(map[string]any)
		if !ok {
			return Value{v: redacted, set: true, secret: true}
		}
		shown := without(m, "")
		for _, field := range secretFields {
			if content, ok := shown[field]; ok {
				shown[field] = hide(content)
			}
		}
		return Value{v: w.mask.Value(shown), set: true, secret: true}
	}
	if name := path[0].FieldName; name != nil && slices.Contains(secretFields, *name) {
		return Value{v: hide(v), set: true, secret: true}
	}
	return Value{v: w.mask.Value(v), set: true}
}

// secretFields are the fields of a Secret that hold its content.
var secretFields = []string{"data", "stringData"}

// hide puts the marker in the place of content; the names of the entries stay.
func hide(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return redacted
	}
	out := make(map[string]any, len(m))
	for k := range m {
		out[k] = redacted
	}
	return out
}

// appliedRecord is where kubectl keeps a copy of what it applied, which of a Secret is content, former and present.
var appliedRecord = []string{"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"}

// hideAt returns v with a marker at a path, if it has anything there.
func hideAt(v any, path []string) any {
	if len(path) == 0 {
		return redacted
	}
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	inner, ok := m[path[0]]
	if !ok {
		return v
	}
	out := maps.Clone(m)
	out[path[0]] = hideAt(inner, path[1:])
	return out
}
