package schema

import (
	"path"

	"k8s.io/kube-openapi/pkg/validation/spec"
)

// structural does to a custom resource, in place, what the API server does between an apply and the answer: it puts the
// defaults of the version in, stores the object in the form of the version that objects are stored at, and reads it from there.
func (k *Kind) structural(obj map[string]any) {
	k.defaults(obj, k.definition, true)
	stored := k.storedAt()
	stored.prune(obj, stored.definition, true)
	stored.coerce(obj, stored.definition, true)
	stored.defaults(obj, stored.definition, true)
	if stored != k {
		k.prune(obj, k.definition, true)
		k.coerce(obj, k.definition, true)
	}
}

// ofObject says whether a field is one that every object has and that no default reaches.
func ofObject(s *spec.Schema, root bool, name string) bool {
	return (root || wrapsObject(s)) && (name == "metadata" || name == "apiVersion" || name == "kind")
}

// defaults applies the defaults of a structural schema in place: a field that is absent, or null where null is not allowed,
// takes the default, and what was filled in is filled further.
func (k *Kind) defaults(v any, s *spec.Schema, root bool) {
	if s == nil {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for name, p := range s.Properties {
			if ofObject(s, root, name) {
				continue
			}
			p := k.resolve(&p)
			if old, present := v[name]; p.Default != nil && (!present || old == nil && !p.Nullable) {
				v[name] = integers(p.Default)
			}
		}
		for name, e := range v {
			p := k.property(s, name)
			if p == nil || ofObject(s, root, name) {
				continue
			}
			if e == nil && !p.Nullable && p.Default != nil {
				v[name] = integers(p.Default)
			}
			k.defaults(v[name], p, false)
		}
	case []any:
		p := k.item(s)
		for i, e := range v {
			if p != nil && e == nil && !p.Nullable && p.Default != nil {
				v[i] = integers(p.Default)
			}
			k.defaults(v[i], p, false)
		}
	}
}

// coerce brings a custom resource into the form in which it is stored, in place: what is null where that is not allowed goes,
// and the metadata of objects within the object passes through the Go type, as the object's own does.
func (k *Kind) coerce(v any, s *spec.Schema, root bool) {
	if s == nil {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for name, e := range v {
			p := k.property(s, name)
			if ofObject(s, root, name) {
				if name == "metadata" && !root {
					m, _ := e.(map[string]any)
					v[name] = table().canonical(objectMeta, m)
				}
				continue
			}
			if e == nil && p != nil && !p.Nullable && p.Default == nil {
				delete(v, name)
				continue
			}
			k.coerce(e, p, false)
		}
	case []any:
		p := k.item(s)
		for _, e := range v {
			k.coerce(e, p, false)
		}
	}
}

// prune removes what the schema does not have, in place.
func (k *Kind) prune(v any, s *spec.Schema, root bool) {
	free := s != nil && s.Extensions["x-kubernetes-preserve-unknown-fields"] == true
	switch v := v.(type) {
	case map[string]any:
		for name, e := range v {
			switch p := k.property(s, name); {
			case s != nil && ofObject(s, root, name):
			case p != nil:
				k.prune(e, p, false)
			case !free:
				delete(v, name)
			}
		}
	case []any:
		p := k.item(s)
		if p == nil && free {
			return
		}
		for _, e := range v {
			k.prune(e, p, false)
		}
	}
}

// property returns the schema of a field, nil when there is none.
func (k *Kind) property(s *spec.Schema, name string) *spec.Schema {
	if s == nil {
		return nil
	}
	if p, ok := s.Properties[name]; ok {
		return k.resolve(&p)
	}
	if s.AdditionalProperties == nil || s.AdditionalProperties.Schema == nil {
		return nil
	}
	return k.resolve(s.AdditionalProperties.Schema)
}

// item returns the schema of the items of a list, nil when there is none.
func (k *Kind) item(s *spec.Schema) *spec.Schema {
	if s == nil || s.Items == nil || s.Items.Schema == nil {
		return nil
	}
	return k.resolve(s.Items.Schema)
}

// wrapsObject says whether a schema is one of whole objects within an object.
func wrapsObject(s *spec.Schema) bool { return s.Extensions["x-kubernetes-embedded-resource"] == true }

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
