package apply

import (
	"strings"

	"sigs.k8s.io/structured-merge-diff/v6/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// count is how many fields the ToFieldSet of a value has. Elements that a list has twice count twice.
func (c coverage) count(v any, ref schema.TypeRef, member bool) int {
	n := 0
	if member {
		n = 1
	}
	atom, ok := c.schema.Resolve(ref)
	if !ok {
		return n
	}
	switch v := v.(type) {
	case map[string]any:
		switch {
		case atom.Map == nil || atom.Map.ElementRelationship == schema.Atomic || len(v) == 0:
			return 1
		}
		for key, value := range v {
			if f, ok := atom.Map.FindField(key); ok {
				n += c.count(value, f.Type, false)
			} else {
				n += c.count(value, atom.Map.ElementType, true)
			}
		}
		return n
	case []any:
		if atom.List == nil || atom.List.ElementRelationship == schema.Atomic {
			return 1
		}
		for _, item := range v {
			n += c.count(item, atom.List.ElementType, true)
		}
		return n
	}
	return 1
}

// meets reports whether a value has some of a set of fields, given as managedFields holds it. It says yes where it would take a
// closer look to know.
func (c coverage) meets(v any, ref schema.TypeRef, fields map[string]any) bool {
	if _, ok := fields["."]; ok || len(fields) == 0 {
		return true
	}
	atom, ok := c.schema.Resolve(ref)
	if !ok {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		return atom.Map == nil || atom.Map.ElementRelationship == schema.Atomic || c.memberMeets(v, atom.Map, fields)
	case []any:
		return atom.List == nil || atom.List.ElementRelationship == schema.Atomic || c.elementMeets(v, atom.List, fields)
	}
	return true
}

func (c coverage) memberMeets(m map[string]any, t *schema.Map, fields map[string]any) bool {
	for key, value := range fields {
		name, ok := strings.CutPrefix(key, "f:")
		below, isMap := value.(map[string]any)
		if !ok || !isMap {
			return true
		}
		v, ok := m[name]
		if !ok {
			continue
		}
		ref := t.ElementType
		if f, ok := t.FindField(name); ok {
			ref = f.Type
		}
		if c.meets(v, ref, below) {
			return true
		}
	}
	return false
}

func (c coverage) elementMeets(list []any, t *schema.List, fields map[string]any) bool {
	if len(list) > maxElements {
		return true
	}
	for key, value := range fields {
		below, ok := value.(map[string]any)
		if !ok {
			return true
		}
		is, ok := c.meaning(t, key)
		if !ok {
			return true
		}
		for _, item := range list {
			if is(item) && c.meets(item, t.ElementType, below) {
				return true
			}
		}
	}
	return false
}

// meaning returns what tells the elements that a key of managedFields means; false when the list has no such keys.
func (c coverage) meaning(t *schema.List, key string) (func(item any) bool, bool) {
	keys, named := strings.CutPrefix(key, "k:")
	if named != (len(t.Keys) > 0) {
		return nil, false
	}
	if named {
		wanted, ok := plain.Parse([]byte(keys))
		return func(item any) bool { return c.named(item, t, wanted) }, ok
	}
	return func(item any) bool {
		text, err := plain.Encode(item)
		return err == nil && "v:"+string(text) == key
	}, true
}
