package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// place is a value in a sample.
type place struct {
	sample *sample
	// steps lead to the value: names, keys and indices.
	steps []any
	// text is the path as faults show it, generic the same without indices and keys.
	text, generic string
	// model and field name the structure's field that the value belongs to; level is "[]" or "{}" for an element of it.
	model, field, level string
	typ                 reflect.Type
	value               any
	// present tells a value from the lack of one.
	present bool
	// leading are the elements before this one of the list that it is in.
	owner reflect.Type
}

// places returns every value of a sample, and every field that it might have, outside metadata and status.
func places(s *sample, typ reflect.Type) []place {
	w := &walker{sample: s}
	w.structure(s.obj, typ, place{sample: s})
	return w.found
}

type walker struct {
	sample *sample
	found  []place
}

func (w *walker) structure(m map[string]any, typ reflect.Type, at place) {
	for _, f := range fieldsOf(typ) {
		if strings.HasSuffix(modelName(typ), ".JSONSchemaProps") {
			return // A schema is judged as a whole, by the package that reads it.
		}
		if at.text == "" && slices.Contains([]string{"apiVersion", "kind", "metadata", "status"}, f.name) || f.typ == reflect.TypeFor[metav1.ObjectMeta]() {
			continue
		}
		value := m[f.name]
		present := value != nil
		p := place{
			sample: w.sample, steps: append(slices.Clone(at.steps), f.name), text: join(at.text, f.name), generic: join(at.generic, f.name),
			model: modelName(typ), field: f.name, typ: f.typ, value: value, present: present, owner: typ,
		}
		w.found = append(w.found, p)
		if present {
			w.below(p)
		}
	}
}

// below visits what a value holds.
func (w *walker) below(p place) {
	typ := p.typ
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if scalar(typ) {
		return
	}
	switch value := p.value.(type) {
	case map[string]any:
		if typ.Kind() == reflect.Struct {
			w.structure(value, typ, p)
			return
		}
		if typ.Kind() != reflect.Map {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			w.element(p, typ.Elem(), key, fmt.Sprintf("[%s]", key), "{}", value[key])
		}
	case []any:
		if typ.Kind() != reflect.Slice {
			return
		}
		for i, item := range value {
			w.element(p, typ.Elem(), i, fmt.Sprintf("[%d]", i), "[]", item)
		}
	}
}

func (w *walker) element(p place, typ reflect.Type, step any, text, level string, value any) {
	e := p
	e.steps = append(slices.Clone(p.steps), step)
	e.text, e.generic = p.text+text, p.generic+level
	e.level, e.typ, e.value, e.present = level, typ, value, true
	w.found = append(w.found, e)
	w.below(e)
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// with returns a copy of the sample with another value at the place; without one when value is nil.
func (p place) with(value any) map[string]any {
	out := runtime.DeepCopyJSON(p.sample.obj)
	var holder any = out
	var set func(any)
	for i, s := range p.steps {
		last := i == len(p.steps)-1
		switch s := s.(type) {
		case string:
			m := holder.(map[string]any)
			if !last {
				set, holder = func(v any) { m[s] = v }, m[s]
				continue
			}
			if value == nil {
				delete(m, s)
			} else {
				m[s] = value
			}
		case int:
			l := holder.([]any)
			if !last {
				set, holder = func(v any) { l[s] = v }, l[s]
				continue
			}
			if value == nil {
				set(slices.Delete(slices.Clone(l), s, s+1))
			} else {
				l[s] = value
			}
		}
	}
	return out
}

// beside returns the strings among the fields of the structure that the place is a field of.
func (p place) beside() map[string]string {
	var holder any = p.sample.obj
	steps := p.steps[:len(p.steps)-1]
	if p.level != "" {
		steps = steps[:len(steps)-1]
	}
	for _, s := range steps {
		switch s := s.(type) {
		case string:
			holder = holder.(map[string]any)[s]
		case int:
			holder = holder.([]any)[s]
		}
	}
	out := map[string]string{}
	for name, value := range holder.(map[string]any) {
		if text, ok := value.(string); ok && name != p.field {
			out[name] = text
		}
	}
	return out
}

var (
	quantityType = reflect.TypeFor[resource.Quantity]()
	intstrType   = reflect.TypeFor[intstr.IntOrString]()
	marshaler    = reflect.TypeFor[json.Marshaler]()
)

// scalar says that a type has no parts: one that writes itself, or a basic one.
func scalar(t reflect.Type) bool {
	if t.Implements(marshaler) || reflect.PointerTo(t).Implements(marshaler) {
		return true
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return false
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Uint8
	}
	return true
}

type jsonField struct {
	name string
	typ  reflect.Type
}

// fieldsOf returns the fields of a structure in JSON, those of embedded ones included.
func fieldsOf(t reflect.Type) []jsonField {
	var out []jsonField
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && f.Anonymous:
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			out = append(out, fieldsOf(inner)...)
		case f.PkgPath == "":
			if name == "" {
				name = f.Name
			}
			out = append(out, jsonField{name, f.Type})
		}
	}
	return out
}

// modelName is the name of a type in OpenAPI.
func modelName(t reflect.Type) string {
	if n, ok := reflect.New(t).Interface().(interface{ OpenAPIModelName() string }); ok {
		return n.OpenAPIModelName()
	}
	return ""
}
