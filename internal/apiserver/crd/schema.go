package crd

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// rootFields are those that the root of a schema may have beside the status subresource: the server validates a status write
// against properties["status"] alone, so nothing at the root may say something about status.
var rootFields = []string{
	"Description", "Type", "Format", "Title", "Maximum", "ExclusiveMaximum", "Minimum", "ExclusiveMinimum", "MaxLength", "MinLength",
	"Pattern", "MaxItems", "MinItems", "UniqueItems", "MultipleOf", "Required", "Items", "Properties", "ExternalDocs", "Example",
	"XPreserveUnknownFields", "XValidations",
}

// validateSchema checks one OpenAPI schema: that the server understands all of it, that it is structural, and that its
// defaults satisfy it.
func validateSchema(in *apiextensions.CustomResourceValidation, status bool, opts Options, path *field.Path) field.ErrorList {
	if in == nil || in.OpenAPIV3Schema == nil {
		return nil
	}
	root, path := in.OpenAPIV3Schema, path.Child("openAPIV3Schema")
	var errs field.ErrorList
	if status {
		errs = append(errs, validateRoot(root, path)...)
	}
	if root.Nullable {
		errs = append(errs, field.Forbidden(path.Child("nullable"), "nullable cannot be true at the root"))
	}

	structural, err := structuralschema.NewStructural(root)
	var late field.ErrorList
	if err != nil {
		// The walk below says the same with a place, unless it knows nothing of it.
		late = field.ErrorList{field.Invalid(path, "", err.Error())}
	} else if faults := structuralschema.ValidateStructural(path, structural); len(faults) > 0 {
		errs = append(errs, faults...)
	} else {
		errs = append(errs, validateDefaults(structural, path)...)
	}
	errs = append(errs, (&schemaWalk{}).walk(root, path, place{root: true})...)
	switch {
	case len(errs) > 0:
	case len(late) > 0:
		errs = late
	case opts.Rules != nil || !opts.IgnoreRules:
		errs = checkRules(root, opts.Rules, path)
	}
	return errs
}

func validateRoot(root *apiextensions.JSONSchemaProps, path *field.Path) field.ErrorList {
	v := reflect.ValueOf(root).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch {
		case v.Field(i).IsZero():
		case name == "Type" && root.Type != "object":
			return field.ErrorList{field.Invalid(path.Child("type"), root.Type,
				`only "object" is allowed as the type at the root of the schema if the status subresource is enabled`)}
		case !slices.Contains(rootFields, name):
			return field.ErrorList{field.Invalid(path, *root,
				fmt.Sprintf("only %v fields are allowed at the root of the schema if the status subresource is enabled", rootFields))}
		}
	}
	return nil
}

// place is what a node's rules need to know about where it is.
type place struct {
	root      bool
	meta      bool   // inside apiVersion, kind or metadata of the object or of an embedded one
	noDefault string // why a default is forbidden here, empty where it is not
}

type schemaWalk struct{}

var schemaTypes = []string{"array", "boolean", "integer", "number", "object", "string"}

func (w *schemaWalk) walk(s *apiextensions.JSONSchemaProps, path *field.Path, at place) field.ErrorList {
	if s == nil {
		return nil
	}
	errs := unsupported(s, path, at)
	if s.UniqueItems {
		errs = append(errs, field.Forbidden(path.Child("uniqueItems"), "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"))
	}

	below := place{meta: at.meta, noDefault: at.noDefault}
	if extra := s.AdditionalProperties; extra != nil {
		if len(s.Properties) > 0 && (!extra.Allows || extra.Schema != nil) {
			errs = append(errs, field.Forbidden(path.Child("additionalProperties"), "additionalProperties and properties are mutual exclusive"))
		}
		inside := below
		if at.meta {
			inside.noDefault = "inside additionalProperties applying to object metadata"
		}
		errs = append(errs, w.walk(extra.Schema, path.Child("additionalProperties"), inside)...)
	}
	for _, name := range sortedKeys(s.Properties) {
		inside, property := below, s.Properties[name]
		if (at.root || s.XEmbeddedResource) && (name == "metadata" || name == "kind" || name == "apiVersion") {
			inside.meta = true
			if at.root {
				inside.noDefault = "in top-level " + name
			}
		}
		errs = append(errs, w.walk(&property, path.Child("properties").Key(name), inside)...)
	}
	errs = append(errs, w.walk(s.Not, path.Child("not"), below)...)
	for _, of := range []struct {
		name string
		all  []apiextensions.JSONSchemaProps
	}{{"allOf", s.AllOf}, {"oneOf", s.OneOf}, {"anyOf", s.AnyOf}} {
		for i := range of.all {
			errs = append(errs, w.walk(&of.all[i], path.Child(of.name).Index(i), below)...)
		}
	}
	if s.Items != nil {
		errs = append(errs, w.walk(s.Items.Schema, path.Child("items"), below)...)
	}
	errs = append(errs, extensions(s, path)...)
	return append(errs, w.rules(s, path)...)
}

// unsupported refuses what JSON schema knows and structural schemas do not.
func unsupported(s *apiextensions.JSONSchemaProps, path *field.Path, at place) field.ErrorList {
	var errs field.ErrorList
	if s.Type != "" && !slices.Contains(schemaTypes, s.Type) {
		errs = append(errs, field.NotSupported(path.Child("type"), s.Type, schemaTypes))
	}
	if s.Default != nil && at.noDefault != "" {
		errs = append(errs, field.Forbidden(path.Child("default"), "must not be set "+at.noDefault))
	}
	for _, f := range []struct {
		name, detail string
		set          bool
	}{
		{"id", "id is not supported", s.ID != ""},
		{"additionalItems", "additionalItems is not supported", s.AdditionalItems != nil},
		{"patternProperties", "patternProperties is not supported", len(s.PatternProperties) > 0},
		{"definitions", "definitions is not supported", len(s.Definitions) > 0},
		{"dependencies", "dependencies is not supported", s.Dependencies != nil},
		{"$ref", "$ref is not supported", s.Ref != nil},
		{"type", "type cannot be set to null, use nullable as an alternative", s.Type == "null"},
		{"items", "items must be a schema object and not an array", s.Items != nil && len(s.Items.JSONSchemas) > 0},
		{"x-kubernetes-embedded-resource", "must not be used inside of resource meta", at.meta && s.XEmbeddedResource},
	} {
		if f.set {
			errs = append(errs, field.Forbidden(path.Child(f.name), f.detail))
		}
	}
	return errs
}

// extensions checks the x-kubernetes- fields of one node against the rest of it.
func extensions(s *apiextensions.JSONSchemaProps, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if keep := s.XPreserveUnknownFields; keep != nil && !*keep {
		errs = append(errs, field.Invalid(path.Child("x-kubernetes-preserve-unknown-fields"), *keep, "must be true or undefined"))
	}
	needs := func(extension, kind string) {
		detail := fmt.Sprintf("must be %s if %s is specified", kind, extension)
		switch s.Type {
		case kind:
		case "":
			errs = append(errs, field.Required(path.Child("type"), detail))
		default:
			errs = append(errs, field.Invalid(path.Child("type"), s.Type, detail))
		}
	}
	if s.XMapType != nil {
		needs("x-kubernetes-map-type", "object")
		if allowed := []string{"atomic", "granular"}; !slices.Contains(allowed, *s.XMapType) {
			errs = append(errs, field.NotSupported(path.Child("x-kubernetes-map-type"), *s.XMapType, allowed))
		}
	}
	kind := ""
	if s.XListType != nil {
		kind = *s.XListType
		needs("x-kubernetes-list-type", "array")
		if allowed := []string{"atomic", "set", "map"}; !slices.Contains(allowed, kind) {
			errs = append(errs, field.NotSupported(path.Child("x-kubernetes-list-type"), kind, allowed))
		}
	}
	if len(s.XListMapKeys) > 0 && kind != "map" {
		const detail = "must be map if x-kubernetes-list-map-keys is non-empty"
		if s.XListType == nil {
			errs = append(errs, field.Required(path.Child("x-kubernetes-list-type"), detail))
		} else {
			errs = append(errs, field.Invalid(path.Child("x-kubernetes-list-type"), kind, detail))
		}
	}
	var items *apiextensions.JSONSchemaProps
	if s.Items != nil {
		items = s.Items.Schema
	}
	switch kind {
	case "set":
		errs = append(errs, validateSet(items, path.Child("items"))...)
	case "map":
		errs = append(errs, validateListMap(s, items, path)...)
	}
	return errs
}

func validateSet(items *apiextensions.JSONSchemaProps, path *field.Path) field.ErrorList {
	if items == nil {
		return nil
	}
	var errs field.ErrorList
	const detail = "must be atomic as item of a list with x-kubernetes-list-type=set"
	if items.Type == "array" && items.XListType != nil && *items.XListType != "atomic" {
		errs = append(errs, field.Invalid(path.Child("x-kubernetes-list-type"), items.XListType, detail))
	}
	if items.Type == "object" && (items.XMapType == nil || *items.XMapType != "atomic") {
		errs = append(errs, field.Invalid(path.Child("x-kubernetes-map-type"), items.XListType, detail))
	}
	if items.Nullable {
		errs = append(errs, field.Forbidden(path.Child("nullable"), "cannot be nullable when x-kubernetes-list-type is set"))
	}
	return errs
}

func validateListMap(s, items *apiextensions.JSONSchemaProps, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	keys := path.Child("x-kubernetes-list-map-keys")
	if len(s.XListMapKeys) == 0 {
		errs = append(errs, field.Required(keys, "must not be empty if x-kubernetes-list-type is map"))
	}
	if items == nil {
		if s.Items == nil {
			errs = append(errs, field.Required(path.Child("items"), "must have a schema if x-kubernetes-list-type is map"))
		}
		return errs
	}
	path = path.Child("items")
	if items.Type != "object" {
		errs = append(errs, field.Invalid(path.Child("type"), items.Type, "must be object if parent array's x-kubernetes-list-type is map"))
	}
	if items.Nullable {
		errs = append(errs, field.Forbidden(path.Child("nullable"), "cannot be nullable when x-kubernetes-list-type is map"))
	}
	seen := map[string]bool{}
	for _, name := range s.XListMapKeys {
		key, ok := items.Properties[name]
		at := path.Child("properties").Key(name)
		if !ok && items.Type == "object" {
			errs = append(errs, field.Invalid(keys, s.XListMapKeys, "entries must all be names of item properties"))
		}
		if seen[name] {
			errs = append(errs, field.Invalid(keys, s.XListMapKeys, "must not contain duplicate entries"))
		}
		seen[name] = true
		if !ok {
			continue
		}
		if key.Type == "array" || key.Type == "object" {
			errs = append(errs, field.Invalid(at.Child("type"), items.Type, "must be a scalar type if parent array's x-kubernetes-list-type is map"))
		}
		if !slices.Contains(items.Required, name) && key.Default == nil {
			errs = append(errs, field.Required(at.Child("default"), "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"))
		}
		if key.Nullable {
			errs = append(errs, field.Forbidden(at.Child("nullable"), "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"))
		}
	}
	return errs
}

// rules checks the form of the CEL rules at one node.
func (w *schemaWalk) rules(s *apiextensions.JSONSchemaProps, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, rule := range s.XValidations {
		at := path.Child("x-kubernetes-validations").Index(i)
		text, message := strings.TrimSpace(rule.Rule), strings.TrimSpace(rule.Message)
		switch {
		case text == "":
			errs = append(errs, field.Required(at.Child("rule"), "rule is not specified"))
		case rule.Message != "" && message == "":
			errs = append(errs, field.Invalid(at.Child("message"), rule.Message, "must be non-empty if specified"))
		case strings.ContainsAny(message, "\r\n"):
			errs = append(errs, field.Invalid(at.Child("message"), rule.Message, "must not contain line breaks"))
		case strings.ContainsAny(text, "\r\n") && message == "":
			errs = append(errs, field.Required(at.Child("message"), "message must be specified if rule contains line breaks"))
		}
		if rule.MessageExpression != "" && strings.TrimSpace(rule.MessageExpression) == "" {
			errs = append(errs, field.Required(at.Child("messageExpression"), "messageExpression must be non-empty if specified"))
		}
		if rule.Reason != nil && !slices.Contains(ruleReasons, string(*rule.Reason)) {
			errs = append(errs, field.NotSupported(at.Child("reason"), *rule.Reason, ruleReasons))
		}
		if rule.FieldPath == "" {
			continue
		}
		if strings.TrimSpace(rule.FieldPath) == "" {
			errs = append(errs, field.Invalid(at.Child("fieldPath"), rule.FieldPath, "must be non-empty if specified"))
		}
		if strings.ContainsAny(rule.FieldPath, "\r\n") {
			errs = append(errs, field.Invalid(at.Child("fieldPath"), rule.FieldPath, "must not contain line breaks"))
		}
		props := &apiextensionsv1.JSONSchemaProps{}
		if err := apiextensionsv1.Convert_apiextensions_JSONSchemaProps_To_v1_JSONSchemaProps(s, props, nil); err == nil {
			if _, err := followFieldPath(props, rule.FieldPath); err != nil {
				errs = append(errs, field.Invalid(at.Child("fieldPath"), rule.FieldPath, "must be a valid path"))
			}
		}
	}
	return errs
}

var ruleReasons = []string{
	string(apiextensionsv1.FieldValueRequired), string(apiextensionsv1.FieldValueForbidden),
	string(apiextensionsv1.FieldValueInvalid), string(apiextensionsv1.FieldValueDuplicate),
}
