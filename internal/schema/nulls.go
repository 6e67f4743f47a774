package schema

import (
	"maps"
	"slices"
	"strconv"

	"k8s.io/kube-openapi/pkg/validation/spec"
)

// ForbiddenNull returns the path of a null in a custom resource that its schema does not allow and for which no default stands
// in, and whether there is one. In an apply the server refuses it; elsewhere it takes it for nothing.
func (k *Kind) ForbiddenNull(obj map[string]any) (string, bool) {
	if k.origin != customResource {
		return "", false
	}
	return k.forbiddenNull("", obj, k.definition, true)
}

func (k *Kind) forbiddenNull(path string, v any, s *spec.Schema, root bool) (string, bool) {
	if s == nil {
		return "", false
	}
	switch v := v.(type) {
	case nil:
		return path, len(s.Type) > 0 && !s.Nullable && s.Default == nil
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if ofObject(s, root, name) {
				continue
			}
			if at, found := k.forbiddenNull(path+"."+name, v[name], k.property(s, name), false); found {
				return at, true
			}
		}
	case []any:
		p := k.item(s)
		for i, e := range v {
			if at, found := k.forbiddenNull(path+"["+strconv.Itoa(i)+"]", e, p, false); found {
				return at, true
			}
		}
	}
	return "", false
}
