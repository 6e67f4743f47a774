package check

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	kind "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// Object returns what is wrong with an object of a built-in kind, in the form in which it would be stored: canonical, with
// defaults. old is the object that it takes the place of, nil for a new one. Metadata and status are not looked at. A kind without
// rules has no faults. The objects are not changed.
func Object(gvk kind.GroupVersionKind, obj, old map[string]any) field.ErrorList {
	rules, ok := schema.RulesOf(gvk)
	if !ok {
		return nil
	}
	w := walk{rules: rules}
	if fill := filled[gvk.GroupKind()]; fill != nil {
		obj = fill(obj)
	}
	w.structure(rules.Root, obj)
	faults := seen(gvk.GroupKind(), once(append(w.faults, across(gvk.GroupKind(), obj, old)...)))
	if part := lasting[gvk.GroupKind()]; part != "" && len(faults) > 0 && old != nil && reflect.DeepEqual(obj[part], old[part]) {
		return slices.DeleteFunc(faults, func(e *field.Error) bool { return e.Field == part || strings.HasPrefix(e.Field, part+"[") })
	}
	return faults
}

const podModel = "io.k8s.api.core.v1.PodSpec"

// walk follows the rules through one object.
type walk struct {
	rules schema.Rules
	place place
	// name is room for the name of a place.
	name   []byte
	faults field.ErrorList
	// silent is how many structures below which rules across fields do not hold the walk is in.
	silent int
}

func (w *walk) structure(model string, obj map[string]any) {
	known := structureOf(w.rules, model)
	if known.silent {
		w.silent++
		defer func() { w.silent-- }()
	}
	if known.across != nil && w.silent == 0 {
		w.faults = append(w.faults, known.across(obj, w.place.path())...)
	}
	if known.pod {
		defer func() { at := w.place.path(); w.faults = append(w.faults, podSpec(obj, at, w.volumes(obj, at))...) }()
	}
	top := len(w.place) == 0
	for _, f := range known.fields {
		if top && (f.Name == "metadata" || f.Name == "status") {
			continue
		}
		value := obj[f.Name]
		w.place.field(f.Name)
		w.field(f, f, value)
		if f.Place {
			w.name = w.place.general(w.name[:0])
			if own := w.rules.Places[string(w.name)]; own != nil {
				w.field(own, f, value)
			}
		}
		for _, c := range f.When {
			if str(obj, c.Field) == c.Value {
				w.field(c.Rules, f, value)
			}
		}
		if f.Model != "" {
			w.below(f, value)
		}
		w.place.up()
	}
}

// volumes returns what a pod's containers can mount: its volumes that have no fault.
func (w *walk) volumes(pod map[string]any, at *field.Path) map[string]map[string]any {
	out := map[string]map[string]any{}
	for i, v := range list(pod, "volumes") {
		if !w.faulty(func() string { return at.Child("volumes").Index(i).String() }) {
			out[str(v, "name")], _ = v.(map[string]any)
		}
	}
	return out
}

// faulty says that there is a fault at a path or below.
func (w *walk) faulty(path func() string) bool {
	if len(w.faults) == 0 {
		return false
	}
	where := path()
	return slices.ContainsFunc(w.faults, func(e *field.Error) bool { return strings.HasPrefix(e.Field, where) })
}

// below visits the structures that a field holds.
func (w *walk) below(f *schema.FieldRules, value any) {
	switch value := value.(type) {
	case map[string]any:
		if f.In == "" {
			w.structure(f.Model, value)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if m, ok := value[key].(map[string]any); ok {
				w.place.key(key)
				w.structure(f.Model, m)
				w.place.up()
			}
		}
	case []any:
		for i, item := range value {
			if m, ok := item.(map[string]any); ok {
				w.place.index(i)
				w.structure(f.Model, m)
				w.place.up()
			}
		}
	}
}

// field applies the rules of one field. shape tells what the field is.
func (w *walk) field(r, shape *schema.FieldRules, value any) {
	if r.Value != nil {
		if value == nil && shape.In != "" {
			value = map[string]any(nil) // What is empty is shown as such, not as no text.
		}
		w.value(r.Value, value, value == nil || !shape.Pointer && isZero(value))
	}
	if r.Element == nil && r.Key == nil {
		return
	}
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			if r.Element != nil {
				w.place.index(i)
				w.value(r.Element, item, false)
				w.place.up()
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if r.Element != nil {
				w.place.key(key)
				w.value(r.Element, value[key], false)
				w.place.up()
			}
			if r.Key != nil {
				w.value(r.Key, key, false)
			}
		}
	}
}

// value applies a rule to one value.
func (w *walk) value(r *schema.Rule, value any, absent bool) {
	if absent {
		w.add(r.Absent, value)
		return
	}
	if isZero(value) {
		switch value.(type) {
		case string, map[string]any, []any:
			w.add(r.Empty, value)
			return
		}
	}
	switch v := value.(type) {
	case string:
		if r.Refused != nil && !slices.Contains(r.Values, v) {
			w.add([]schema.Fault{*r.Refused}, v)
		}
	case int64:
		if r.Min != nil && v < r.Min.Number {
			w.add(r.Min.Faults, v)
		}
		if r.Max != nil && v > r.Max.Number {
			w.add(r.Max.Faults, v)
		}
	case []any:
		if r.Unique != nil {
			w.unique(r.Unique, v)
		}
	}
	if len(r.Formats) > 0 {
		faults := Conform(r.Formats, value)
		for i := range faults {
			faults[i].At = r.At
		}
		w.add(faults, value)
	}
}

func (w *walk) add(faults []schema.Fault, value any) {
	for _, f := range faults {
		w.faults = append(w.faults, &field.Error{
			Type: field.ErrorType(f.Type), Field: f.At.Of(w.place.path().String()), BadValue: shown(value), Detail: f.Detail,
		})
	}
}

// shown is a value as faults show it.
func shown(value any) any {
	if value == nil {
		return ""
	}
	return value
}

// unique finds the elements that were there before.
func (w *walk) unique(u *schema.Unique, list []any) {
	if len(list) < 2 {
		return
	}
	seen := map[string]bool{}
	for i, item := range list {
		print, blank := fingerprint(item, u.By)
		if blank {
			continue
		}
		if seen[print] {
			where := w.place.path().Index(i)
			var value any = item
			if m, ok := item.(map[string]any); ok && u.At != "" {
				where, value = where.Child(u.At), m[u.At]
			}
			w.faults = append(w.faults, field.Duplicate(where, value))
		}
		seen[print] = true
	}
}

// fingerprint is equal for elements that are the same, and blank for one that has none of what tells elements apart.
func fingerprint(item any, by []string) (print string, blank bool) {
	m, ok := item.(map[string]any)
	if !ok {
		return text(item), false
	}
	var out strings.Builder
	blank = len(by) > 0
	for _, name := range by {
		out.WriteString(text(m[name]) + "\x00")
		blank = blank && isZero(m[name])
	}
	if len(by) == 0 {
		return text(item), false
	}
	return out.String(), blank
}

// once leaves out faults that were found before.
func once(errs field.ErrorList) field.ErrorList {
	if len(errs) < 2 {
		return errs
	}
	type print struct {
		kind          field.ErrorType
		field, detail string
		value         string
	}
	seen := map[print]bool{}
	return slices.DeleteFunc(errs, func(e *field.Error) bool {
		p := print{e.Type, e.Field, e.Detail, text(e.BadValue)}
		twice := seen[p]
		seen[p] = true
		return twice
	})
}
