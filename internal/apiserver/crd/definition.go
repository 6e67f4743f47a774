package crd

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// Definition is what a CustomResourceDefinition declares, ready to serve.
type Definition struct {
	// Name is that of the CustomResourceDefinition, such as "widgets.example.com".
	Name string
	// Group is the API group of every version.
	Group string
	// Names are the accepted names, or the requested ones of a definition whose names nobody has judged yet.
	Names      apiextensionsv1.CustomResourceDefinitionNames
	Namespaced bool
	// Versions are in the order of the definition, served or not.
	Versions []*Version
	// Webhook says that conversion between versions needs a webhook, or [Options.Convert].
	Webhook bool

	convert Convert
}

// Version is one version of the kind. Its methods never keep or change what they are given unless they say so.
type Version struct {
	// Name is the version, such as "v1alpha1".
	Name            string
	Served, Storage bool
	// Warning is sent with every answer of a deprecated version, empty for others.
	Warning string
	// Status says that the status subresource exists: status is then written through it alone.
	Status bool
	// Scale holds the paths of the scale subresource, nil without one.
	Scale *apiextensionsv1.CustomResourceSubresourceScale
	// Columns are those that a Table shows after the name.
	Columns []apiextensionsv1.CustomResourceColumnDefinition
	// Selectable are the JSON paths, without the leading period, that a field selector may name besides metadata.
	Selectable []string

	of         *Definition
	structural *structuralschema.Structural
	values     *spec.Schema     // what values must satisfy
	hasRules   bool             // the schema has CEL rules, enforced or not
	rules      func() *ruleTree // nil result without rules that are enforced
}

// Version returns the version of that name, or nil.
func (d *Definition) Version(name string) *Version {
	i := slices.IndexFunc(d.Versions, func(v *Version) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return d.Versions[i]
}

// Storage returns the version in which objects are stored.
func (d *Definition) Storage() *Version {
	i := slices.IndexFunc(d.Versions, func(v *Version) bool { return v.Storage })
	if i < 0 {
		return nil
	}
	return d.Versions[i]
}

// Compile prepares a definition for serving. It expects one that [Validate] has accepted with the same options and errs on a
// schema that is not structural.
func Compile(obj *unstructured.Unstructured, opts Options) (*Definition, error) {
	in, err := parse(obj)
	if err != nil {
		return nil, err
	}
	names := in.Spec.Names
	if in.Status.AcceptedNames.Plural != "" {
		names = in.Status.AcceptedNames
	}
	d := &Definition{
		Name: in.Name, Group: in.Spec.Group, Names: names,
		Namespaced: in.Spec.Scope == apiextensionsv1.NamespaceScoped,
		Webhook:    in.Spec.Conversion != nil && in.Spec.Conversion.Strategy == apiextensionsv1.WebhookConverter,
		convert:    opts.Convert[schema.GroupKind{Group: in.Spec.Group, Kind: names.Kind}],
	}
	for i := range in.Spec.Versions {
		v, err := compileVersion(d, &in.Spec.Versions[i], opts)
		if err != nil {
			return nil, fmt.Errorf("definition %s: version %s: %w", in.Name, in.Spec.Versions[i].Name, err)
		}
		d.Versions = append(d.Versions, v)
	}
	return d, nil
}

func compileVersion(d *Definition, in *apiextensionsv1.CustomResourceDefinitionVersion, opts Options) (*Version, error) {
	v := &Version{
		Name: in.Name, Served: in.Served, Storage: in.Storage, Columns: in.AdditionalPrinterColumns, of: d,
	}
	if in.Deprecated {
		v.Warning = fmt.Sprintf("%s/%s %s is deprecated", d.Group, in.Name, d.Names.Kind)
		if in.DeprecationWarning != nil {
			v.Warning = *in.DeprecationWarning
		}
	}
	if sub := in.Subresources; sub != nil {
		v.Status, v.Scale = sub.Status != nil, sub.Scale
	}
	for _, f := range in.SelectableFields {
		v.Selectable = append(v.Selectable, trimPeriod(f.JSONPath))
	}
	if len(v.Columns) == 0 { // the server's choice for a definition that names none
		v.Columns = []apiextensionsv1.CustomResourceColumnDefinition{{Name: "Age", Type: "date", JSONPath: ".metadata.creationTimestamp"}}
	}

	if in.Schema == nil || in.Schema.OpenAPIV3Schema == nil {
		return nil, fmt.Errorf("no schema")
	}
	props := &apiextensions.JSONSchemaProps{}
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(in.Schema.OpenAPIV3Schema, props, nil); err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(props)
	if err != nil {
		return nil, err
	}
	// A default may name fields that the schema does not have; the server drops them when it starts to serve.
	pruneDefaults(structural)
	v.structural = structural
	v.values = valueSchema(structural)
	eachNode(v.Name, in.Schema.OpenAPIV3Schema, func(_, _ string, s *apiextensionsv1.JSONSchemaProps) {
		v.hasRules = v.hasRules || len(s.XValidations) > 0
	})
	v.rules = sync.OnceValue(func() *ruleTree {
		if !v.hasRules || opts.Rules == nil {
			return nil
		}
		root := in.Schema.OpenAPIV3Schema
		return newRuleTree(opts.Rules, root, root, v.values, true)
	})
	return v, nil
}

// parse reads the object as apiextensions.k8s.io/v1.
func parse(obj *unstructured.Unstructured) (*apiextensionsv1.CustomResourceDefinition, error) {
	raw, err := json.Marshal(obj.Object)
	if err != nil {
		return nil, fmt.Errorf("definition %s: %w", obj.GetName(), err)
	}
	out := &apiextensionsv1.CustomResourceDefinition{}
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, fmt.Errorf("definition %s: %w", obj.GetName(), err)
	}
	return out, nil
}

// parseNames reads what concerns names and conditions, and leaves the versions with their large schemas out.
func parseNames(obj *unstructured.Unstructured) (*apiextensionsv1.CustomResourceDefinition, error) {
	spec, _ := obj.Object["spec"].(map[string]any)
	return parse(&unstructured.Unstructured{Object: map[string]any{
		"metadata": map[string]any{"name": obj.GetName()},
		"spec":     map[string]any{"group": spec["group"], "names": spec["names"]},
		"status":   obj.Object["status"],
	}})
}

// Established reports whether the server serves the kinds of a CustomResourceDefinition object.
func Established(obj *unstructured.Unstructured) bool {
	in, err := parseNames(obj)
	return err == nil && apihelpers.IsCRDConditionTrue(in, apiextensionsv1.Established)
}
