package crd

import (
	"fmt"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/sets"
)

// RuleAt is a CEL rule of a definition.
type RuleAt struct {
	// Version and Path say where it is: "v1", ".spec.replicas". Items of a list are "[*]", values of a map ".*".
	Version, Path string
	// Text is the expression.
	Text string
}

// RulesOf lists the CEL rules of a definition in the order of version and path.
func RulesOf(obj *unstructured.Unstructured) []RuleAt {
	in, err := parse(obj)
	if err != nil {
		return nil
	}
	var all []RuleAt
	eachNodeOf(in, func(version, path string, s *apiextensionsv1.JSONSchemaProps) {
		for _, r := range s.XValidations {
			all = append(all, RuleAt{Version: version, Path: path, Text: r.Rule})
		}
	})
	return all
}

// Warnings returns what the server tells a client that writes a definition, beside errors: formats it does not know, sets of
// structures, and the CEL rules that it will not enforce because opts ignore them. Of what old, which may be nil, had already,
// only the rules are named again.
func Warnings(obj, old *unstructured.Unstructured, opts Options) []string {
	all := warnings(obj)
	if old != nil {
		before := warnings(old)
		all = slices.DeleteFunc(all, func(w string) bool { return slices.Contains(before, w) })
	}
	if rules := RulesOf(obj); len(rules) > 0 && opts.Rules == nil {
		const most = 5
		var places []string
		for _, r := range rules[:min(most, len(rules))] {
			places = append(places, r.Version+" "+r.Path)
		}
		if len(rules) > most {
			places = append(places, fmt.Sprintf("and %d more", len(rules)-most))
		}
		all = append(all, fmt.Sprintf("%d x-kubernetes-validations rules of %s are not evaluated by this server: %s",
			len(rules), obj.GetName(), strings.Join(places, ", ")))
	}
	return all
}

func warnings(obj *unstructured.Unstructured) []string {
	in, err := parse(obj)
	if err != nil {
		return nil
	}
	var formats []string
	sequences := sets.New[string]()
	eachNodeOf(in, func(_, _ string, s *apiextensionsv1.JSONSchemaProps) {
		if s.Format != "" && !knownFormat(s.Type, s.Format) {
			formats = append(formats, fmt.Sprintf("unrecognized format %q", s.Format))
		}
		if s.XListType != nil && *s.XListType == "set" && s.Items != nil && s.Items.Schema != nil {
			if kind := s.Items.Schema.Type; kind == "object" || kind == "array" {
				sequences.Insert(fmt.Sprintf("x-kubernetes-list-type: set for items of type %q is not supported by server-side apply or CEL validation rules", kind))
			}
		}
	})
	return append(formats, sets.List(sequences)...)
}

func eachNodeOf(in *apiextensionsv1.CustomResourceDefinition, visit func(version, path string, s *apiextensionsv1.JSONSchemaProps)) {
	for i := range in.Spec.Versions {
		if v := &in.Spec.Versions[i]; v.Schema != nil {
			eachNode(v.Name, v.Schema.OpenAPIV3Schema, visit)
		}
	}
}

// eachNode visits every node of a version's schema, parents first.
func eachNode(version string, root *apiextensionsv1.JSONSchemaProps, visit func(version, path string, s *apiextensionsv1.JSONSchemaProps)) {
	var walk func(path string, s *apiextensionsv1.JSONSchemaProps)
	walk = func(path string, s *apiextensionsv1.JSONSchemaProps) {
		if s == nil {
			return
		}
		visit(version, path, s)
		if s.Items != nil {
			walk(path+"[*]", s.Items.Schema)
		}
		for _, group := range [][]apiextensionsv1.JSONSchemaProps{s.AllOf, s.AnyOf, s.OneOf} {
			for i := range group {
				walk(path, &group[i])
			}
		}
		walk(path, s.Not)
		for _, name := range sortedKeys(s.Properties) {
			property := s.Properties[name]
			walk(path+"."+name, &property)
		}
		if s.AdditionalProperties != nil {
			walk(path+".*", s.AdditionalProperties.Schema)
		}
	}
	walk("", root)
}
