package main

import (
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	internal "github.com/setpoint-dev/setpoint/internal/schema"
)

// observation is what defaulting made of one field of a structure, in the places where the structure occurs.
type observation struct {
	// values maps each JSON value seen, "" for none, to one place.
	values map[string]string
}

// prober runs the server's defaulting.
type prober struct {
	scheme *runtime.Scheme
	table  table
	// seen is by model and field.
	seen map[string]map[string]observation
}

// step leads from a structure to one inside it: through a field, and into its element when it is a list or a map.
type step struct{ index []int }

// probe visits every structure of a kind.
func (p *prober) probe(gvk schema.GroupVersionKind) error {
	obj, err := p.scheme.New(gvk)
	if err != nil {
		return err
	}
	return p.visit(gvk, typeOf(obj), nil, gvk.Kind, []reflect.Type{})
}

func (p *prober) visit(gvk schema.GroupVersionKind, typ reflect.Type, path []step, place string, above []reflect.Type) error {
	if slices.Contains(above, typ) {
		return nil
	}
	above = append(slices.Clone(above), typ)
	if err := p.observe(gvk, path, place); err != nil {
		return err
	}
	return p.children(typ, nil, func(f reflect.StructField, index []int, inner reflect.Type) error {
		return p.visit(gvk, inner, append(slices.Clone(path), step{index}), place+"."+f.Name, above)
	})
}

// children calls do for each field of typ that holds structures of ours.
func (p *prober) children(typ reflect.Type, prefix []int, do func(f reflect.StructField, index []int, inner reflect.Type) error) error {
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, ok := jsonName(f)
		if !ok {
			continue
		}
		index := append(slices.Clone(prefix), i)
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if name == "" {
			if inner.Kind() == reflect.Struct && f.Type.Kind() != reflect.Pointer {
				if err := p.children(inner, index, do); err != nil {
					return err
				}
			}
			continue
		}
		if custom(inner) {
			continue
		}
		if inner.Kind() == reflect.Slice || inner.Kind() == reflect.Map {
			inner = inner.Elem()
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
		}
		if inner.Kind() != reflect.Struct || custom(inner) || model(inner) == "" {
			continue
		}
		if err := do(f, index, inner); err != nil {
			return err
		}
	}
	return nil
}

// observe defaults an object that holds nothing but the structure at the path, and notes what its fields became.
func (p *prober) observe(gvk schema.GroupVersionKind, path []step, place string) error {
	obj, err := p.scheme.New(gvk)
	if err != nil {
		return err
	}
	v := reflect.ValueOf(obj).Elem()
	for _, s := range path {
		v = enter(v, s)
	}
	before := reflect.New(v.Type()).Elem()
	before.Set(v)
	p.scheme.Default(obj)
	v = reflect.ValueOf(obj).Elem()
	for _, s := range path {
		v = enter(v, s)
	}
	name := model(v.Type())
	fields := p.seen[name]
	if fields == nil {
		fields = map[string]observation{}
		p.seen[name] = fields
	}
	return p.note(v, before, fields, place)
}

// enter allocates what a step leads to, when it is not there, and returns it.
func enter(v reflect.Value, s step) reflect.Value {
	for _, i := range s.index {
		v = v.Field(i)
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
	}
	switch v.Kind() {
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		v = v.Index(0)
	case reflect.Map:
		// The elements of a map cannot be set in place, and none of the structures in maps has defaults that depend on more
		// than itself.
		key := reflect.New(v.Type().Key()).Elem()
		if v.Len() == 0 {
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(key, reflect.New(v.Type().Elem()).Elem())
		}
		v = reflect.New(v.Type().Elem()).Elem()
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	return v
}

func (p *prober) note(v, before reflect.Value, fields map[string]observation, place string) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, ok := jsonName(f)
		if !ok {
			continue
		}
		value, old := v.Field(i), before.Field(i)
		if name == "" {
			if value.Kind() == reflect.Struct {
				if err := p.note(value, old, fields, place); err != nil {
					return err
				}
			}
			continue
		}
		text := ""
		if !value.IsZero() && old.IsZero() && !structure(f.Type) {
			data, err := json.Marshal(value.Interface())
			if err != nil {
				return fmt.Errorf("%s.%s: %w", place, name, err)
			}
			text = string(data)
		} else if !value.IsZero() && old.IsZero() && f.Type.Kind() == reflect.Pointer {
			// A whole structure that defaulting made; what is in it has its own defaults.
			data, err := json.Marshal(value.Interface())
			if err != nil {
				return err
			}
			text = string(data)
		}
		o, ok := fields[name]
		if !ok {
			o = observation{values: map[string]string{}}
			fields[name] = o
		}
		if _, ok := o.values[text]; !ok {
			o.values[text] = place
		}
	}
	return nil
}

func structure(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && !custom(t)
}

// conditional are the defaults that depend on more than the structure being there, each as the name of a type, a dot and the
// name of a field: those that package internal/schema decides in Go, and the time of a taint, which is that of the write.
var conditional = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for _, c := range internal.Conditions() {
		for _, field := range c.Decides {
			out[field] = true
		}
	}
	for _, version := range []string{"v1", "v1alpha3", "v1beta1", "v1beta2"} {
		out["io.k8s.api.resource."+version+".DeviceTaint.timeAdded"] = true
	}
	return out
})

// undefaulted are the places where the server defaults nothing, so that they say nothing about a structure's defaults.
var undefaulted = []string{"VolumeAttachment.Spec.Source.InlineVolumeSpec"}

// settle puts the defaults that hold everywhere into the table, and names the others that are not known to be conditional.
func (p *prober) settle() {
	for _, name := range slices.Sorted(maps.Keys(p.seen)) {
		for _, f := range slices.Sorted(maps.Keys(p.seen[name])) {
			if conditional()[name+"."+f] {
				continue
			}
			values := p.seen[name][f].values
			for v, place := range values {
				for _, u := range undefaulted {
					if v == "" && len(values) > 1 && strings.HasPrefix(place, u) {
						delete(values, v)
					}
				}
			}
			if len(values) > 1 {
				log.Printf("not everywhere the same: %s %s", name, f)
				for _, v := range slices.Sorted(maps.Keys(values)) {
					log.Printf("\t%q at %s", v, values[v])
				}
				continue
			}
			for text := range values {
				if text == "" {
					continue
				}
				var d any
				if err := json.Unmarshal([]byte(text), &d); err != nil {
					panic(err)
				}
				if m, ok := d.(map[string]any); ok && len(m) == 0 && !p.table[name][f].Pointer {
					continue
				}
				p.table[name][f].Default = d
			}
		}
	}
}
