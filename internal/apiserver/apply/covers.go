package apply

import (
	"strings"

	"sigs.k8s.io/structured-merge-diff/v6/schema"
	"sigs.k8s.io/structured-merge-diff/v6/typed"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// covers reports whether an object mentions all of a set of fields, given as managedFields holds it: whether they are in what
// the object's ToFieldSet returns, without making that. It says no where it would take a closer look to know.
func covers(object *typed.TypedValue, fields map[string]any) bool {
	c := coverage{schema: object.Schema()}
	return c.holds(object.AsValue().Unstructured(), object.TypeRef(), fields, false)
}

type coverage struct{ schema *schema.Schema }

// holds is about one value and what is below it. member says that its own path is in the set whatever it is: those of elements
// of lists are, and of values of maps whose keys anybody chooses.
func (c coverage) holds(v any, ref schema.TypeRef, fields map[string]any, member bool) bool {
	atom, ok := c.schema.Resolve(ref)
	if !ok {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		switch {
		case atom.Map == nil:
			return false
		case atom.Map.ElementRelationship == schema.Atomic:
			return len(fields) == 0
		}
		return c.members(v, atom.Map, fields, member || len(v) == 0)
	case []any:
		switch {
		case atom.List == nil:
			return false
		case atom.List.ElementRelationship == schema.Atomic:
			return len(fields) == 0
		}
		return c.list(v, atom.List, fields, member)
	case string, bool, int64, float64:
		return atom.Scalar != nil && len(fields) == 0
	}
	return false
}

// each goes through the fields below a value.
func each(fields map[string]any, member bool, covered func(key string, below map[string]any) bool) bool {
	if len(fields) == 0 {
		return member
	}
	for key, value := range fields {
		if key == "." {
			if !member {
				return false
			}
			continue
		}
		below, ok := value.(map[string]any)
		if !ok || !covered(key, below) {
			return false
		}
	}
	return true
}

func (c coverage) members(m map[string]any, t *schema.Map, fields map[string]any, member bool) bool {
	return each(fields, member, func(key string, below map[string]any) bool {
		name, ok := strings.CutPrefix(key, "f:")
		if !ok {
			return false
		}
		v, ok := m[name]
		if !ok {
			return false
		}
		if f, ok := t.FindField(name); ok {
			return c.holds(v, f.Type, below, false)
		}
		return c.holds(v, t.ElementType, below, true)
	})
}

// maxElements is how long a list may be for its elements to be looked for one by one.
const maxElements = 64

func (c coverage) list(list []any, t *schema.List, fields map[string]any, member bool) bool {
	if len(list) > maxElements {
		return false
	}
	return each(fields, member, func(key string, below map[string]any) bool {
		item, ok := c.element(list, t, key)
		return ok && c.holds(item, t.ElementType, below, true)
	})
}

// element returns the only element that a key of managedFields means.
func (c coverage) element(list []any, t *schema.List, key string) (any, bool) {
	is, ok := c.meaning(t, key)
	if !ok {
		return nil, false
	}
	var found any
	n := 0
	for _, item := range list {
		if is(item) {
			found, n = item, n+1
		}
	}
	return found, n == 1
}

// named says that an element's keys, with the defaults of those that it lacks, are the wanted ones.
func (c coverage) named(item any, t *schema.List, wanted map[string]any) bool {
	m, ok := item.(map[string]any)
	if !ok {
		return false
	}
	n := 0
	for _, key := range t.Keys {
		v := c.keyOf(m, t, key)
		if v == nil {
			continue
		}
		n++
		if w, ok := wanted[key]; !ok || !plain.Equal(v, w) {
			return false
		}
	}
	return n == len(wanted)
}

// standard is what a key has in an element that does not say, nil for none.
func (c coverage) standard(t *schema.List, key string) any {
	atom, ok := c.schema.Resolve(t.ElementType)
	if !ok || atom.Map == nil {
		return nil
	}
	f, _ := atom.Map.FindField(key)
	return f.Default
}
