package schema

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kube-openapi/pkg/schemaconv"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/structured-merge-diff/v4/typed"
)

// openAPI is the part of an OpenAPI v3 document that says what kinds look like.
type openAPI struct {
	Components struct {
		Schemas map[string]*spec.Schema `json:"schemas"`
	} `json:"components"`
	Paths map[string]struct {
		Put *struct {
			GVK schema.GroupVersionKind `json:"x-kubernetes-group-version-kind"`
		} `json:"put"`
	} `json:"paths"`
}

// parse reads the kinds of one document.
func parse(doc []byte) (map[schema.GroupVersionKind]*Kind, error) {
	var d openAPI
	if err := json.Unmarshal(doc, &d); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	hasStatus := map[schema.GroupVersionKind]bool{}
	for name, item := range d.Paths {
		if item.Put != nil && strings.HasSuffix(name, "/{name}/status") {
			hasStatus[item.Put.GVK] = true
		}
	}
	return kinds(d.Components.Schemas, hasStatus)
}

// kinds converts the definitions that name the kinds they are for.
func kinds(definitions map[string]*spec.Schema, hasStatus map[schema.GroupVersionKind]bool) (map[schema.GroupVersionKind]*Kind, error) {
	six, err := schemaconv.ToSchemaFromOpenAPI(definitions, false)
	if err != nil {
		return nil, fmt.Errorf("convert the OpenAPI document: %w", err)
	}
	four := convert(six)
	out := map[schema.GroupVersionKind]*Kind{}
	for name, definition := range definitions {
		var gvks []schema.GroupVersionKind
		if err := definition.Extensions.GetObject("x-kubernetes-group-version-kind", &gvks); err != nil {
			return nil, fmt.Errorf("definition %s: %w", name, err)
		}
		for _, gvk := range gvks {
			k := &Kind{
				GVK:         gvk,
				Type:        typed.ParseableType{Schema: four},
				HasStatus:   hasStatus[gvk],
				definitions: definitions,
				definition:  definition,
			}
			k.Type.TypeRef.NamedType = &name
			switch {
			case table().has(name):
				k.origin, k.model = native, name
			case custom(definition):
				k.origin = customResource
			}
			out[gvk] = k
		}
	}
	return out, nil
}

// custom says that a definition is that of a custom resource: all of it is in one piece, but for metadata, while what is
// generated from Go types refers to the types of its parts.
func custom(s *spec.Schema) bool {
	ref := s.Ref.String()
	if ref == "" && len(s.AllOf) == 1 {
		ref = s.AllOf[0].Ref.String()
	}
	if ref != "" {
		return path.Base(ref) == objectMeta
	}
	for _, p := range s.Properties {
		if !custom(&p) {
			return false
		}
	}
	if s.Items != nil && s.Items.Schema != nil && !custom(s.Items.Schema) {
		return false
	}
	return s.AdditionalProperties == nil || s.AdditionalProperties.Schema == nil || custom(s.AdditionalProperties.Schema)
}
