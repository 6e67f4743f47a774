package crd

import (
	"reflect"
	"slices"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
)

func newValidator(s *spec.Schema, options ...validate.Option) *validate.SchemaValidator {
	return validate.NewSchemaValidator(s, nil, "", strfmt.Default, options...)
}

// ratchet validates a value next to the one it replaces. It follows the validator's descent for as long as it can tell which
// old value a new one replaces, and turns the faults of a value that has not changed into warnings.
type ratchet struct {
	schema   *spec.Schema
	root     any
	path     string
	new, old any
}

var _ validate.ValueValidator = (*ratchet)(nil)

func (r *ratchet) Validate(any) *validate.Result {
	result := validate.NewSchemaValidator(r.schema, r.root, r.path, strfmt.Default, func(o *validate.SchemaValidatorOptions) {
		o.NewValidatorForField = r.field
		o.NewValidatorForIndex = r.index
	}).Validate(r.new)
	if !result.IsValid() && r.unchanged() {
		passed := &validate.Result{}
		passed.MergeAsWarnings(result)
		return passed
	}
	return result
}

// unchanged compares list maps without regard to the order of their items.
func (r *ratchet) unchanged() bool { return sameValue(r.schema, r.new, r.old) }

func sameValue(s *spec.Schema, a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, value := range a {
			before, found := b[name]
			if !found || !sameValue(propertyOf(s, name), value, before) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		keys := listMapKeys(s)
		if keys == nil {
			return reflect.DeepEqual(a, b)
		}
		for _, item := range a {
			before, found := itemLike(b, item, keys)
			if !found || !sameValue(s.Items.Schema, item, before) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(any(a), b)
	}
}

func (r *ratchet) field(name string, s *spec.Schema, root any, path string, formats strfmt.Registry, options ...validate.Option) validate.ValueValidator {
	now, ok := r.new.(map[string]any)
	before, wasMap := r.old.(map[string]any)
	_, has := now[name]
	value, had := before[name]
	// A change of apiVersion cannot be seen, since both sides have been converted to the same one.
	if !ok || !wasMap || !has || !had || propertyOf(r.schema, name) == nil || (r.path == "" && (name == "kind" || name == "apiVersion")) {
		return validate.NewSchemaValidator(s, root, path, formats, options...)
	}
	return &ratchet{schema: s, root: root, path: path, new: now[name], old: value}
}

func (r *ratchet) index(i int, s *spec.Schema, root any, path string, formats strfmt.Registry, options ...validate.Option) validate.ValueValidator {
	now, ok := r.new.([]any)
	before, wasList := r.old.([]any)
	if keys := listMapKeys(r.schema); ok && wasList && keys != nil && i < len(now) {
		if value, found := itemLike(before, now[i], keys); found {
			return &ratchet{schema: s, root: root, path: path, new: now[i], old: value}
		}
	}
	return validate.NewSchemaValidator(s, root, path, formats, options...)
}

// SetPath and Applies complete the validator's interface; it calls neither for validators made by its options.
func (r *ratchet) SetPath(string)                 {}
func (r *ratchet) Applies(any, reflect.Kind) bool { return true }

func propertyOf(s *spec.Schema, name string) *spec.Schema {
	if s == nil {
		return nil
	}
	if own, ok := s.Properties[name]; ok {
		return &own
	}
	if s.AdditionalProperties != nil {
		return s.AdditionalProperties.Schema
	}
	return nil
}

// listMapKeys returns the keys of a list map, nil for any other schema.
func listMapKeys(s *spec.Schema) []string {
	if s == nil || s.Items == nil {
		return nil
	}
	if kind, _ := s.Extensions.GetString("x-kubernetes-list-type"); kind != "map" {
		return nil
	}
	keys, _ := s.Extensions["x-kubernetes-list-map-keys"].([]string)
	return keys
}

// itemLike finds the item with the same keys.
func itemLike(list []any, item any, keys []string) (any, bool) {
	want, ok := item.(map[string]any)
	if !ok {
		return nil, false
	}
	i := slices.IndexFunc(list, func(other any) bool {
		have, ok := other.(map[string]any)
		return ok && !slices.ContainsFunc(keys, func(k string) bool { return !reflect.DeepEqual(want[k], have[k]) })
	})
	if i < 0 {
		return nil, false
	}
	return list[i], true
}
