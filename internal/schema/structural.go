package schema

import (
	"path"

	"k8s.io/kube-openapi/pkg/validation/spec"
)

// defaults applies the defaults of a structural schema to a custom resource, in place, as the API server does: a field that is
// absent, or null where null is not allowed, takes the default; such a null without default goes; what was filled in is
// filled further.
func (k *Kind) defaults(v any, s *spec.Schema, root bool) {
	if s == nil {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for name, p := range s.Properties {
			if root && (name == "metadata" || name == "apiVersion" || name == "kind") {
				continue
			}
			p := k.resolve(&p)
			old, present := v[name]
			if present && (old != nil || p.Nullable) {
				continue
			}
			switch {
			case p.Default != nil:
				v[name] = integers(p.Default)
			case present:
				delete(v, name)
			}
		}
		for name, e := range v {
			if p, ok := s.Properties[name]; ok {
				if !root || name != "metadata" {
					k.defaults(e, k.resolve(&p), false)
				}
				continue
			}
			if s.AdditionalProperties == nil || s.AdditionalProperties.Schema == nil {
				continue
			}
			p := k.resolve(s.AdditionalProperties.Schema)
			if e == nil && !p.Nullable {
				if p.Default == nil {
					delete(v, name)
					continue
				}
				v[name] = integers(p.Default)
			}
			k.defaults(v[name], p, false)
		}
	case []any:
		if s.Items == nil || s.Items.Schema == nil {
			return
		}
		p := k.resolve(s.Items.Schema)
		for i, e := range v {
			if e == nil && !p.Nullable && p.Default != nil {
				v[i] = integers(p.Default)
			}
			k.defaults(v[i], p, false)
		}
	}
}

// resolve follows a reference.
func (k *Kind) resolve(s *spec.Schema) *spec.Schema {
	ref := s.Ref.String()
	if ref == "" && len(s.AllOf) == 1 {
		ref = s.AllOf[0].Ref.String()
	}
	if ref == "" {
		return s
	}
	if to := k.definitions[path.Base(ref)]; to != nil {
		return to
	}
	return s
}
