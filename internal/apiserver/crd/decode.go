package crd

import (
	"fmt"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Decode makes of what a client sent what the server works with: defaults filled in, nulls dropped where the schema does not admit
// them, fields that the schema does not have removed, metadata (that of embedded objects too) reduced to the fields that
// ObjectMeta has. It changes obj and returns the paths of the removed fields in the order that the server reports them. The
// error is a bad request: metadata or a type field that is not what it must be.
//
// The same has to be done with the outcome of a patch.
func (v *Version) Decode(obj map[string]any) (unknown []string, err error) {
	return v.conform(obj, false)
}

// Read does with a stored object what [Version.Decode] does with a received one, so that defaults of a schema that came
// later show, and fields that it lost do not. It changes obj, and drops what is malformed.
func (v *Version) Read(obj map[string]any) {
	_, _ = v.conform(obj, true)
}

func (v *Version) conform(obj map[string]any, drop bool) (unknown []string, err error) {
	fillDefaults(obj, v.structural)

	kind, apiVersion, err := typeOf(obj)
	if err != nil {
		return nil, err
	}
	meta, found, unknown, err := objectMeta(obj, nil, drop)
	if err != nil {
		return nil, err
	}

	unknown = append(unknown, pruning.PruneWithOptions(obj, v.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
	dropNulls(obj, v.structural)
	c := coercer{drop: drop}
	if err := c.coerce(nil, obj, v.structural); err != nil {
		return nil, err
	}
	unknown = append(unknown, c.unknown...)

	// What every object has, whether the schema speaks of it or not.
	for key, value := range map[string]string{"kind": kind, "apiVersion": apiVersion} {
		if value != "" {
			obj[key] = value
		}
	}
	if found {
		obj["metadata"] = meta
	}
	return unknown, nil
}

func typeOf(obj map[string]any) (kind, apiVersion string, err error) {
	read := func(key string) string {
		s, ok := obj[key].(string)
		if _, found := obj[key]; found && !ok && err == nil {
			err = fmt.Errorf(".%s accessor error: %v is of the type %T, expected string", key, obj[key], obj[key])
		}
		return s
	}
	return read("kind"), read("apiVersion"), err
}

// dropNulls removes nulls that are neither admitted nor replaced by a default.
func dropNulls(x any, s *structuralschema.Structural) {
	switch x := x.(type) {
	case map[string]any:
		for name, value := range x {
			below := childOf(s, name)
			if value == nil && below != nil && !below.Nullable && below.Default.Object == nil {
				delete(x, name)
				continue
			}
			dropNulls(value, below)
		}
	case []any:
		for _, value := range x {
			if s != nil {
				dropNulls(value, s.Items)
			}
		}
	}
}

// childOf returns the schema of a field: its own, or that of all fields which have none.
func childOf(s *structuralschema.Structural, name string) *structuralschema.Structural {
	if s == nil {
		return nil
	}
	if own, ok := s.Properties[name]; ok {
		return &own
	}
	if s.AdditionalProperties != nil {
		return s.AdditionalProperties.Structural
	}
	return nil
}

// fieldIn extends a path by a field: a property by its name, a key of a map by its key.
func fieldIn(s *structuralschema.Structural, path *field.Path, name string) *field.Path {
	if _, ok := s.Properties[name]; ok {
		return path.Child(name)
	}
	return path.Key(name)
}
