package diff

import (
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/typed"
)

// store finds what the stored object would differ in from the live one, and what the server may do on top.
func (w *comparing) store(m *merged) ([]difference, []Reason) {
	kind := w.d.kind
	if equal(m.content, w.live) {
		w.predict(kind.Canonical(w.live))
		return nil, nil
	}
	if diffs, ok := w.storeDesired(m); ok {
		return diffs, nil
	}
	stored := kind.Store(m.content)
	// What the server has stored it has also defaulted. Doing so once more makes no difference, unless the server is of
	// another release than the table of defaults: then a default that is in both is not taken for a change.
	before := kind.Store(w.live)
	w.withhold(before, stored)
	notes := kind.Update(before, stored)
	for _, n := range notes {
		w.hidden = w.hidden || n.Hidden
	}
	diffs := differences(kind.Type.Schema, kind.Type.TypeRef, before, stored)
	if plain := kind.Canonical(w.live); !equal(plain, before) {
		// It is of another release. What is desired and in the live object is not may equal a default that the server
		// does not have: that is a change.
		written := places(differences(kind.Type.Schema, kind.Type.TypeRef, plain, kind.Canonical(m.content)))
		found, stated := places(diffs), w.stated()
		for _, d := range differences(kind.Type.Schema, kind.Type.TypeRef, plain, stored) {
			if d.hasNew && written.Has(d.path) && (stated == nil || stated.Has(d.path)) && !found.Has(d.path) {
				diffs = append(diffs, d)
			}
		}
	}
	w.predict(stored)
	var reasons []Reason
	for _, n := range notes {
		reasons = append(reasons, Reason{Path: n.Path, Message: n.Message})
	}
	return diffs, reasons
}

// storeDesired is store where what is stored differs in no more than what is desired: then the tables of defaults had nothing to
// add to the live object, and it need not be defaulted to know what differs. It returns false for all else.
func (w *comparing) storeDesired(m *merged) ([]difference, bool) {
	kind := w.d.kind
	plain, stored := kind.Spelled(w.live), kind.Store(m.content)
	if len(kind.Withhold(plain, stored)) > 0 || len(kind.Update(plain, stored)) > 0 {
		return nil, false
	}
	diffs := differences(kind.Type.Schema, kind.Type.TypeRef, plain, stored)
	var desired map[string]any
	for _, d := range diffs {
		if !d.hasNew || d.order || !owns(w.d.fields, d.path) {
			return nil, false
		}
		if d.hasOld {
			continue
		}
		// What is desired may be nothing to the server, and what it puts in that place a default.
		if desired == nil {
			desired = kind.Spelled(w.d.obj.Object)
		}
		if _, kept := at(desired, d.path); !kept {
			return nil, false
		}
	}
	w.predict(stored)
	return diffs, true
}

// stated returns the paths at which the desired object has a value, one that a server keeps; nil when that is not known.
func (w *comparing) stated() *fieldpath.Set {
	kept, err := w.d.kind.Type.FromUnstructured(w.d.kind.Canonical(w.d.obj.Object), typed.AllowDuplicates)
	if err != nil {
		return nil
	}
	set, err := kept.ToFieldSet()
	if err != nil {
		return nil
	}
	return set
}

// places returns the paths of differences.
func places(diffs []difference) *fieldpath.Set {
	out := fieldpath.NewSet()
	for _, d := range diffs {
		if len(d.path) > 0 {
			out.Insert(d.path)
		}
	}
	return out
}
