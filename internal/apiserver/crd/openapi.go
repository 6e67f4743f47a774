package crd

import (
	"slices"
	"strings"

	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

const (
	metaPrefix = "io.k8s.apimachinery.pkg.apis.meta.v1."
	refPrefix  = "#/components/schemas/"
	gvkKey     = "x-kubernetes-group-version-kind"
	actionKey  = "x-kubernetes-action"
)

// Schema returns the OpenAPI schema of the kind as the server publishes it: the structural schema with apiVersion, kind and
// metadata added, list types and map types kept, and the kind named in x-kubernetes-group-version-kind. References are to
// "#/components/schemas/". The result belongs to the caller.
func (v *Version) Schema() *spec.Schema {
	out := v.structural.Unfold().ToKubeOpenAPI()
	addEmbedded(out)
	addType(out)
	out.SetProperty("metadata", metaRef("ObjectMeta", "Standard object's metadata."))
	out.AddExtension(gvkKey, []any{v.gvk(v.of.Names.Kind)})
	if len(v.Selectable) > 0 {
		var fields []any
		for _, path := range v.Selectable {
			fields = append(fields, map[string]any{"fieldPath": path})
		}
		out.AddExtension("x-kubernetes-selectable-fields", fields)
	}
	return out
}

// SchemaName is the name under which the kind is published: its group in reverse, the version and the kind.
func (v *Version) SchemaName() string { return v.name(v.of.Names.Kind) }

// OpenAPI builds the OpenAPI v3 document of one group version from the definitions that serve it. shared holds the schemas of
// built-in types by name, from which those that the result refers to are taken; schemas that are not there are left out.
func OpenAPI(group, version string, definitions []*Definition, shared map[string]*spec.Schema) *spec3.OpenAPI {
	doc := &spec3.OpenAPI{
		Version:    "3.0.0",
		Info:       &spec.Info{InfoProps: spec.InfoProps{Title: "Kubernetes CRD Swagger", Version: "v0.1.0"}},
		Components: &spec3.Components{Schemas: map[string]*spec.Schema{}},
		Paths:      &spec3.Paths{Paths: map[string]*spec3.Path{}},
	}
	schemas := doc.Components.Schemas
	for _, d := range definitions {
		v := d.Version(version)
		if d.Group != group || v == nil || !v.Served {
			continue
		}
		schemas[v.SchemaName()] = v.Schema()
		schemas[v.name(d.Names.ListKind)] = v.listSchema()
		if v.Scale != nil {
			addShared(schemas, "io.k8s.api.autoscaling.v1.Scale", shared)
		}
		v.addPaths(doc.Paths.Paths)
	}
	for _, name := range []string{"DeleteOptions", "Patch", "Status"} {
		addShared(schemas, metaPrefix+name, shared)
	}
	for _, name := range sortedKeys(schemas) {
		addReferred(schemas, schemas[name], shared)
	}
	return doc
}

func (v *Version) gvk(kind string) map[string]any {
	return map[string]any{"group": v.of.Group, "version": v.Name, "kind": kind}
}

func (v *Version) name(kind string) string {
	parts := strings.Split(v.of.Group, ".")
	slices.Reverse(parts)
	return strings.Join(append(parts, v.Name, kind), ".")
}

func (v *Version) listSchema() *spec.Schema {
	s := new(spec.Schema).Typed("object", "").WithRequired("items").
		SetProperty("items", *spec.ArrayProperty(spec.RefSchema(refPrefix + v.SchemaName()))).
		SetProperty("metadata", metaRef("ListMeta", "Standard list metadata."))
	addType(s)
	s.AddExtension(gvkKey, []any{v.gvk(v.of.Names.ListKind)})
	return s
}

// addPaths names the operations on the kind, with the parameters by which clients learn what the server can do.
func (v *Version) addPaths(paths map[string]*spec3.Path) {
	root := "/apis/" + v.of.Group + "/" + v.Name + "/"
	if v.of.Namespaced {
		paths[root+v.of.Names.Plural] = &spec3.Path{PathProps: spec3.PathProps{Get: v.operation("list")}}
		root += "namespaces/{namespace}/"
	}
	root += v.of.Names.Plural
	paths[root] = &spec3.Path{PathProps: spec3.PathProps{
		Get: v.operation("list"), Post: v.operation("post"), Delete: v.operation("deletecollection"),
	}}
	paths[root+"/{name}"] = &spec3.Path{PathProps: spec3.PathProps{
		Get: v.operation("get"), Put: v.operation("put"), Patch: v.operation("patch"), Delete: v.operation("delete"),
	}}
	for name, served := range map[string]bool{"status": v.Status, "scale": v.Scale != nil} {
		if served {
			paths[root+"/{name}/"+name] = &spec3.Path{PathProps: spec3.PathProps{
				Get: v.operation("get"), Put: v.operation("put"), Patch: v.operation("patch"),
			}}
		}
	}
}

// parameters are the query parameters of the writing operations.
var parameters = map[string][]string{
	"post":   {"dryRun", "fieldManager", "fieldValidation"},
	"put":    {"dryRun", "fieldManager", "fieldValidation"},
	"patch":  {"dryRun", "fieldManager", "fieldValidation", "force"},
	"delete": {"dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy"},
}

func (v *Version) operation(action string) *spec3.Operation {
	op := &spec3.Operation{OperationProps: spec3.OperationProps{
		Responses: &spec3.Responses{ResponsesProps: spec3.ResponsesProps{StatusCodeResponses: map[int]*spec3.Response{
			200: {ResponseProps: spec3.ResponseProps{Description: "OK"}},
		}}},
	}}
	for _, name := range parameters[action] {
		kind := "string"
		switch name {
		case "force", "orphanDependents":
			kind = "boolean"
		case "gracePeriodSeconds":
			kind = "integer"
		}
		op.Parameters = append(op.Parameters, &spec3.Parameter{ParameterProps: spec3.ParameterProps{
			Name: name, In: "query", Schema: new(spec.Schema).Typed(kind, ""),
		}})
	}
	op.AddExtension(actionKey, action)
	op.AddExtension(gvkKey, v.gvk(v.of.Names.Kind))
	return op
}

// addType adds the two fields by which every object names its kind.
func addType(s *spec.Schema) {
	s.SetProperty("apiVersion", *spec.StringProperty())
	s.SetProperty("kind", *spec.StringProperty())
}

func metaRef(name, description string) spec.Schema {
	// A reference beside other fields has to stand in allOf (OpenAPI 3.0).
	return spec.Schema{SchemaProps: spec.SchemaProps{
		Description: description,
		AllOf:       []spec.Schema{*spec.RefSchema(refPrefix + metaPrefix + name)},
	}}
}

// addEmbedded gives embedded objects the fields that every object has.
func addEmbedded(s *spec.Schema) {
	if s == nil {
		return
	}
	for name, property := range s.Properties {
		addEmbedded(&property)
		s.Properties[name] = property
	}
	if s.Items != nil {
		addEmbedded(s.Items.Schema)
	}
	if s.AdditionalProperties != nil {
		addEmbedded(s.AdditionalProperties.Schema)
	}
	if embedded, ok := s.Extensions.GetBool("x-kubernetes-embedded-resource"); !ok || !embedded {
		return
	}
	addType(s)
	s.SetProperty("metadata", metaRef("ObjectMeta", "Standard object's metadata."))
	for _, name := range []string{"kind", "apiVersion"} {
		if !slices.Contains(s.Required, name) {
			s.Required = append(s.Required, name)
		}
	}
}

func addShared(schemas map[string]*spec.Schema, name string, shared map[string]*spec.Schema) {
	if s, ok := shared[name]; ok && schemas[name] == nil {
		schemas[name] = s
		addReferred(schemas, s, shared)
	}
}

// addReferred takes over what a schema refers to, and what that refers to.
func addReferred(schemas map[string]*spec.Schema, s *spec.Schema, shared map[string]*spec.Schema) {
	if s == nil {
		return
	}
	if ref := s.Ref.String(); ref != "" {
		addShared(schemas, strings.TrimPrefix(ref, refPrefix), shared)
	}
	for _, name := range sortedKeys(s.Properties) {
		property := s.Properties[name]
		addReferred(schemas, &property, shared)
	}
	if s.Items != nil {
		addReferred(schemas, s.Items.Schema, shared)
	}
	if s.AdditionalProperties != nil {
		addReferred(schemas, s.AdditionalProperties.Schema, shared)
	}
	for _, group := range [][]spec.Schema{s.AllOf, s.AnyOf, s.OneOf} {
		for i := range group {
			addReferred(schemas, &group[i], shared)
		}
	}
}
