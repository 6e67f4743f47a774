package diff

import (
	"errors"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/schema"
	"sigs.k8s.io/structured-merge-diff/v4/typed"

	"github.com/setpoint-dev/setpoint/internal/redact"
)

// Ignored is a field in which the objects differ and that a rule says to leave alone.
type Ignored struct {
	// Path is written as in a [Change].
	Path string `json:"path"`
	// Rule is the number of the rule, from zero, and By what it says: a pointer, an expression or a manager.
	Rule int    `json:"rule"`
	By   string `json:"by"`
}

// ignoring returns d as it is to be applied over live: without the fields that are ignored, or with them as they are.
func (c *Comparer) ignoring(d *Desired, live *unstructured.Unstructured) (*Desired, []Ignored, error) {
	e := &effect{d: d, live: reach(live, d.kind), rules: d.ignore}
	managed, err := decode(live, c.manager)
	if err != nil {
		return nil, nil, err
	}
	e.managed = managed
	return e.apply(c)
}

// effect is the work of leaving fields alone.
type effect struct {
	d       *Desired
	rules   []ignoreRule
	live    map[string]any
	managed *managed
	ignored []Ignored
	reasons []Reason
}

func (e *effect) apply(c *Comparer) (*Desired, []Ignored, error) {
	kind := e.d.kind
	ofDesired, reasons := c.ignore.places(e.rules, kind, e.d.obj.Object)
	ofLive, more := c.ignore.places(e.rules, kind, e.live)
	e.reasons = append(reasons, more...)
	if err := errors.Join(forbidden(ofDesired, kind), forbidden(ofLive, kind)); err != nil {
		return nil, nil, err
	}

	content, _ := clone(e.d.obj.Object).(map[string]any)
	ignored := fieldpath.NewSet()
	for _, p := range e.twins(slices.Concat(ofDesired, ofLive, e.ownedBy())) {
		if e.alone(p.path) {
			continue
		}
		before, hasBefore := at(e.live, p.path)
		after, hasAfter := at(e.d.obj.Object, p.path)
		if hasBefore != hasAfter || !equal(before, after) {
			e.note(p)
		}
		if p.whole >= 0 {
			copyIn(content, e.live, p)
			continue
		}
		ignored.Insert(p.path)
	}
	if !ignored.Empty() {
		var err error
		if content, err = e.leaveOut(content, ignored); err != nil {
			return nil, nil, err
		}
	}
	out := &Desired{obj: &unstructured.Unstructured{Object: content}, ref: e.d.ref, hash: e.d.hash, from: e.d.from, origin: e.d.origin, kind: kind}
	out.content = func() map[string]any { return content }
	out.unsure = append(slices.Clone(e.d.unsure), e.reasons...)
	var err error
	if out.typed, err = kind.Type.FromUnstructured(content); err != nil {
		// The live object has items of one key, which no apply can state.
		path, cause, _ := explain(err, kind, out.obj)
		return e.d, nil, &unknowable{Path: path, Message: "what is ignored cannot be left as it is: " + cause.Error()}
	}
	if out.fields, err = out.typed.ToFieldSet(); err != nil {
		return nil, nil, err
	}
	return out, e.ignored, nil
}

// alone says whether the path leads into an item of a list that only one of the objects has. An item comes and goes with all that is
// in it.
func (e *effect) alone(p fieldpath.Path) bool {
	for n := range p[:len(p)-1] {
		if p[n].Key == nil {
			continue
		}
		_, live := at(e.live, p[:n+1])
		_, desired := at(e.d.obj.Object, p[:n+1])
		if live != desired {
			return true
		}
	}
	return false
}

// twins adds to the places in the content of a Secret those that the server writes them from, or into.
func (e *effect) twins(places []place) []place {
	if !redact.IsSecret(e.d.obj) {
		return places
	}
	for _, p := range places {
		for n, name := range secretFields {
			if p.path[0].FieldName == nil || *p.path[0].FieldName != name {
				continue
			}
			twin := p
			twin.path = slices.Clone(p.path)
			twin.path[0] = fieldpath.PathElement{FieldName: &secretFields[1-n]}
			places = append(places, twin)
		}
	}
	return places
}

// note records a difference that is left alone, once.
func (e *effect) note(p place) {
	text := pathString(p.path)
	for _, i := range e.ignored {
		if i.Path == text {
			return
		}
	}
	e.ignored = append(e.ignored, Ignored{Path: text, Rule: p.rule, By: p.text})
}

// ownedBy returns what the managers that rules name own in the live object, as fine as they own it, but for what no object can be
// without.
func (e *effect) ownedBy() []place {
	var out []place
	for _, r := range e.rules {
		for _, name := range r.Managers {
			for key, set := range e.managed.sets {
				if key == self || e.managed.owners[key].Manager != name {
					continue
				}
				set.Set().Leaves().Iterate(func(p fieldpath.Path) {
					if essential(p, e.d.kind) {
						return // It is no matter of taste, whoever owns it.
					}
					out = append(out, place{rule: r.number, text: "manager " + name, path: slices.Clone(p), whole: -1})
				})
			}
		}
	}
	return out
}

// leaveOut removes the ignored fields from content, and puts those that nobody but us owns in as they are in the live object.
func (e *effect) leaveOut(content map[string]any, ignored *fieldpath.Set) (map[string]any, error) {
	desired, err := e.d.kind.Type.FromUnstructured(content, typed.AllowDuplicates)
	if err != nil {
		return nil, err
	}
	theirs := fieldpath.NewSet()
	mine := fieldpath.NewSet()
	for key, set := range e.managed.sets {
		if key == self {
			mine = set.Set()
		} else {
			theirs = theirs.Union(set.Set())
		}
	}
	out, ok := desired.RemoveItems(ignored).AsValue().Unstructured().(map[string]any)
	if !ok {
		return nil, errors.New("nothing is left of the object")
	}
	mine.Leaves().Iterate(func(p fieldpath.Path) {
		if !under(ignored, p) || owns(theirs, p) {
			return
		}
		if v, ok := at(e.live, p); ok {
			put(out, e.live, p, e.share(p, v))
		}
	})
	return out, nil
}

// share returns what to send for a field that we own: its value, and of a structure that is applied in parts nothing of the parts.
func (e *effect) share(p fieldpath.Path, v any) any {
	s, ref := e.d.kind.Type.Schema, e.d.kind.Type.TypeRef
	for _, element := range p {
		atom, ok := s.Resolve(ref)
		switch {
		case !ok:
			return clone(v)
		case element.FieldName != nil && atom.Map != nil:
			ref = atom.Map.ElementType
			if f, ok := atom.Map.FindField(*element.FieldName); ok {
				ref = f.Type
			}
		case atom.List != nil:
			ref = atom.List.ElementType
		default:
			return clone(v)
		}
	}
	atom, _ := s.Resolve(ref)
	switch v.(type) {
	case map[string]any:
		if atom.Map != nil && atom.Map.ElementRelationship != schema.Atomic {
			return map[string]any{}
		}
	case []any:
		if atom.List != nil && atom.List.ElementRelationship == schema.Associative {
			return []any{}
		}
	}
	return clone(v)
}

// put returns v with the value at a path, and makes what is missing on the way: objects, lists, and items with their keys, at the
// place that they have among those of live. What is there and holds parts is not replaced by nothing.
func put(v, live any, p fieldpath.Path, value any) any {
	if len(p) == 0 {
		switch value := value.(type) {
		case map[string]any:
			if _, ok := v.(map[string]any); ok && len(value) == 0 {
				return v
			}
		case []any:
			if _, ok := v.([]any); ok && len(value) == 0 {
				return v
			}
		}
		return value
	}
	if name := p[0].FieldName; name != nil {
		m, ok := v.(map[string]any)
		if !ok {
			m = map[string]any{}
		}
		below, _ := at(live, p[:1])
		m[*name] = put(m[*name], below, p[1:], value)
		return m
	}
	list, _ := v.([]any)
	i := slices.IndexFunc(list, func(item any) bool { return is(item, p[0]) })
	below, _ := at(live, p[:1])
	if i < 0 {
		i = follows(list, live, p[0])
		list = slices.Insert(list, i, bare(p[0]))
	}
	list[i] = put(list[i], below, p[1:], value)
	return list
}

// bare returns an item of a list with its identity alone.
func bare(id fieldpath.PathElement) any {
	if id.Key == nil {
		return nil
	}
	item := map[string]any{}
	for _, f := range *id.Key {
		item[f.Name] = f.Value.Unstructured()
		if n, ok := item[f.Name].(float64); ok && n == float64(int64(n)) {
			item[f.Name] = int64(n) // The default of a key.
		}
	}
	return item
}

// follows returns the index after the nearest of the items that come before one in the live list.
func follows(list []any, live any, id fieldpath.PathElement) int {
	theirs, _ := live.([]any)
	at := 0
	for _, item := range theirs {
		if is(item, id) {
			break
		}
		if i := slices.IndexFunc(list, func(other any) bool { return alike(other, item, id) }); i >= 0 {
			at = max(at, i+1)
		}
	}
	return at
}

// alike says whether two items have one identity, of the form of id.
func alike(a, b any, id fieldpath.PathElement) bool {
	if id.Key == nil {
		return equal(a, b)
	}
	x, _ := a.(map[string]any)
	y, _ := b.(map[string]any)
	for _, f := range *id.Key {
		if v, ok := x[f.Name]; ok && !equal(v, y[f.Name]) {
			return false
		}
	}
	return x != nil && y != nil
}

// under says whether the path or something around it is in the set.
func under(set *fieldpath.Set, p fieldpath.Path) bool {
	for n := 1; n <= len(p); n++ {
		if set.Has(p[:n]) {
			return true
		}
	}
	return false
}

// copyIn makes a field inside a structure that is applied as a whole what it is in the live object.
func copyIn(content, live map[string]any, p place) {
	around, ok := at(content, p.path[:len(p.path)-1])
	if !ok {
		return
	}
	value, has := at(live, p.path)
	last := p.path[len(p.path)-1]
	switch v := around.(type) {
	case map[string]any:
		if last.FieldName == nil {
			return
		}
		if has {
			v[*last.FieldName] = clone(value)
		} else {
			delete(v, *last.FieldName)
		}
	case []any:
		if last.Index != nil && *last.Index < len(v) && has {
			v[*last.Index] = clone(value)
		}
	}
}

// at returns the value at a path.
func at(v any, p fieldpath.Path) (any, bool) {
	for _, e := range p {
		switch {
		case e.FieldName != nil:
			m, ok := v.(map[string]any)
			if !ok {
				return nil, false
			}
			if v, ok = m[*e.FieldName]; !ok {
				return nil, false
			}
		case e.Index != nil:
			l, ok := v.([]any)
			if !ok || *e.Index >= len(l) {
				return nil, false
			}
			v = l[*e.Index]
		default:
			l, ok := v.([]any)
			if !ok {
				return nil, false
			}
			i := slices.IndexFunc(l, func(item any) bool { return is(item, e) })
			if i < 0 {
				return nil, false
			}
			v = l[i]
		}
	}
	return v, true
}

// is says whether an item of a list has the identity.
func is(item any, e fieldpath.PathElement) bool {
	if e.Value != nil {
		return equal(item, (*e.Value).Unstructured())
	}
	m, ok := item.(map[string]any)
	if !ok || e.Key == nil {
		return false
	}
	for _, f := range *e.Key {
		if v, ok := m[f.Name]; ok && !equal(v, f.Value.Unstructured()) {
			return false
		}
	}
	return true
}

// unknowable is a reason for which a comparison cannot be made.
type unknowable Reason

func (u *unknowable) Error() string { return u.Message }
