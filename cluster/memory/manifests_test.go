package memory_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// manifests are in an order in which they cannot be created.
const manifests = `# a comment alone
---
apiVersion: example.com/v1
kind: Gadget
metadata: {name: one, namespace: tools}
spec: {size: 9007199254740993}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: tools}, data: {x: "1"}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
---
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "resourceVersion": "77", "uid": "11111111-1111-1111-1111-111111111111"},
 "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}},
 "status": {"observedGeneration": 1, "replicas": 3}}
---
apiVersion: v1
kind: Namespace
metadata: {name: tools}
---
apiVersion: v1
kind: Namespace
metadata: {name: default}
---
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
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
---
`

func TestSeedingFromManifests(t *testing.T) {
	objects, err := memory.Manifests(strings.NewReader(manifests))
	require.NoError(t, err)
	require.Len(t, objects, 7)
	before := make([]*unstructured.Unstructured, len(objects))
	for i, o := range objects {
		before[i] = o.DeepCopy()
	}
	s := start(t, &memory.Options{Objects: objects})
	assert.Equal(t, before, objects, "they are not changed")
	assert.Empty(t, s.Requests(), "seeding is not on the wire")
	c := dyn(t, s)
	get := func(gvr schema.GroupVersionResource, namespace, name string) *unstructured.Unstructured {
		got, err := c.Resource(gvr).Namespace(namespace).Get(t.Context(), name, metav1.GetOptions{})
		require.NoError(t, err)
		return got
	}
	size, _, _ := unstructured.NestedInt64(get(schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "gadgets"}, "tools", "one").Object, "spec", "size")
	assert.Equal(t, int64(9007199254740993), size, "numbers are whole")
	assert.Equal(t, map[string]any{"x": "1"}, get(configMaps, "tools", "a").Object["data"])
	get(configMaps, "default", "b")
	web := get(deployments, "default", "web")
	replicas, _, _ := unstructured.NestedInt64(web.Object, "status", "replicas")
	assert.Equal(t, int64(3), replicas, "a status is written too")
	assert.NotEqual(t, objects[3].GetUID(), web.GetUID())
}

func TestManifestsErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{apiVersion: v1, kind: ConfigMap}\n---\n- 1\n": "read manifests: document 2: it is no object",
		"just: this": "read manifests: document 1: it has no apiVersion and kind",
		"a: 1\na: 2": "read manifests: document 1: yaml: unmarshal errors:\n  line 2: key \"a\" already set in map",
		"{apiVersion: v1, kind: List, items: [{a: 1}]}": "read manifests: document 1: item 1 of the list has no kind",
		"{": "read manifests: document 1: yaml: line 1: did not find expected node content",
	} {
		_, err := memory.Manifests(strings.NewReader(text))
		require.Error(t, err, text)
		assert.Equal(t, want, err.Error())
	}
	none, err := memory.Manifests(strings.NewReader("\n---\n# nothing\n---\n"))
	require.NoError(t, err)
	assert.Empty(t, none)
}

func TestSeedErrors(t *testing.T) {
	objects, err := memory.Manifests(strings.NewReader("{apiVersion: v1, kind: ConfigMap, metadata: {name: Bad_Name}}"))
	require.NoError(t, err)
	_, err = memory.New(&memory.Options{Objects: objects})
	require.ErrorContains(t, err, "seed ConfigMap Bad_Name: ")
	for _, empty := range []*unstructured.Unstructured{nil, {}} {
		_, err = memory.New(&memory.Options{Objects: []*unstructured.Unstructured{empty}})
		require.EqualError(t, err, "seed object 1: is empty")
	}
}
