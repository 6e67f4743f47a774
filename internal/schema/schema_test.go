package schema_test

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/structured-merge-diff/v4/typed"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/schema"
	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// Every embedded kind with an endpoint of its own has a structure and, being Kubernetes' own, a row in the table.
func TestEveryEmbeddedKindIsKnown(t *testing.T) {
	set := schema.New(nil)
	for _, gv := range embedded.GroupVersions() {
		resources, _ := embedded.Resources(gv)
		status := map[string]bool{}
		for _, r := range resources {
			status[r.Name] = true
		}
		for _, r := range resources {
			if r.Group != "" || !contains(r.Verbs, "patch") || strings.HasSuffix(r.Kind, "Options") {
				continue
			}
			kinds := set.Kinds(gv.WithKind(r.Kind))
			if assert.Len(t, kinds, 1, "%s %s", gv, r.Kind) {
				assert.True(t, kinds[0].Native(), "%s %s", gv, r.Kind)
				assert.Equal(t, status[r.Name+"/status"], kinds[0].HasStatus && status[r.Name+"/status"], "%s %s", gv, r.Kind)
			}
		}
	}
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

func TestStatusSubresource(t *testing.T) {
	set := schema.New(nil)
	for kind, want := range map[string]bool{"Pod": true, "ConfigMap": false, "Secret": false, "Service": true} {
		kinds := set.Kinds(apischema.GroupVersionKind{Version: "v1", Kind: kind})
		require.Len(t, kinds, 1)
		assert.Equal(t, want, kinds[0].HasStatus, kind)
	}
}

// A cold schema is used by many at once: the race detector judges.
func TestColdSchemaIsShared(t *testing.T) {
	set := schema.New(nil)
	obj := map[string]any{
		"apiVersion": "batch/v1", "kind": "CronJob", "metadata": map[string]any{"name": "x", "labels": map[string]any{"a": "b"}},
		"spec": map[string]any{"jobTemplate": map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"nodeSelector": map[string]any{"a": "b"},
			"containers":   []any{map[string]any{"name": "c", "ports": []any{map[string]any{"containerPort": int64(1)}}}},
		}}}}},
	}
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			kinds := set.Kinds(apischema.GroupVersionKind{Group: "batch", Version: "v1", Kind: "CronJob"})
			if !assert.Len(t, kinds, 1) {
				return
			}
			v, err := kinds[0].Type.FromUnstructured(obj)
			if !assert.NoError(t, err) {
				return
			}
			_, err = v.Merge(v)
			assert.NoError(t, err)
			_, err = v.ToFieldSet()
			assert.NoError(t, err)
			kinds[0].Store(obj)
		})
	}
	group.Wait()
}

func widgetDefinition() *unstructured.Unstructured {
	str := map[string]any{"type": "string"}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "widgets.example.com"},
		"spec": map[string]any{
			"group": "example.com", "scope": "Namespaced",
			"names": map[string]any{"kind": "Widget", "plural": "widgets"},
			"versions": []any{
				map[string]any{
					"name": "v1", "served": true, "storage": true,
					"subresources": map[string]any{"status": map[string]any{}},
					"schema": map[string]any{"openAPIV3Schema": map[string]any{
						"type": "object",
						"properties": map[string]any{
							"spec": map[string]any{"type": "object", "properties": map[string]any{
								"size":  map[string]any{"type": "integer", "default": int64(3)},
								"color": map[string]any{"type": "string", "nullable": true, "default": "red"},
								"box": map[string]any{"type": "object", "default": map[string]any{}, "properties": map[string]any{
									"lid": map[string]any{"type": "boolean", "default": true},
								}},
								"items": map[string]any{
									"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": []any{"name"},
									"items": map[string]any{"type": "object", "required": []any{"name"}, "properties": map[string]any{
										"name": str, "mode": map[string]any{"type": "string", "default": "rw"},
									}},
								},
								"free": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true},
								"port": map[string]any{"x-kubernetes-int-or-string": true},
								"pod":  map[string]any{"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
							}},
							"status": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true},
						},
					}},
				},
				map[string]any{"name": "v0", "served": false, "storage": false},
			},
		},
	}}
}

func widget(spec map[string]any) map[string]any {
	return map[string]any{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": map[string]any{"name": "w"}, "spec": spec}
}

var widgetKind = apischema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Widget"}

func TestDefinitionGivesStructureAndDefaults(t *testing.T) {
	set := schema.New(nil)
	require.Empty(t, set.Kinds(widgetKind))
	require.NoError(t, set.AddDefinition(widgetDefinition()))
	require.Empty(t, set.Kinds(apischema.GroupVersionKind{Group: "example.com", Version: "v0", Kind: "Widget"}), "not served")
	kinds := set.Kinds(widgetKind)
	require.Len(t, kinds, 1)
	k := kinds[0]
	assert.True(t, k.HasStatus)
	assert.True(t, k.Converts)
	assert.True(t, k.Exact())
	assert.False(t, k.Native())

	_, err := k.Type.FromUnstructured(widget(map[string]any{"sise": int64(1)}))
	require.ErrorContains(t, err, "field not declared in schema")
	in := widget(map[string]any{
		"size": nil, "color": nil, "free": map[string]any{"any": map[string]any{"thing": nil}}, "port": "http",
		"items": []any{map[string]any{"name": "a"}},
		"pod":   map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p"}, "spec": map[string]any{"x": int64(1)}},
	})
	v, err := k.Type.FromUnstructured(in, typed.AllowDuplicates)
	require.NoError(t, err)
	require.NotNil(t, v)
	assert.Equal(t, widget(map[string]any{
		"size": int64(3), "color": nil, "box": map[string]any{"lid": true}, "port": "http",
		"free":  map[string]any{"any": map[string]any{"thing": nil}},
		"items": []any{map[string]any{"name": "a", "mode": "rw"}},
		"pod":   map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p"}, "spec": map[string]any{"x": int64(1)}},
	}), k.Store(in))
	assert.Nil(t, in["spec"].(map[string]any)["size"], "the object that was handed in is as it was")
}

func TestDefinitionFaults(t *testing.T) {
	set := schema.New(nil)
	crd := widgetDefinition()
	crd.SetAPIVersion("apiextensions.k8s.io/v1beta1")
	require.EqualError(t, set.AddDefinition(crd),
		"read the schema of CustomResourceDefinition widgets.example.com: version v1beta1 of the definition is not supported; use apiextensions.k8s.io/v1")
	crd = widgetDefinition()
	versions := crd.Object["spec"].(map[string]any)["versions"].([]any)
	delete(versions[0].(map[string]any), "schema")
	require.ErrorContains(t, set.AddDefinition(crd), "version v1 has no schema")
	require.NoError(t, set.AddDefinition(&unstructured.Unstructured{Object: widget(nil)}), "another kind is ignored")
}

// documents is a cluster that publishes what it is told to.
type documents struct {
	doc, hash string
	err       error
	asked     int
}

func (d *documents) OpenAPI(context.Context, string, string) ([]byte, string, error) {
	d.asked++
	return []byte(d.doc), d.hash, d.err
}

const gadgetDocument = `{"openapi":"3.0.0","paths":{"/apis/example.com/v1/namespaces/{namespace}/gadgets/{name}/status":{"put":{
"x-kubernetes-group-version-kind":{"group":"example.com","version":"v1","kind":"Gadget"}}}},
"components":{"schemas":{"com.example.v1.Gadget":{"type":"object","properties":{"FIELD":{"type":"string"}},
"x-kubernetes-group-version-kind":[{"group":"example.com","version":"v1","kind":"Gadget"}]}}}}`

func TestLoadFollowsTheHash(t *testing.T) {
	source := &documents{doc: gadgetDocument, hash: "1"}
	set := schema.New(source)
	gv := apischema.GroupVersion{Group: "example.com", Version: "v1"}
	require.NoError(t, set.Load(t.Context(), gv, gv))
	assert.Equal(t, 1, source.asked)
	first := set.Kinds(gv.WithKind("Gadget"))
	require.Len(t, first, 1)
	assert.True(t, first[0].HasStatus)
	require.NoError(t, set.Load(t.Context(), gv))
	assert.Same(t, first[0], set.Kinds(gv.WithKind("Gadget"))[0], "the same document is not parsed again")
	source.hash, source.doc = "2", strings.Replace(gadgetDocument, "FIELD", "size", 1)
	require.NoError(t, set.Load(t.Context(), gv))
	assert.NotSame(t, first[0], set.Kinds(gv.WithKind("Gadget"))[0])

	source.err = errors.New("connection refused")
	require.EqualError(t, set.Load(t.Context(), gv), "load the schema of example.com/v1: connection refused")
	require.Len(t, set.Kinds(gv.WithKind("Gadget")), 1, "what was known stays")
	source.err = cluster.ErrNoKind
	require.NoError(t, set.Load(t.Context(), gv))
	require.Empty(t, set.Kinds(gv.WithKind("Gadget")))
}

// Sets of different clusters that publish the same document share what it says, and parse it once: the race detector judges.
func TestSetsShareDocuments(t *testing.T) {
	gv := apischema.GroupVersion{Group: "example.com", Version: "v1"}
	doc := strings.Replace(gadgetDocument, "FIELD", "shared", 1)
	found := make([]*schema.Kind, 32)
	var group sync.WaitGroup
	for i := range found {
		group.Go(func() {
			set := schema.New(&documents{doc: doc, hash: strconv.Itoa(i)})
			if assert.NoError(t, set.Load(t.Context(), gv)) {
				found[i] = set.Kinds(gv.WithKind("Gadget"))[0]
			}
		})
	}
	group.Wait()
	for _, k := range found {
		assert.Same(t, found[0], k)
	}
	other := schema.New(&documents{doc: gadgetDocument})
	require.NoError(t, other.Load(t.Context(), gv))
	assert.NotSame(t, found[0], other.Kinds(gv.WithKind("Gadget"))[0])
	broken := schema.New(&documents{doc: "<html>"})
	for range 2 {
		require.ErrorContains(t, broken.Load(t.Context(), gv), "read the OpenAPI document")
	}
}

// A value of the wrong type is told in the words of the definition.
func TestDefinitionMisfits(t *testing.T) {
	const names = "group: example.com, names: {kind: Widget}"
	version := func(v string) string {
		return "{" + names + ", versions: [{name: v1, served: true, schema: " + v + "}]}"
	}
	for spec, want := range map[string]string{
		"5":                                     ".spec: expected map, got a number",
		"[a]":                                   ".spec: expected map, got a list",
		"hello":                                 ".spec: expected map, got a string",
		"{group: 5}":                            ".spec.group: expected string, got a number",
		"{group: a, names: x}":                  ".spec.names: expected map, got a string",
		"{group: a, preserveUnknownFields: {}}": ".spec.preserveUnknownFields: expected boolean, got a map",
		"{" + names + ", versions: 7}":          ".spec.versions: expected list, got a number",
		"{" + names + ", versions: [{served: false}, true]}":          ".spec.versions[1]: expected map, got a boolean",
		"{" + names + ", versions: [{served: 'yes'}]}":                ".spec.versions[0].served: expected boolean, got a string",
		version("{openAPIV3Schema: 5}"):                               ".spec.versions[0].schema.openAPIV3Schema: expected map, got a number",
		version("{openAPIV3Schema: {properties: 5}}"):                 ".spec.versions[0].schema.openAPIV3Schema.properties: expected map, got a number",
		version("{openAPIV3Schema: {required: x}}"):                   ".spec.versions[0].schema.openAPIV3Schema.required: expected list, got a string",
		version("{openAPIV3Schema: {type: 7}}"):                       ".spec.versions[0].schema.openAPIV3Schema.type: expected string or list, got a number",
		version("{openAPIV3Schema: {properties: {a: {maximum: x}}}}"): ".spec.versions[0].schema.openAPIV3Schema.properties.a.maximum: expected number, got a string",
	} {
		crd := &unstructured.Unstructured{Object: map[string]any{}}
		require.NoError(t, yaml.Unmarshal([]byte("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\nspec: "+spec), &crd.Object))
		assert.EqualError(t, schema.New(nil).AddDefinition(crd), "read the schema of CustomResourceDefinition widgets.example.com: "+want, spec)
	}
}

// What is canonical is shared, and nothing that is shared is changed.
func TestSpelledIsTheCanonicalForm(t *testing.T) {
	set := schema.New(nil)
	k := set.Kinds(apischema.GroupVersionKind{Version: "v1", Kind: "Pod"})[0]
	obj := func() map[string]any {
		return map[string]any{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": map[string]any{"name": "x", "creationTimestamp": nil, "labels": map[string]any{"a": nil, "b": "c"}},
			"spec": map[string]any{
				"hostNetwork": false, "nodeName": "n", "overhead": map[string]any{"cpu": "1000m", "memory": int64(1024)},
				"containers": []any{
					map[string]any{"name": "c", "resources": map[string]any{}, "ports": []any{map[string]any{"containerPort": 80.0}}},
					map[string]any{"name": "d", "args": []any{"a", nil}},
					map[string]any{"name": "e"}, nil, "no container",
				},
			},
		}
	}
	in := obj()
	out := k.Spelled(in)
	assert.Equal(t, obj(), in)
	want := k.Canonical(in)
	assert.Equal(t, want, out)
	assert.Equal(t, map[string]any{"cpu": "1", "memory": "1024"}, want["spec"].(map[string]any)["overhead"])

	again := k.Spelled(want)
	assert.Equal(t, reflect.ValueOf(want).Pointer(), reflect.ValueOf(again).Pointer())
}

// A field of a feature that is off goes wherever it is, and an object without one is as it was.
func TestWithheld(t *testing.T) {
	k := schema.New(nil).Kinds(apischema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"})[0]
	deployment := func(volume map[string]any) map[string]any {
		return map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"containers": []any{map[string]any{"name": "c"}},
			"volumes":    []any{map[string]any{"name": "v", "emptyDir": volume}},
		}}}}
	}
	stored := deployment(map[string]any{"mode": "0700"})
	notes := k.Withhold(deployment(map[string]any{}), stored)
	require.Len(t, notes, 1)
	assert.Equal(t, ".spec.template.spec.volumes[0].emptyDir.mode", notes[0].Path)
	assert.Equal(t, deployment(map[string]any{}), stored)

	stored = deployment(map[string]any{"medium": "Memory"})
	assert.Empty(t, k.Withhold(deployment(map[string]any{}), stored))
	assert.Equal(t, deployment(map[string]any{"medium": "Memory"}), stored)
}
