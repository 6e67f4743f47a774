package crd

import (
	"reflect"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Default fills in the defaults of the schema, in place of nulls too where null is not admitted. It changes obj.
func (v *Version) Default(obj map[string]any) { fillDefaults(obj, v.structural) }

// fillDefaults goes from the outside in, so that a default may itself receive defaults.
func fillDefaults(x any, s *structuralschema.Structural) {
	if s == nil {
		return
	}
	// wants says that a value has to be replaced by the default of its schema.
	wants := func(value any, found bool, s *structuralschema.Structural) bool {
		return s != nil && s.Default.Object != nil && (!found || (value == nil && !s.Nullable))
	}
	switch x := x.(type) {
	case map[string]any:
		for name := range s.Properties {
			property := s.Properties[name]
			if value, found := x[name]; wants(value, found, &property) {
				x[name] = runtime.DeepCopyJSONValue(property.Default.Object)
			}
		}
		for name, value := range x {
			below := childOf(s, name)
			if wants(value, true, below) {
				x[name] = runtime.DeepCopyJSONValue(below.Default.Object)
			}
			fillDefaults(x[name], below)
		}
	case []any:
		for i, value := range x {
			if wants(value, true, s.Items) {
				x[i] = runtime.DeepCopyJSONValue(s.Items.Default.Object)
			}
			fillDefaults(x[i], s.Items)
		}
	}
}

// pruneDefaults removes from defaults what the schema does not have. The server does this when it begins to serve a
// definition, so that one stored by an older server cannot bring unknown fields in.
func pruneDefaults(s *structuralschema.Structural) {
	if s == nil {
		return
	}
	if s.Default.Object != nil {
		pruning.Prune(s.Default.Object, s, s.XEmbeddedResource)
	}
	pruneDefaults(s.Items)
	if s.AdditionalProperties != nil {
		pruneDefaults(s.AdditionalProperties.Structural)
	}
	for name, property := range s.Properties {
		pruneDefaults(&property)
		s.Properties[name] = property
	}
}

// validateDefaults holds every default to the schema it belongs to.
func validateDefaults(s *structuralschema.Structural, path *field.Path) field.ErrorList {
	if s == nil {
		return nil
	}
	var errs field.ErrorList
	if s.Default.Object != nil {
		errs = append(errs, validateDefault(s, path.Child("default"))...)
	}
	errs = append(errs, validateDefaults(s.Items, path.Child("items"))...)
	for _, name := range sortedKeys(s.Properties) {
		property := s.Properties[name]
		errs = append(errs, validateDefaults(&property, path.Child("properties").Key(name))...)
	}
	return errs
}

func validateDefault(s *structuralschema.Structural, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	value := runtime.DeepCopyJSONValue(s.Default.Object)
	pruning.Prune(value, s, s.XEmbeddedResource)
	if !reflect.DeepEqual(value, s.Default.Object) {
		errs = append(errs, field.Invalid(path, s.Default.Object, "must not have unknown fields"))
	}
	c := coercer{}
	if err := c.coerce(path, value, s); err != nil {
		return append(errs, field.Invalid(path, s.Default.Object, err.Error()))
	}
	if faults := validateEmbedded(path, s.Default.Object, s); len(faults) > 0 {
		return append(errs, faults...)
	}
	return append(errs, valueErrors(path, newValidator(valueSchema(s)).Validate(s.Default.Object))...)
}
