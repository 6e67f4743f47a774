package model

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// shape knows the form that values of a Go type have after they went through the type and back. Most objects that reach
// the server's core have it already, and to see that costs a tenth of making sure by going there.
//
// A shape may say no to a value that has the form; it never says yes to one that has not.
type shape struct {
	holds func(v any) bool
	// nillable says that the type has a value that is written as null.
	nillable bool
	// struct types only
	fields   map[string]*fieldShape
	required []string
}

// fieldShape is one field of a struct.
type fieldShape struct {
	*shape
	// optional fields are left out when they are empty.
	optional bool
	// zeroless fields are left out when they are zero, as structs can be.
	zeroless bool
	// pointer fields keep what is empty apart from what is not there.
	pointer bool
}

var shapes = struct {
	sync.Mutex
	of map[reflect.Type]*shape
}{of: map[reflect.Type]*shape{}}

// shapeOf returns the shape of a type. Shapes are a pure function of the type and kept.
func shapeOf(t reflect.Type) *shape {
	shapes.Lock()
	defer shapes.Unlock()
	return shapeLocked(t)
}

func shapeLocked(t reflect.Type) *shape {
	if s, ok := shapes.of[t]; ok {
		return s
	}
	s := &shape{holds: never}
	shapes.of[t] = s // before its parts, which may hold it
	if special, ok := specials[t]; ok {
		s.holds = special
		return s
	}
	if t.Kind() == reflect.Pointer {
		s.holds, s.nillable = shapeLocked(t.Elem()).any, true
		return s
	}
	if marshaler := reflect.TypeFor[json.Marshaler](); t.Implements(marshaler) || reflect.PointerTo(t).Implements(marshaler) {
		return s // It writes itself.
	}
	switch t.Kind() {
	case reflect.String:
		s.holds = func(v any) bool { _, ok := v.(string); return ok }
	case reflect.Bool:
		s.holds = func(v any) bool { _, ok := v.(bool); return ok }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		zero := reflect.Zero(t)
		s.holds = func(v any) bool { n, ok := v.(int64); return ok && !zero.OverflowInt(n) }
	case reflect.Slice:
		s.nillable = true
		if t.Elem().Kind() == reflect.Uint8 {
			s.holds = base64Text
			break
		}
		item := shapeLocked(t.Elem())
		s.holds = func(v any) bool {
			list, ok := v.([]any)
			for _, e := range list {
				ok = ok && item.holds(e)
			}
			return ok && list != nil
		}
	case reflect.Map:
		s.nillable = true
		item := shapeLocked(t.Elem())
		if t.Key().Kind() != reflect.String {
			break
		}
		s.holds = func(v any) bool {
			m, ok := v.(map[string]any)
			for _, e := range m {
				ok = ok && item.holds(e)
			}
			return ok && m != nil
		}
	case reflect.Struct:
		s.fields = map[string]*fieldShape{}
		if s.addFields(t) {
			s.holds = s.structHolds
		}
	}
	return s
}

func never(any) bool { return false }

// any lets a pointer look its target up late, which for a type that holds itself is not known yet.
func (s *shape) any(v any) bool { return s.holds(v) }

// addFields reports false for a struct with fields of a sort that the server's types do not have.
func (s *shape) addFields(t reflect.Type) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if f.Anonymous && name == "" {
			if f.Type.Kind() != reflect.Struct || !s.addFields(f.Type) {
				return false
			}
			continue
		}
		if name == "" || !f.IsExported() {
			return false
		}
		child := &fieldShape{shape: shapeLocked(f.Type), pointer: f.Type.Kind() == reflect.Pointer}
		for _, option := range strings.Split(options, ",") {
			switch option {
			case "omitempty":
				child.optional = f.Type.Kind() != reflect.Struct
			case "omitzero":
				child.zeroless = true
			case "inline":
				return false
			}
		}
		s.fields[name] = child
		if !child.optional && !child.zeroless {
			s.required = append(s.required, name)
		}
	}
	return true
}

func (s *shape) structHolds(v any) bool {
	m, ok := v.(map[string]any)
	if !ok || m == nil {
		return false
	}
	for name, item := range m {
		f := s.fields[name]
		switch {
		case f == nil:
			return false
		case item == nil:
			if f.optional || f.zeroless || !f.nillable {
				return false
			}
			continue
		case f.zeroless && !something(item), f.optional && !f.pointer && blank(item):
			return false
		}
		if !f.holds(item) {
			return false
		}
	}
	for _, name := range s.required {
		if _, ok := m[name]; !ok {
			return false
		}
	}
	return true
}

// blank reports whether a value is what a field that may be left out is left out for.
func blank(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return v == "" || v == false || v == int64(0)
}

// something reports whether a value holds anything that is not blank.
func something(v any) bool {
	m, ok := v.(map[string]any)
	if !ok {
		return v != nil && !blank(v)
	}
	for _, item := range m {
		if something(item) {
			return true
		}
	}
	return false
}

func base64Text(v any) bool {
	text, ok := v.(string)
	if !ok || strings.ContainsAny(text, "\r\n") {
		return false
	}
	_, err := base64.StdEncoding.Strict().DecodeString(text)
	return err == nil
}

// specials are the types that write themselves and that objects are full of.
var specials = map[reflect.Type]func(v any) bool{
	reflect.TypeFor[resource.Quantity](): func(v any) bool {
		text, ok := v.(string)
		if !ok {
			return false
		}
		q, err := resource.ParseQuantity(text)
		return err == nil && q.String() == text
	},
	reflect.TypeFor[metav1.Time]():      timeIn(time.RFC3339),
	reflect.TypeFor[metav1.MicroTime](): timeIn(metav1.RFC3339Micro),
	reflect.TypeFor[intstr.IntOrString](): func(v any) bool {
		if n, ok := v.(int64); ok {
			return n == int64(int32(n))
		}
		_, ok := v.(string)
		return ok
	},
	reflect.TypeFor[metav1.FieldsV1](): trie,
}

func timeIn(layout string) func(v any) bool {
	return func(v any) bool {
		text, ok := v.(string)
		if !ok {
			return false
		}
		t, err := time.Parse(layout, text)
		return err == nil && !t.IsZero() && t.UTC().Format(layout) == text
	}
}

// trie holds maps of maps, as a set of fields is written.
func trie(v any) bool {
	m, ok := v.(map[string]any)
	for _, item := range m {
		ok = ok && trie(item)
	}
	return ok && m != nil
}
