package strategy

import (
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Frozen is a part that an update may not change.
type Frozen struct {
	Path Path
	// Report is the field that the fault names, when it is not Path.
	Report *field.Path
	// Except lists the fields below Path that may change.
	Except []Path
	// Once allows the first value where there was none.
	Once bool
	// When limits the rule by what is updated; nil means always.
	When func(obj, old map[string]any) bool
	// Forbidden is the message of a fault "Forbidden"; empty means an "Invalid value" with Message.
	Forbidden string
	// Message is that of an invalid value, by default "field is immutable".
	Message string
}

const immutable = "field is immutable"

// Check reports a change of what is frozen.
func (f Frozen) Check(obj, old map[string]any) *field.Error {
	if f.When != nil && !f.When(obj, old) {
		return nil
	}
	was, is := Get(old, f.Path), Get(obj, f.Path)
	if f.Once && (was == nil || was == "") {
		return nil
	}
	if len(f.Except) > 0 {
		was, is = without(was, f.Except), without(is, f.Except)
	}
	if reflect.DeepEqual(was, is) || isEmpty(was) && isEmpty(is) {
		return nil
	}
	where := f.Report
	if where == nil {
		where = field.NewPath(f.Path[0], f.Path[1:]...)
	} else if parts := strings.Split(strings.TrimSuffix(where.String(), "[0]"), "."); Get(obj, parts) != nil {
		is = Get(obj, parts) // What is shown is what the fault names.
	}
	if f.Forbidden != "" {
		return field.Forbidden(where, f.Forbidden)
	}
	message := f.Message
	if message == "" {
		message = immutable
	}
	return field.Invalid(where, is, message)
}

// Get returns the value at a path, nil if there is none.
func Get(obj map[string]any, path Path) any {
	var value any = obj
	for _, name := range path {
		m, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = m[name]
	}
	return value
}

// Put sets the value at a path, or removes it when value is nil. Missing parents are made.
func Put(obj map[string]any, path Path, value any) {
	for _, name := range path[:len(path)-1] {
		next, ok := obj[name].(map[string]any)
		if !ok {
			if value == nil {
				return
			}
			next = map[string]any{}
			obj[name] = next
		}
		obj = next
	}
	last := path[len(path)-1]
	if value == nil {
		delete(obj, last)
		return
	}
	obj[last] = value
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	case string:
		return v == ""
	}
	return false
}

// without returns a copy of value without the fields that paths name. The element "*" stands for every element of a list.
func without(value any, paths []Path) any {
	m, ok := value.(map[string]any)
	if !ok {
		return value
	}
	out := make(map[string]any, len(m))
	for k, v := range m {
		var deeper []Path
		drop := false
		for _, p := range paths {
			if p[0] == k {
				drop = drop || len(p) == 1
				deeper = append(deeper, p[1:])
			}
		}
		switch {
		case drop:
		case deeper != nil:
			out[k] = withoutBelow(v, deeper)
		default:
			out[k] = v
		}
	}
	return out
}

func withoutBelow(value any, paths []Path) any {
	items, ok := value.([]any)
	if !ok {
		return without(value, paths)
	}
	below := slices.Clone(paths)
	for i, p := range below {
		if p[0] == "*" {
			below[i] = p[1:]
		}
	}
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = without(item, below)
	}
	return out
}
