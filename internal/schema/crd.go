package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// definitionVersion is one entry of a CustomResourceDefinition's versions.
type definitionVersion struct {
	Name   string `json:"name"`
	Served bool   `json:"served"`
	Stored bool   `json:"storage"`
	Schema struct {
		OpenAPI json.RawMessage `json:"openAPIV3Schema"`
	} `json:"schema"`
	Subresources struct {
		Status *struct{} `json:"status"`
	} `json:"subresources"`
}

// IsDefinition says whether obj is a CustomResourceDefinition.
func IsDefinition(obj *unstructured.Unstructured) bool {
	gvk := obj.GroupVersionKind()
	return gvk.Group == "apiextensions.k8s.io" && gvk.Kind == "CustomResourceDefinition"
}

// AddDefinition adds the kinds of a CustomResourceDefinition, in every served version. It replaces what an earlier one said
// of the same kinds. Objects of other kinds are ignored.
func (s *Set) AddDefinition(obj *unstructured.Unstructured) error {
	if !IsDefinition(obj) {
		return nil
	}
	fail := func(err error) error {
		return fmt.Errorf("read the schema of CustomResourceDefinition %s: %w", obj.GetName(), err)
	}
	if v := obj.GroupVersionKind().Version; v != "v1" {
		return fail(fmt.Errorf("version %s of the definition is not supported; use apiextensions.k8s.io/v1", v))
	}
	data, err := json.Marshal(obj.Object["spec"])
	if err != nil {
		return fail(err)
	}
	var d struct {
		Group string `json:"group"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions   []json.RawMessage `json:"versions"`
		Conversion struct {
			Strategy string `json:"strategy"`
		} `json:"conversion"`
		PreserveUnknown bool `json:"preserveUnknownFields"`
	}
	if err := decode(".spec", data, &d); err != nil {
		return fail(err)
	}
	if d.Group == "" || d.Names.Kind == "" {
		return fail(errors.New("it names no group or no kind"))
	}
	found := map[schema.GroupVersionKind]*Kind{}
	all := &versions{kinds: map[string]*Kind{}}
	for i, raw := range d.Versions {
		path := fmt.Sprintf(".spec.versions[%d]", i)
		var v definitionVersion
		if err := decode(path, raw, &v); err != nil {
			return fail(err)
		}
		gvk := schema.GroupVersionKind{Group: d.Group, Version: v.Name, Kind: d.Names.Kind}
		var root *spec.Schema
		if len(v.Schema.OpenAPI) > 0 {
			if err := decode(path+".schema.openAPIV3Schema", v.Schema.OpenAPI, &root); err != nil {
				return fail(err)
			}
		}
		if root == nil && !v.Served {
			all.kinds[v.Name] = nil
			continue
		}
		if root == nil {
			return fail(fmt.Errorf("version %s has no schema", v.Name))
		}
		k, err := customKind(gvk, root, v.Subresources.Status != nil, d.PreserveUnknown)
		if err != nil {
			return fail(fmt.Errorf("version %s: %w", v.Name, err))
		}
		k.Converts = d.Conversion.Strategy == "" || d.Conversion.Strategy == "None"
		k.versions = all
		all.kinds[v.Name] = k
		if v.Stored {
			all.stored = v.Name
		}
		if v.Served {
			found[gvk] = k
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.added, func(gvk schema.GroupVersionKind, _ *Kind) bool {
		return gvk.Group == d.Group && gvk.Kind == d.Names.Kind
	})
	maps.Copy(s.added, found)
	return nil
}

// metadataDefinitions are the types that the metadata of any object is made of.
func metadataDefinitions() (map[string]*spec.Schema, error) {
	doc, ok := embedded.OpenAPI(schema.GroupVersion{Version: "v1"})
	if !ok {
		return nil, errors.New("no embedded document of v1")
	}
	var d openAPI
	if err := json.Unmarshal(doc, &d); err != nil {
		return nil, err
	}
	const prefix = "io.k8s.apimachinery.pkg.apis.meta.v1."
	out := map[string]*spec.Schema{}
	for _, name := range []string{"ObjectMeta", "OwnerReference", "ManagedFieldsEntry", "FieldsV1", "Time"} {
		out[prefix+name] = d.Components.Schemas[prefix+name]
	}
	return out, nil
}

func customKind(gvk schema.GroupVersionKind, root *spec.Schema, status, preserve bool) (*Kind, error) {
	definitions, err := metadataDefinitions()
	if err != nil {
		return nil, err
	}
	if preserve {
		root.AddExtension("x-kubernetes-preserve-unknown-fields", true)
	}
	asObject(root)
	embedResources(root)
	root.AddExtension("x-kubernetes-group-version-kind", []any{
		map[string]any{"group": gvk.Group, "version": gvk.Version, "kind": gvk.Kind},
	})
	definitions[gvk.Group+"."+gvk.Version+"."+gvk.Kind] = root
	out, err := kinds(definitions, map[schema.GroupVersionKind]bool{gvk: status})
	if err != nil {
		return nil, err
	}
	if out[gvk] == nil {
		return nil, errors.New("the schema has no structure")
	}
	return out[gvk], nil
}

// asObject gives a schema what every object has.
func asObject(s *spec.Schema) {
	if s.Properties == nil {
		s.Properties = map[string]spec.Schema{}
	}
	s.Properties["apiVersion"] = *spec.StringProperty()
	s.Properties["kind"] = *spec.StringProperty()
	s.Properties["metadata"] = *spec.RefSchema("#/components/schemas/" + objectMeta)
}

// embedResources makes objects of the parts that hold whole objects.
func embedResources(s *spec.Schema) {
	for name, p := range s.Properties {
		if p.Extensions["x-kubernetes-embedded-resource"] == true {
			asObject(&p)
		}
		embedResources(&p)
		s.Properties[name] = p
	}
	if s.Items != nil && s.Items.Schema != nil {
		if s.Items.Schema.Extensions["x-kubernetes-embedded-resource"] == true {
			asObject(s.Items.Schema)
		}
		embedResources(s.Items.Schema)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		embedResources(s.AdditionalProperties.Schema)
	}
}
