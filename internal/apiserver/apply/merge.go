package apply

import (
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/structured-merge-diff/v6/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// merge returns live with what patch says in it, for a patch that has nothing new: each of its fields is in the live value, and each of
// its lists has the elements of the live one in their order. Then the order of lists, which is what makes merging hard, is no
// question. It reports false for other patches. The result shares parts with the patch, and none with live.
func (c coverage) merge(live, patch any, ref schema.TypeRef) (any, bool) {
	atom, ok := c.schema.Resolve(ref)
	if !ok {
		return nil, false
	}
	switch patch := patch.(type) {
	case map[string]any:
		l, ok := live.(map[string]any)
		switch {
		case !ok || atom.Map == nil:
			return nil, false
		case atom.Map.ElementRelationship == schema.Atomic:
			return patch, true
		}
		return c.mergeMembers(l, patch, atom.Map)
	case []any:
		l, ok := live.([]any)
		switch {
		case !ok || atom.List == nil:
			return nil, false
		case atom.List.ElementRelationship == schema.Atomic:
			return patch, true
		case len(l) != len(patch):
			return nil, false
		}
		return c.mergeElements(l, patch, atom.List)
	case string, bool, int64, float64:
		switch live.(type) {
		case string, bool, int64, float64:
			return patch, atom.Scalar != nil
		}
	}
	return nil, false
}

func (c coverage) mergeMembers(live, patch map[string]any, t *schema.Map) (any, bool) {
	out := make(map[string]any, len(live))
	met := 0
	for key, l := range live {
		p, ok := patch[key]
		if !ok {
			out[key] = runtime.DeepCopyJSONValue(l)
			continue
		}
		met++
		ref := t.ElementType
		if f, ok := t.FindField(key); ok {
			ref = f.Type
		}
		if out[key], ok = c.merge(l, p, ref); !ok {
			return nil, false
		}
	}
	return out, met == len(patch)
}

func (c coverage) mergeElements(live, patch []any, t *schema.List) (any, bool) {
	out := make([]any, len(patch))
	for i := range patch {
		if !c.twins(live[i], patch[i], t) {
			return nil, false
		}
		var ok bool
		if out[i], ok = c.merge(live[i], patch[i], t.ElementType); !ok {
			return nil, false
		}
	}
	return out, true
}

// twins reports whether two elements are the same one of a list.
func (c coverage) twins(a, b any, t *schema.List) bool {
	if len(t.Keys) == 0 {
		return plain.Equal(a, b)
	}
	x, ok := a.(map[string]any)
	y, ok2 := b.(map[string]any)
	if !ok || !ok2 {
		return false
	}
	for _, key := range t.Keys {
		if !plain.Equal(c.keyOf(x, t, key), c.keyOf(y, t, key)) {
			return false
		}
	}
	return true
}

// keyOf is what an element has for a key, the default when it does not say.
func (c coverage) keyOf(m map[string]any, t *schema.List, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return c.standard(t, key)
}
