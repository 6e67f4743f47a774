package diff

import "sigs.k8s.io/structured-merge-diff/v4/schema"

// fitting finds out whether a value is of its type, without an error to show for it.
type fitting struct{ schema *schema.Schema }

// fits says that a value is of the type. False means no more than that it is to be typed to know.
func (f fitting) fits(ref schema.TypeRef, v any) bool {
	if v == nil {
		return true
	}
	atom, ok := f.schema.Resolve(ref)
	if !ok {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		if atom.Map == nil {
			return false
		}
		for name, e := range v {
			below := atom.Map.ElementType
			if field, ok := atom.Map.FindField(name); ok {
				below = field.Type
			} else if below == (schema.TypeRef{}) {
				return false
			}
			if !f.fits(below, e) {
				return false
			}
		}
		return true
	case []any:
		return atom.List != nil && f.items(atom.List, v)
	}
	return atom.Scalar != nil && scalar(*atom.Scalar, v)
}

func (f fitting) items(l *schema.List, list []any) bool {
	for _, e := range list {
		if l.ElementRelationship == schema.Associative && !f.identified(l, e) {
			return false
		}
		if !f.fits(l.ElementType, e) {
			return false
		}
	}
	return true
}

// identified says that an item has all that tells it apart.
func (f fitting) identified(l *schema.List, item any) bool {
	if len(l.Keys) == 0 {
		return item != nil && leafy(item)
	}
	m, ok := item.(map[string]any)
	if !ok {
		return false
	}
	for _, key := range l.Keys {
		if v, ok := m[key]; !ok || v == nil || !leafy(v) {
			return false
		}
	}
	return true
}

func leafy(v any) bool {
	switch v.(type) {
	case string, bool, int64, float64:
		return true
	}
	return false
}

func scalar(s schema.Scalar, v any) bool {
	switch v.(type) {
	case string:
		return s == schema.String || s == schema.Untyped
	case bool:
		return s == schema.Boolean || s == schema.Untyped
	case int64, float64:
		return s == schema.Numeric || s == schema.Untyped
	}
	return false
}
