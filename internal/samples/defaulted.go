package samples

import (
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// Defaulted lists the places that [schema.Kind.Store] may fill in for a native kind, outside a status that has its own
// subresource: that of each field with a default that holds wherever its structure occurs, and for each of
// [schema.Conditions] that of the structure that it is for, with the condition's name in brackets behind it. What is below a
// structure that holds itself is listed once.
func Defaulted(kind *schema.Kind) []string {
	w := typeWalk{status: statusOf(kind), places: map[string]bool{}, on: map[string]bool{}}
	w.structure("", kind.Model())
	return slices.Sorted(maps.Keys(w.places))
}

// Filled lists the places of [Defaulted] where Store does fill something in for obj. obj is not changed.
func Filled(kind *schema.Kind, obj map[string]any) []string {
	w := fillWalk{status: statusOf(kind), places: map[string]bool{}}
	w.structure("", kind.Model(), kind.Canonical(obj), kind.Canonical(obj))
	return slices.Sorted(maps.Keys(w.places))
}

func statusOf(kind *schema.Kind) string {
	if kind.HasStatus {
		return "status"
	}
	return ""
}

func child(place string, f schema.Field) string {
	if place != "" {
		place += "."
	}
	switch place += f.Name; f.In {
	case "list":
		place += "[]"
	case "map":
		place += "{}"
	}
	return place
}

func conditional(place, name string) string {
	if place != "" {
		place += " "
	}
	return place + "(" + name + ")"
}

// conditionsOf returns the conditions for a type, in their order.
func conditionsOf(model string) []schema.Condition {
	return slices.DeleteFunc(schema.Conditions(), func(c schema.Condition) bool { return !slices.Contains(c.Types, model) })
}

// typeWalk goes over types.
type typeWalk struct {
	status string
	places map[string]bool
	// on holds the types on the way.
	on map[string]bool
}

func (w typeWalk) structure(place, model string) {
	if w.on[model] {
		return
	}
	w.on[model] = true
	defer delete(w.on, model)
	for _, c := range conditionsOf(model) {
		w.places[conditional(place, c.Name)] = true
	}
	for _, f := range fieldsOf(model) {
		at := child(place, f)
		if at == w.status {
			continue
		}
		if f.Default != nil {
			w.places[at] = true
		}
		if f.Kind == "struct" {
			w.structure(at, f.Model)
		}
	}
}

// fillWalk goes over an object, which it fills in on the way as [schema.Defaults.Fill] does, and over what it was before.
type fillWalk struct {
	status string
	places map[string]bool
}

func (w fillWalk) structure(place, model string, obj, was map[string]any) {
	if schema.DefaultsOf(model) == nil {
		return
	}
	for _, c := range conditionsOf(model) {
		before := runtime.DeepCopyJSON(obj)
		if c.Fill(obj); !reflect.DeepEqual(before, obj) {
			w.places[conditional(place, c.Name)] = true
		}
	}
	for _, f := range fieldsOf(model) {
		at := child(place, f)
		if at == w.status {
			continue
		}
		// A condition may have put the default in, here or further out.
		if f.Default != nil && obj[f.Name] == nil {
			obj[f.Name] = runtime.DeepCopyJSONValue(f.Default)
		}
		if f.Default != nil && was[f.Name] == nil {
			w.places[at] = true
		}
		if f.Kind == "struct" {
			w.part(at, f, obj, was)
		}
	}
}

func (w fillWalk) part(at string, f schema.Field, obj, was map[string]any) {
	var before []map[string]any
	each(f, was[f.Name], func(inner map[string]any) { before = append(before, inner) })
	each(f, obj[f.Name], func(inner map[string]any) {
		var old map[string]any
		if len(before) > 0 {
			old, before = before[0], before[1:]
		}
		w.structure(at, f.Model, inner, old)
	})
	if obj[f.Name] == nil && f.In == "" && !f.Pointer {
		inner := map[string]any{}
		if w.structure(at, f.Model, inner, nil); len(inner) > 0 {
			obj[f.Name] = inner
		}
	}
}

// each visits the structures that a field holds, in a fixed order.
func each(f schema.Field, value any, visit func(map[string]any)) {
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			if inner, ok := e.(map[string]any); ok {
				visit(inner)
			}
		}
	case map[string]any:
		if f.In == "" {
			visit(v)
			return
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if inner, ok := v[k].(map[string]any); ok {
				visit(inner)
			}
		}
	}
}
