package model

import (
	"reflect"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
)

// plan says where in an object of some Go type defaults are to be filled in. Parts of the type without any are left out, so a
// walk visits only what it has to.
type plan struct {
	rules  []rule
	fields map[string]*plan
}

// rule fills in one default.
type rule struct {
	// field is set to value when it is absent and when holds; a nil when always holds.
	field string
	value any
	when  func(obj map[string]any) bool
	// derive computes the value instead; nil leaves the field absent.
	derive func(obj map[string]any) any
	// adjust does what one field's rule cannot say, and replaces the rest.
	adjust func(obj map[string]any)
}

func (r rule) apply(obj map[string]any) {
	if r.adjust != nil {
		r.adjust(obj)
		return
	}
	if v, ok := obj[r.field]; ok && v != nil && v != "" {
		return
	}
	if r.when != nil && !r.when(obj) {
		return
	}
	value := r.value
	if r.derive != nil {
		value = r.derive(obj)
	}
	if value != nil {
		obj[r.field] = runtime.DeepCopyJSONValue(value)
	}
}

// fill applies the plan to value: parents before their parts, so that a structure that a rule puts in gets its own defaults.
func (p *plan) fill(value any) {
	if p == nil {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		for _, r := range p.rules {
			r.apply(v)
		}
		for name, child := range p.fields {
			if name == anyKey {
				for _, item := range v {
					child.fill(item)
				}
				continue
			}
			if item, ok := v[name]; ok {
				child.fill(item)
			}
		}
	case []any:
		for _, item := range v {
			p.fill(item)
		}
	}
}

// anyKey is the pseudo field for the values of a map.
const anyKey = "*"

var plans = struct {
	sync.Mutex
	byType map[reflect.Type]*plan
}{byType: map[reflect.Type]*plan{}}

// planOf returns the plan of a Go type, nil if nothing in it has defaults. Plans are a pure function of the type and kept.
func planOf(t reflect.Type) *plan {
	plans.Lock()
	defer plans.Unlock()
	if p, ok := plans.byType[t]; ok {
		return p
	}
	b := planner{reach: map[reflect.Type]bool{}, built: map[reflect.Type]*plan{}}
	p := b.build(t)
	plans.byType[t] = p
	return p
}

type planner struct {
	reach map[reflect.Type]bool
	built map[reflect.Type]*plan
}

// reaches reports whether t, or a type that it holds, has rules.
func (b *planner) reaches(t reflect.Type, path map[reflect.Type]bool) bool {
	t = element(t)
	if t.Kind() != reflect.Struct {
		return false
	}
	if known, ok := b.reach[t]; ok {
		return known
	}
	if path[t] {
		return false
	}
	path[t] = true
	defer delete(path, t)
	found := len(defaultsOf(t)) > 0
	for i := 0; i < t.NumField() && !found; i++ {
		found = b.reaches(t.Field(i).Type, path)
	}
	if found || len(path) == 1 {
		b.reach[t] = found
	}
	return found
}

func (b *planner) build(t reflect.Type) *plan {
	t = element(t)
	if !b.reaches(t, map[reflect.Type]bool{}) {
		return nil
	}
	if p, ok := b.built[t]; ok {
		return p
	}
	p := &plan{fields: map[string]*plan{}}
	b.built[t] = p
	b.addFields(p, t)
	return p
}

func (b *planner) addFields(p *plan, t reflect.Type) {
	p.rules = append(p.rules, defaultsOf(t)...)
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			b.addFields(p, element(f.Type))
			continue
		}
		child := b.build(f.Type)
		if child == nil {
			continue
		}
		if f.Type.Kind() == reflect.Map {
			child = &plan{fields: map[string]*plan{anyKey: child}}
		}
		p.fields[name] = child
	}
}

// element strips pointers, slices and maps, down to what the values are.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}
