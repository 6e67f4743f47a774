package apply_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kube-openapi/pkg/schemaconv"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"
	smd "sigs.k8s.io/structured-merge-diff/v6/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver/apply"
	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// What is read for one kind has the same structure as in a document that is read as a whole, and lacks nothing.
func TestKindHasItsStructure(t *testing.T) {
	for _, gv := range embedded.GroupVersions() {
		raw, ok := embedded.OpenAPI(gv)
		require.True(t, ok)
		var all spec3.OpenAPI
		require.NoError(t, json.Unmarshal(raw, &all))
		whole, err := schemaconv.ToSchemaFromOpenAPI(all.Components.Schemas, false)
		require.NoError(t, err)
		document, err := apply.NewDocument(raw)
		require.NoError(t, err)
		resources, _ := embedded.Resources(gv)
		seen := map[string]bool{}
		for _, r := range resources {
			if seen[r.Kind] || r.Group != "" || r.Version != "" {
				continue
			}
			seen[r.Kind] = true
			schemas := map[string]*spec.Schema{}
			if err := document.Kind(gv.WithKind(r.Kind), schemas); err != nil {
				assert.NotContains(t, r.Verbs, "list", "%s: %v", r.Kind, err) // what is connected to has no document
				continue
			}
			part, err := schemaconv.ToSchemaFromOpenAPI(schemas, false)
			require.NoError(t, err)
			for _, got := range part.Types {
				want, ok := whole.FindNamedType(got.Name)
				require.True(t, ok)
				wantType, wantFields := fields(want)
				gotType, gotFields := fields(got)
				require.Equal(t, wantType, gotType, "%s %s: %s", gv, r.Kind, got.Name)
				require.Equal(t, wantFields, gotFields, "%s %s: %s", gv, r.Kind, got.Name)
				if got.Map != nil {
					for _, f := range got.Map.Fields {
						if f.Type.NamedType != nil {
							_, ok := part.FindNamedType(*f.Type.NamedType)
							require.True(t, ok, "%s %s: %s", gv, r.Kind, *f.Type.NamedType)
						}
					}
				}
			}
		}
	}
}

// fields returns a type with its fields by name, which come in any order.
func fields(t smd.TypeDef) (smd.TypeDef, map[string]smd.StructField) {
	byName := map[string]smd.StructField{}
	if t.Map == nil {
		return t, byName
	}
	m := smd.Map{ElementType: t.Map.ElementType, ElementRelationship: t.Map.ElementRelationship}
	for _, f := range t.Map.Fields {
		byName[f.Name] = f
	}
	t.Map = &m
	return t, byName
}

func TestDocumentFaults(t *testing.T) {
	_, err := apply.NewDocument([]byte(`[`))
	assert.ErrorContains(t, err, "read OpenAPI document: ")
	kind := schema.GroupVersionKind{Group: "g", Version: "v", Kind: "K"}
	const use = `{"components":{"schemas":{"a":{"x-kubernetes-group-version-kind":[{"group":"g","version":"v","kind":"K"}]`
	for text, fault := range map[string]string{
		`{}`: "no definition is for g/v, Kind=K",
		use + `,"properties":{"b":{"$ref":"#/components/schemas/b"}}},"b":{"type":{}}}}}`: "read definition b: ",
	} {
		d, err := apply.NewDocument([]byte(text))
		require.NoError(t, err)
		assert.ErrorContains(t, d.Kind(kind, map[string]*spec.Schema{}), fault)
	}
}
