package memory_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

const gadgets = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: gadgets, kind: Gadget, shortNames: [gd]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema: &schema
      openAPIV3Schema:
        type: object
        properties: {spec: {type: object, properties: {size: {type: integer, default: 3, maximum: 9}}}}
  - {name: v1beta1, served: true, storage: false, schema: *schema, deprecated: true}
`

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	out := &unstructured.Unstructured{}
	require.NoError(t, yaml.Unmarshal([]byte(text), &out.Object))
	return out
}

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

func gadgetResource(version string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "example.com", Version: version, Resource: "gadgets"}
}

// A kind is served from the answer to its definition on, in every version, and gone when the definition is.
func TestDefinitionIsServedAtOnce(t *testing.T) {
	s := start(t, nil)
	client := dyn(t, s)
	ctx := t.Context()
	_, err := client.Resource(gadgetResource("v1")).Namespace("default").Get(ctx, "g", metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err), "%v", err)
	_, err = client.Resource(definitions).Create(ctx, parse(t, gadgets), metav1.CreateOptions{})
	require.NoError(t, err)

	gadget := parse(t, `{apiVersion: example.com/v1, kind: Gadget, metadata: {name: g}, spec: {color: red}}`)
	out, err := client.Resource(gadgetResource("v1")).Namespace("default").Apply(ctx, "g", parse(t,
		`{apiVersion: example.com/v1, kind: Gadget, metadata: {name: h}}`), metav1.ApplyOptions{FieldManager: "m"})
	require.True(t, apierrors.IsBadRequest(err), "%v %v", out, err)
	out, err = client.Resource(gadgetResource("v1")).Namespace("default").Create(ctx, gadget, metav1.CreateOptions{})
	require.NoError(t, err)
	assert.Nil(t, out.Object["spec"].(map[string]any)["color"], "pruned")
	_, err = client.Resource(gadgetResource("v1")).Namespace("default").Create(ctx, gadget, metav1.CreateOptions{FieldValidation: "Strict"})
	require.ErrorContains(t, err, `strict decoding error: unknown field "spec.color"`)
	old, err := client.Resource(gadgetResource("v1beta1")).Namespace("default").Get(ctx, "g", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, "example.com/v1beta1", old.GetAPIVersion())
	_, err = client.Resource(gadgetResource("v1")).Namespace("default").Patch(ctx, "g", types.MergePatchType, []byte(`{"spec":{"size":10}}`), metav1.PatchOptions{})
	require.True(t, apierrors.IsInvalid(err), "%v", err)

	disc, err := discovery.NewDiscoveryClientForConfig(s.Config())
	require.NoError(t, err)
	list, err := disc.ServerResourcesForGroupVersion("example.com/v1")
	require.NoError(t, err)
	assert.Equal(t, []string{"gd"}, list.APIResources[0].ShortNames)
	paths, err := disc.OpenAPIV3().Paths()
	require.NoError(t, err)
	assert.Contains(t, paths, "apis/example.com/v1")

	require.NoError(t, client.Resource(definitions).Delete(ctx, "gadgets.example.com", metav1.DeleteOptions{}))
	_, err = client.Resource(definitions).Get(ctx, "gadgets.example.com", metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err), "%v", err)
	_, err = client.Resource(gadgetResource("v1")).Namespace("default").Get(ctx, "g", metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err), "%v", err)
}

// Ownership is kept per version; an apply at another version takes over what it names.
func TestApplyAtTwoVersions(t *testing.T) {
	s := start(t, nil)
	client := dyn(t, s)
	_, err := client.Resource(definitions).Create(t.Context(), parse(t, gadgets), metav1.CreateOptions{})
	require.NoError(t, err)
	apply := func(version, manager, size string) (*unstructured.Unstructured, error) {
		return client.Resource(gadgetResource(version)).Namespace("default").Apply(t.Context(), "g",
			parse(t, `{apiVersion: example.com/`+version+`, kind: Gadget, metadata: {name: g}, spec: {size: `+size+`}}`),
			metav1.ApplyOptions{FieldManager: manager})
	}
	_, err = apply("v1", "a", "1")
	require.NoError(t, err)
	_, err = apply("v1beta1", "b", "2")
	require.True(t, apierrors.IsConflict(err), "%v", err)
	out, err := apply("v1beta1", "a", "2")
	require.NoError(t, err)
	size, _, _ := unstructured.NestedInt64(out.Object, "spec", "size")
	assert.Equal(t, int64(2), size)
}

func TestNamespaceLifecycle(t *testing.T) {
	s := start(t, nil)
	client := dyn(t, s)
	namespaces := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	obj := configMap("a", nil)
	obj.SetNamespace("shop")
	_, err := client.Resource(configMaps).Namespace("shop").Create(t.Context(), obj, metav1.CreateOptions{})
	require.EqualError(t, err, `namespaces "shop" not found`)
	_, err = namespaces.Create(t.Context(), parse(t, `{apiVersion: v1, kind: Namespace, metadata: {name: shop}}`), metav1.CreateOptions{})
	require.NoError(t, err)
	obj.SetFinalizers([]string{"example.com/hold"})
	_, err = client.Resource(configMaps).Namespace("shop").Create(t.Context(), obj, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, namespaces.Delete(t.Context(), "shop", metav1.DeleteOptions{}))
	other := configMap("b", nil)
	other.SetNamespace("shop")
	_, err = client.Resource(configMaps).Namespace("shop").Create(t.Context(), other, metav1.CreateOptions{})
	require.True(t, apierrors.HasStatusCause(err, "NamespaceTerminating"), "%v", err)
	_, err = client.Resource(configMaps).Namespace("shop").Patch(t.Context(), "a", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	_, err = namespaces.Get(t.Context(), "shop", metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err), "%v", err)
}

// A watch that asks for it gets what is there, a bookmark that says so, and then the changes.
func TestWatchListEndsWithABookmark(t *testing.T) {
	s := start(t, nil)
	c := dyn(t, s).Resource(configMaps).Namespace("default")
	_, err := c.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
	require.NoError(t, err)
	yes := true
	w, err := c.Watch(t.Context(), metav1.ListOptions{
		SendInitialEvents: &yes, AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	require.NoError(t, err)
	defer w.Stop()
	first, mark := <-w.ResultChan(), <-w.ResultChan()
	assert.Equal(t, watch.Added, first.Type)
	require.Equal(t, watch.Bookmark, mark.Type)
	assert.Equal(t, "true", mark.Object.(*unstructured.Unstructured).GetAnnotations()["k8s.io/initial-events-end"])
	_, err = c.Create(t.Context(), configMap("b", nil), metav1.CreateOptions{})
	require.NoError(t, err)
	next := <-w.ResultChan()
	assert.Equal(t, "b", next.Object.(*unstructured.Unstructured).GetName())
}

// A watcher with a selector is told of objects that come into it and leave it.
func TestWatchBySelector(t *testing.T) {
	s := start(t, nil)
	c := dyn(t, s).Resource(configMaps).Namespace("default")
	w, err := c.Watch(t.Context(), metav1.ListOptions{LabelSelector: "on=yes"})
	require.NoError(t, err)
	defer w.Stop()
	_, err = c.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
	require.NoError(t, err)
	for _, label := range []string{`"yes"`, `"no"`} {
		_, err = c.Patch(t.Context(), "a", types.MergePatchType, []byte(`{"metadata":{"labels":{"on":`+label+`}}}`), metav1.PatchOptions{})
		require.NoError(t, err)
	}
	assert.Equal(t, watch.Added, (<-w.ResultChan()).Type)
	assert.Equal(t, watch.Deleted, (<-w.ResultChan()).Type)
}

// Every answer that is not the usual one says what it is.
func TestAnswers(t *testing.T) {
	s := start(t, nil)
	_, err := dyn(t, s).Resource(definitions).Create(t.Context(), parse(t, gadgets), metav1.CreateOptions{})
	require.NoError(t, err)
	tests := []struct {
		name, method, path, accept, media, body string
		code                                    int
		want                                    string
	}{
		{"table", "GET", "/api/v1/namespaces", "application/json;as=Table;g=meta.k8s.io;v=v1", "", "", 200, `"kind":"Table"`},
		{"table of a custom resource", "GET", "/apis/example.com/v1/gadgets", "application/json;as=Table;g=meta.k8s.io;v=v1", "", "", 200, `"name":"Size"`},
		{"yaml", "GET", "/api/v1/namespaces/default", "application/yaml", "", "", 200, "kind: Namespace"},
		{"protobuf of a custom resource", "GET", "/apis/example.com/v1/gadgets", "application/vnd.kubernetes.protobuf", "", "", 406, "NotAcceptable"},
		{"protobuf to a custom resource", "POST", "/apis/example.com/v1/namespaces/default/gadgets", "", "application/vnd.kubernetes.protobuf", "x", 415, "UnsupportedMediaType"},
		{"cbor", "POST", "/api/v1/namespaces", "", "application/cbor", "x", 415, "UnsupportedMediaType"},
		{"logs", "GET", "/api/v1/namespaces/default/pods/x/log", "", "", "", 501, "pod logs"},
		{"OpenAPI v2", "GET", "/openapi/v2", "", "", "", 200, `"swagger":"2.0"`},
		{"unknown path", "GET", "/apis/none.example.com/v1", "", "", "", 404, "404 page not found"},
		{"a method that the kind has not", "POST", "/api/v1/namespaces/default/pods/x/status", "", "", "{}", 405, "MethodNotAllowed"},
		{"unindexed field", "GET", "/api/v1/configmaps?fieldSelector=data.k%3Dv", "", "", "", 400, "is not a known field selector"},
		{"apply without a manager", "PATCH", "/api/v1/namespaces/default", "", "application/apply-patch+yaml", "{}", 422, "fieldManager: Required value"},
		{"a version to come", "GET", "/api/v1/configmaps?resourceVersion=999999", "", "", "", 504, "Too large resource version"},
		{"may I", "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "", "application/json", `{"spec":{"resourceAttributes":{"verb":"get"}}}`, 201, `"allowed":true`},
		{"deprecated version", "GET", "/apis/example.com/v1beta1/gadgets", "", "", "", 200, `GadgetList`},
		{"ready", "GET", "/readyz", "", "", "", 200, "ok"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, test.path, strings.NewReader(test.body))
			if test.accept != "" {
				r.Header.Set("Accept", test.accept)
			}
			if test.media != "" {
				r.Header.Set("Content-Type", test.media)
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			assert.Equal(t, test.code, w.Code, w.Body.String())
			assert.Contains(t, w.Body.String(), test.want)
			if test.name == "deprecated version" {
				assert.Contains(t, w.Header().Get("Warning"), "deprecated")
			}
		})
	}
}

// A group whose backend does not answer is stale, and concerns nobody else.
func TestBackendThatDoesNotAnswer(t *testing.T) {
	s := start(t, &memory.Options{Controllers: true})
	client, err := dynamic.NewForConfig(s.Config())
	require.NoError(t, err)
	_, err = client.Resource(schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}).Create(t.Context(), parse(t, `
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec: {group: metrics.k8s.io, version: v1beta1, groupPriorityMinimum: 100, versionPriority: 100, service: {name: m, namespace: default}}`), metav1.CreateOptions{})
	require.NoError(t, err)
	disc, err := discovery.NewDiscoveryClientForConfig(s.Config())
	require.NoError(t, err)
	_, lists, err := disc.ServerGroupsAndResources()
	var failed *discovery.ErrGroupDiscoveryFailed
	require.ErrorAs(t, err, &failed)
	assert.Len(t, failed.Groups, 1)
	assert.Greater(t, len(lists), 15)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/apis/metrics.k8s.io/v1beta1/pods", nil))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	var status metav1.Status
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &status))
	assert.Equal(t, metav1.StatusReasonServiceUnavailable, status.Reason)
}
