package schema_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

const gadgets = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec:
  group: example.com
  names: {kind: Gadget, plural: gadgets}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {size: {type: integer, default: 3}, first: {type: string}, pod: &pod {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}}}}
  - name: v2
    served: true
    storage: false
    schema: {openAPIV3Schema: {type: object, properties: {size: {type: integer}, second: {type: string}, pod: *pod, lists: {type: object, nullable: true, additionalProperties: {type: array, items: {type: string}}}}}}
  - {name: v0, served: false, storage: false}
`

// What is written at one version is stored at another: without the fields that only the first has, and with the defaults of the
// second.
func TestStoreGoesThroughTheStoredVersion(t *testing.T) {
	set := schema.New(nil)
	require.NoError(t, set.AddDefinition(parseObject(t, gadgets)))
	kinds := set.Kinds(apischema.GroupVersionKind{Group: "example.com", Version: "v2", Kind: "Gadget"})
	require.Len(t, kinds, 1)
	obj := parseObject(t, `{apiVersion: example.com/v2, kind: Gadget, metadata: {name: a}, second: x, lists: {a: [b]},
		pod: {apiVersion: v1, kind: Pod, any: {thing: null}, metadata: {creationTimestamp: null, labels: {a: null}, annotations: {}}}}`)
	assert.Equal(t, parseObject(t, `{apiVersion: example.com/v2, kind: Gadget, metadata: {name: a}, size: 3,
		pod: {apiVersion: v1, kind: Pod, any: {thing: null}, metadata: {labels: {a: ""}}}}`).Object, kinds[0].Store(obj.Object))

	at, known := kinds[0].At("v1")
	assert.True(t, known)
	assert.Equal(t, "v1", at.GVK.Version)
	at, known = kinds[0].At("v3")
	assert.True(t, known, "there is no such version")
	assert.Nil(t, at)
	_, known = kinds[0].At("v0")
	assert.False(t, known, "what it looks like is not said")
}

// A null is refused where the schema does not allow it and has no default.
func TestForbiddenNull(t *testing.T) {
	set := schema.New(nil)
	require.NoError(t, set.AddDefinition(parseObject(t, gadgets)))
	for manifest, want := range map[string]string{
		"{apiVersion: example.com/v1, size: null}":                          "",
		"{apiVersion: example.com/v1, first: null}":                         ".first",
		"{apiVersion: example.com/v2, size: null}":                          ".size",
		"{apiVersion: example.com/v2, lists: null}":                         "",
		"{apiVersion: example.com/v2, lists: {a: null}}":                    ".lists.a",
		"{apiVersion: example.com/v2, lists: {a: [b, null]}}":               ".lists.a[1]",
		"{apiVersion: example.com/v2, pod: {x: null, metadata: null}}":      "",
		"{apiVersion: example.com/v2, metadata: {labels: null}, pod: null}": ".pod",
	} {
		obj := parseObject(t, manifest)
		obj.SetKind("Gadget")
		kinds := set.Kinds(obj.GroupVersionKind())
		require.Len(t, kinds, 1)
		path, found := kinds[0].ForbiddenNull(obj.Object)
		assert.Equal(t, want != "", found, manifest)
		if found {
			assert.Equal(t, want, path, manifest)
		}
	}
}

func parseObject(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	return &unstructured.Unstructured{Object: parseYAML(t, manifest)}
}
