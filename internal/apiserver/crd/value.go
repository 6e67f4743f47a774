package crd

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	openapierrors "k8s.io/kube-openapi/pkg/validation/errors"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/validate"
)

// Validate returns the causes for which a new object is refused. The object's own metadata is not looked at: its rules
// are those of every kind and the caller's.
func (v *Version) Validate(obj map[string]any) field.ErrorList {
	if errs := v.validateType(obj); len(errs) > 0 {
		return errs
	}
	errs := valueErrors(nil, newValidator(v.values).Validate(obj))
	errs = append(errs, v.validateScale(obj, true)...)
	errs = append(errs, validateEmbedded(nil, obj, v.structural)...)
	return v.holdToRules(append(errs, listtype.ValidateListSetsAndMaps(nil, v.structural, obj)...), obj, nil)
}

// ValidateUpdate is [Version.Validate] for a replacement of old. A fault in a value that old has too, at a place that can be
// identified (a field, or an item of a list map), is let pass: an object that a later schema refuses can still be changed
// elsewhere (KEP-4008).
func (v *Version) ValidateUpdate(obj, old map[string]any) field.ErrorList {
	if errs := v.validateType(obj); len(errs) > 0 {
		return errs
	}
	errs := valueErrors(nil, (&ratchet{schema: v.values, new: obj, old: old}).Validate(obj))
	errs = append(errs, v.validateScale(obj, true)...)
	errs = append(errs, validateEmbedded(nil, obj, v.structural)...)
	return v.holdToRules(append(errs, v.validateLists(obj, old)...), obj, old)
}

// ValidateStatus is [Version.ValidateUpdate] for a write of the status subresource: only status is looked at.
func (v *Version) ValidateStatus(obj, old map[string]any) field.ErrorList {
	if errs := v.validateType(obj); len(errs) > 0 {
		return errs
	}
	var errs field.ErrorList
	if status, ok := obj["status"]; ok {
		if s, ok := v.values.Properties["status"]; ok {
			r := &ratchet{schema: &s, new: status, old: old["status"]}
			errs = append(errs, valueErrors(field.NewPath("status"), r.Validate(status))...)
		}
	}
	errs = append(errs, v.validateScale(obj, false)...)
	return v.holdToRules(append(errs, v.validateLists(obj, old)...), obj, old)
}

// holdToRules adds what the rules of the schema refuse. They are not looked at when an object is too broken for them.
func (v *Version) holdToRules(errs field.ErrorList, obj, old map[string]any) field.ErrorList {
	if !v.hasRules {
		return errs
	}
	blocking := []field.ErrorType{
		field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid,
	}
	if slices.ContainsFunc(errs, func(e *field.Error) bool { return slices.Contains(blocking, e.Type) }) {
		return append(errs, field.Invalid(nil, nil, "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"))
	}
	if rules := v.rules(); rules != nil {
		errs = append(errs, rules.evaluate(obj, old)...)
	}
	return errs
}

// validateLists lets duplicates stay that were there before.
func (v *Version) validateLists(obj, old map[string]any) field.ErrorList {
	errs := listtype.ValidateListSetsAndMaps(nil, v.structural, obj)
	if len(errs) > 0 && len(listtype.ValidateListSetsAndMaps(nil, v.structural, old)) > 0 {
		return nil
	}
	return errs
}

func (v *Version) validateType(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	if kind, _ := obj["kind"].(string); kind != v.of.Names.Kind {
		errs = append(errs, field.Invalid(field.NewPath("kind"), kind, "must be "+v.of.Names.Kind))
	}
	if got, want := obj["apiVersion"], v.of.Group+"/"+v.Name; got != want {
		errs = append(errs, field.Invalid(field.NewPath("apiVersion"), got, "must be "+want))
	}
	return errs
}

// validateScale holds the values that the scale subresource reads to being numbers of replicas.
func (v *Version) validateScale(obj map[string]any, withSpec bool) field.ErrorList {
	if v.Scale == nil {
		return nil
	}
	var errs field.ErrorList
	replicas := func(path string) {
		n, _, err := unstructured.NestedInt64(obj, strings.Split(trimPeriod(path), ".")...)
		switch at := field.NewPath(path); {
		case err != nil:
			errs = append(errs, field.Invalid(at, n, err.Error()))
		case n < 0:
			errs = append(errs, field.Invalid(at, n, "should be a non-negative integer"))
		case n > math.MaxInt32:
			errs = append(errs, field.Invalid(at, n, fmt.Sprintf("should be less than or equal to %v", math.MaxInt32)))
		}
	}
	if withSpec {
		replicas(v.Scale.SpecReplicasPath)
	}
	replicas(v.Scale.StatusReplicasPath)
	if path := v.Scale.LabelSelectorPath; path != nil {
		if s, _, err := unstructured.NestedString(obj, strings.Split(trimPeriod(*path), ".")...); err != nil {
			errs = append(errs, field.Invalid(field.NewPath(*path), s, err.Error()))
		}
	}
	return errs
}

// valueSchema turns a structural schema into the form that the validator reads, without the formats that a server ignores.
func valueSchema(s *structuralschema.Structural) *spec.Schema {
	out := s.ToKubeOpenAPI()
	prepareValues(out)
	return out
}

func prepareValues(s *spec.Schema) {
	if s == nil {
		return
	}
	if either, ok := s.Extensions.GetBool("x-kubernetes-int-or-string"); ok && either {
		s.Type = spec.StringOrArray{"integer", "string"}
	}
	kind := ""
	if len(s.Type) == 1 {
		kind = s.Type[0]
	}
	if s.Format != "" && (len(s.Type) > 1 || !knownFormat(kind, s.Format)) {
		s.Format = ""
	}
	for name, property := range s.Properties {
		prepareValues(&property)
		s.Properties[name] = property
	}
	if s.Items != nil {
		prepareValues(s.Items.Schema)
	}
	if s.AdditionalProperties != nil {
		prepareValues(s.AdditionalProperties.Schema)
	}
	for _, group := range [][]spec.Schema{s.AllOf, s.AnyOf, s.OneOf} {
		for i := range group {
			prepareValues(&group[i])
		}
	}
	prepareValues(s.Not)
}

// stringFormats are those that the server checks on strings, hyphens left out.
var stringFormats = strings.Fields(`bsonobjectid uri email hostname ipv4 ipv6 cidr mac uuid uuid3 uuid4 uuid5 isbn isbn10 isbn13
	creditcard ssn hexcolor rgbcolor byte password date duration datetime k8sshortname k8slongname`)

// knownFormat reports whether the server looks at a format in a schema of that type.
func knownFormat(kind, format string) bool {
	switch kind {
	case "", "string":
		return slices.Contains(stringFormats, strings.ReplaceAll(format, "-", ""))
	case "integer":
		return format == "int32" || format == "int64"
	case "number":
		return format == "float" || format == "double"
	default:
		return false
	}
}

// valueErrors words the validator's findings as the server does.
func valueErrors(at *field.Path, result *validate.Result) field.ErrorList {
	var errs field.ErrorList
	for _, err := range result.Errors {
		fault, ok := err.(*openapierrors.Validation)
		if !ok {
			errs = append(errs, field.Invalid(at, "", err.Error()))
			continue
		}
		where := at
		if fault.Name != "" && fault.Name != "." {
			where = where.Child(strings.TrimPrefix(fault.Name, "."))
		}
		number := func(x any) int {
			if n, ok := x.(int64); ok {
				return int(n)
			}
			return -1
		}
		value := fault.Value
		if value == nil {
			value = ""
		}
		switch fault.Code() {
		case openapierrors.RequiredFailCode:
			errs = append(errs, field.Required(where, ""))
		case openapierrors.EnumFailCode:
			allowed := []string{}
			for _, v := range fault.Values {
				s, ok := v.(string)
				if !ok {
					raw, _ := json.Marshal(v)
					s = string(raw)
				}
				allowed = append(allowed, s)
			}
			errs = append(errs, field.NotSupported(where, fault.Value, allowed))
		case openapierrors.TooLongFailCode:
			errs = append(errs, field.TooLong(where, "", number(fault.Valid)))
		case openapierrors.MaxItemsFailCode, openapierrors.TooManyPropertiesCode:
			errs = append(errs, field.TooMany(where, number(fault.Value), number(fault.Valid)))
		case openapierrors.InvalidTypeCode:
			errs = append(errs, field.TypeInvalid(where, value, fault.Error()))
		default:
			errs = append(errs, field.Invalid(where, value, fault.Error()))
		}
	}
	return errs
}
