package diff

import (
	"cmp"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"

	"github.com/setpoint-dev/setpoint/internal/redact"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// settling is the work of putting a server's answer in the place of what was computed.
type settling struct {
	comparing
	// live and answer are the objects as the server writes them; was, predicted and stored are the live object, the computed answer
	// and the server's, with the defaults of the tables in each, so that a default which only one side has is no difference.
	live, answer           map[string]any
	was, predicted, stored map[string]any
	// beyond is what the server does besides what was computed, and admitted whether that is known.
	beyond   []difference
	admitted bool
	// ours says that some change is ours, or in consequence of one that is.
	ours bool
	out  *Comparison
}

// settle returns the comparison that the server's answer makes of c.
func (w *comparing) settle(c *Comparison, s said) *Comparison {
	kind, desired := w.d.kind, w.d
	if kind == nil {
		kind, desired = deduced(w.d)
	}
	out := *c
	out.Precision, out.Fault, out.Unsure, out.Changes, out.Overruled = Confirmed, nil, nil, nil, nil
	out.Conflicts = s.conflicts
	t := &settling{comparing: *w, out: &out}
	t.d = desired
	t.mask = w.mask.Then(redact.Of(s.object))
	out.mask = t.mask // Of what is desired and of what is not stored, both.
	stored := asLive(reach(s.object, w.d.kind), w.live)
	t.live, t.answer = kind.Canonical(w.live), kind.Canonical(stored)
	if t.admitted = w.exact && c.predicted != nil; t.admitted {
		t.was, t.predicted, t.stored = kind.Store(w.live), kind.Store(c.predicted()), kind.Store(stored)
		t.beyond = differences(kind.Type.Schema, kind.Type.TypeRef, t.predicted, t.stored)
	}
	for _, d := range differences(kind.Type.Schema, kind.Type.TypeRef, t.live, t.answer) {
		t.net(d)
	}
	sortChanges(out.Changes)
	t.overruled()
	switch {
	case len(s.conflicts) > 0:
		out.Verdict = Conflict
	case t.ours:
		out.Verdict = Differs
	case w.keeps(s.object, c.manager):
		out.Verdict = Same
	default:
		out.Verdict = Adopt
	}
	answer := t.answer
	out.predicted = func() map[string]any { return answer }
	return &out
}

// deduced returns a kind for an object without a schema, and the object with the fields that its values show.
func deduced(d *Desired) (*schema.Kind, *Desired) {
	kind, out := schema.Deduced(d.obj.GroupVersionKind()), *d
	if v, err := kind.Type.FromUnstructured(d.obj.Object); err == nil {
		if fields, err := v.ToFieldSet(); err == nil {
			out.fields = fields
		}
	}
	return kind, &out
}

// asLive returns the server's answer with the bookkeeping of the live object, which a dry run moves in part.
func asLive(answer, live map[string]any) map[string]any {
	m, _ := answer["metadata"].(map[string]any)
	was, _ := live["metadata"].(map[string]any)
	if m = maps.Clone(m); m == nil {
		m = map[string]any{}
	}
	for _, field := range bookkeeping {
		if v, ok := was[field]; ok {
			m[field] = v
		}
	}
	answer["metadata"] = m
	return answer
}

// net states a difference between the live object and the server's answer, by what it comes from.
func (t *settling) net(d difference) {
	if !t.admitted {
		t.add(d, t.cause(d), true)
		return
	}
	was, hadIt := at(t.was, d.path)
	want, wanted := at(t.predicted, d.path)
	got, has := at(t.stored, d.path)
	if d.order {
		moved := t.reorders(d.path)
		t.add(d, cond(moved, FromAdmission, t.cause(d)), !moved)
		return
	}
	foretold := wanted == has && (!wanted || equal(want, got))
	touched := hadIt != wanted || wanted && !equal(was, want)
	switch {
	case foretold:
		t.add(d, t.cause(d), true)
	case t.noted(d.path):
		t.add(d, FromServer, true)
	case !touched:
		t.add(d, FromAdmission, false)
	case !d.hasOld:
		t.split(d)
	case d.hasNew && t.d.states(d.path):
		t.add(d, FromDesired, true)
	default:
		t.add(d, FromAdmission, true)
	}
}

func cond[T any](is bool, a, b T) T {
	if is {
		return a
	}
	return b
}

// reorders says that the server puts the items of a list in an order that was not foretold.
func (t *settling) reorders(path fieldpath.Path) bool {
	return slices.ContainsFunc(t.beyond, func(d difference) bool { return d.order && d.path.Equals(path) })
}

// split states an addition of ours into which the server adds something of its own.
func (t *settling) split(d difference) {
	mine := d
	mine.new = clone(d.new)
	var theirs []difference
	for _, b := range t.beyond {
		if b.hasOld || len(b.path) <= len(d.path) || !b.path[:len(d.path)].Equals(d.path) {
			continue
		}
		if v, ok := at(d.new, b.path[len(d.path):]); ok && !t.noted(b.path) {
			b.new = v
			theirs = append(theirs, b)
			mine.new = cutOut(mine.new, b.path[len(d.path):])
		}
	}
	t.add(mine, t.cause(mine), true)
	for _, b := range theirs {
		t.add(b, FromAdmission, false)
	}
}

func (t *settling) add(d difference, cause Cause, ours bool) {
	t.ours = t.ours || ours
	t.out.Changes = append(t.out.Changes, t.change(d, cause))
}

// noted says that the place is one of which it was known that the server would decide.
func (t *settling) noted(path fieldpath.Path) bool {
	text := pathString(path)
	return slices.ContainsFunc(t.notes, func(r Reason) bool { return inside(text, r.Path) || inside(r.Path, text) })
}

// inside says whether a path, as it is written, leads to a place or below it.
func inside(path, place string) bool {
	if len(path) < len(place) || path[:len(place)] != place {
		return false
	}
	return len(path) == len(place) || path[len(place)] == '.' || path[len(place)] == '['
}

// overruled states what the server makes of fields that are desired, or that an apply would change.
func (t *settling) overruled() {
	for _, b := range t.beyond {
		was, hadIt := at(t.was, b.path)
		touched := hadIt != b.hasOld || hadIt && !equal(was, b.old)
		if b.order || t.noted(b.path) || !touched && !t.d.states(b.path) {
			continue
		}
		o := Overruled{Path: t.mask.String(pathString(b.path))}
		if b.hasOld {
			o.Desired = t.value(b.path, b.old)
		}
		if b.hasNew {
			o.Stored = t.value(b.path, b.new)
		}
		t.out.Overruled = append(t.out.Overruled, o)
	}
	slices.SortStableFunc(t.out.Overruled, func(a, b Overruled) int { return cmp.Compare(a.Path, b.Path) })
}

// keeps says whether our manager owns in the server's answer what it owns in the live object.
func (w *comparing) keeps(answer *unstructured.Unstructured, manager string) bool {
	after, err := decode(answer, manager)
	if err != nil {
		return false
	}
	was, had := w.managed.decoded().sets[self]
	is, has := after.sets[self]
	return had == has && (!had || was.APIVersion() == is.APIVersion() && was.Set().Equals(is.Set()))
}

// cutOut removes what is at a path in a value, which it changes.
func cutOut(v any, p fieldpath.Path) any {
	e := p[0]
	switch v := v.(type) {
	case map[string]any:
		if e.FieldName == nil {
			return v
		}
		if below, ok := v[*e.FieldName]; ok && len(p) > 1 {
			v[*e.FieldName] = cutOut(below, p[1:])
		} else {
			delete(v, *e.FieldName)
		}
		return v
	case []any:
		i := slices.IndexFunc(v, func(item any) bool { return is(item, e) })
		switch {
		case i < 0:
		case len(p) > 1:
			v[i] = cutOut(v[i], p[1:])
		default:
			return slices.Delete(v, i, i+1)
		}
		return v
	}
	return v
}
