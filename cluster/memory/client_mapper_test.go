package memory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	memcache "k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// mapper returns the mapping of kinds that controllers use: it asks when it has to, and keeps what it was told.
func mapper(t *testing.T, s *memory.Server) *restmapper.DeferredDiscoveryRESTMapper {
	t.Helper()
	client, err := discovery.NewDiscoveryClientForConfig(s.Config())
	require.NoError(t, err)
	return restmapper.NewDeferredDiscoveryRESTMapper(memcache.NewMemCacheClient(client))
}

const robots = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: robots.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: robots, singular: robot, kind: Robot, listKind: RobotList, shortNames: [rb], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.arms, statusReplicasPath: .status.arms, labelSelectorPath: .status.selector}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {arms: {type: integer}}}
          status: {type: object, properties: {arms: {type: integer}, selector: {type: string}}}
`

// The mapper finds a kind that was defined after it had asked once it is told to ask again, prefers what the server prefers, and expands short names.
func TestDeferredMapper(t *testing.T) {
	s := start(t, nil)
	m := mapper(t, s)
	mapping, err := m.RESTMapping(schema.GroupKind{Group: "apps", Kind: "Deployment"})
	require.NoError(t, err)
	assert.Equal(t, apps.SchemeGroupVersion.WithResource("deployments"), mapping.Resource)
	assert.Equal(t, meta.RESTScopeNameNamespace, mapping.Scope.Name())
	mapping, err = m.RESTMapping(schema.GroupKind{Kind: "Namespace"})
	require.NoError(t, err)
	assert.Equal(t, meta.RESTScopeNameRoot, mapping.Scope.Name())
	preferred, err := m.KindFor(schema.GroupVersionResource{Group: "autoscaling", Resource: "horizontalpodautoscalers"})
	require.NoError(t, err)
	assert.Equal(t, "v2", preferred.Version)

	robot := schema.GroupKind{Group: "example.com", Kind: "Robot"}
	_, err = m.RESTMapping(robot)
	require.True(t, meta.IsNoMatchError(err), "%v", err)
	_, err = dyn(t, s).Resource(definitions).Create(t.Context(), parse(t, robots), metav1.CreateOptions{})
	require.NoError(t, err)
	m.Reset()
	mapping, err = m.RESTMapping(robot)
	require.NoError(t, err)
	assert.Equal(t, "robots", mapping.Resource.Resource)

	client, err := discovery.NewDiscoveryClientForConfig(s.Config())
	require.NoError(t, err)
	short := restmapper.NewShortcutExpander(m, client, nil)
	for name, want := range map[string]string{"deploy": "deployments", "rb": "robots", "cm": "configmaps", "po": "pods", "ns": "namespaces"} {
		gvr, err := short.ResourceFor(schema.GroupVersionResource{Resource: name})
		require.NoError(t, err, name)
		assert.Equal(t, want, gvr.Resource)
	}
	expanded, ok := restmapper.NewDiscoveryCategoryExpander(client).Expand("all")
	require.True(t, ok)
	assert.Contains(t, expanded, schema.GroupResource{Group: "apps", Resource: "deployments"})
	assert.Contains(t, expanded, schema.GroupResource{Group: "example.com", Resource: "robots"})

	require.NoError(t, dyn(t, s).Resource(definitions).Delete(t.Context(), "robots.example.com", metav1.DeleteOptions{}))
	m.Reset()
	_, err = m.RESTMapping(robot)
	assert.True(t, meta.IsNoMatchError(err), "%v", err)
}

// The client of autoscalers scales whatever says that it can be scaled, kinds of definitions too.
func TestScaleClient(t *testing.T) {
	s := start(t, nil)
	ctx := t.Context()
	objects := dyn(t, s)
	_, err := objects.Resource(definitions).Create(ctx, parse(t, robots), metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = typed(t, s).AppsV1().Deployments("default").Apply(ctx, webConfiguration("example.org/web:1"), metav1.ApplyOptions{FieldManager: "ours"})
	require.NoError(t, err)
	robot := schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "robots"}
	_, err = objects.Resource(robot).Namespace("default").Create(ctx, parse(t, `{apiVersion: example.com/v1, kind: Robot, metadata: {name: web}, spec: {arms: 2}}`), metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = objects.Resource(robot).Namespace("default").Patch(ctx, "web", types.MergePatchType, []byte(`{"status":{"arms":2,"selector":"app=web"}}`), metav1.PatchOptions{}, "status")
	require.NoError(t, err)

	kinds, err := discovery.NewDiscoveryClientForConfig(s.Config())
	require.NoError(t, err)
	client, err := scale.NewForConfig(s.Config(), mapper(t, s), dynamic.LegacyAPIPathResolverFunc, scale.NewDiscoveryScaleKindResolver(kinds))
	require.NoError(t, err)
	for _, gr := range []schema.GroupResource{{Group: "apps", Resource: "deployments"}, robot.GroupResource()} {
		t.Run(gr.String(), func(t *testing.T) {
			scales := client.Scales("default")
			got, err := scales.Get(ctx, gr, "web", metav1.GetOptions{})
			require.NoError(t, err)
			assert.EqualValues(t, 2, got.Spec.Replicas)
			assert.Equal(t, "app=web", got.Status.Selector)
			got.Spec.Replicas = 5
			updated, err := scales.Update(ctx, gr, got, metav1.UpdateOptions{})
			require.NoError(t, err)
			assert.Equal(t, autoscaling.ScaleSpec{Replicas: 5}, autoscaling.ScaleSpec(updated.Spec))
			_, err = scales.Update(ctx, gr, got, metav1.UpdateOptions{})
			assert.True(t, apierrors.IsConflict(err), "%v", err)
			patched, err := scales.Patch(ctx, gr.WithVersion("v1"), "web", types.MergePatchType, []byte(`{"spec":{"replicas":6}}`), metav1.PatchOptions{})
			require.NoError(t, err)
			assert.EqualValues(t, 6, patched.Spec.Replicas)
			_, err = scales.Get(ctx, gr, "nobody", metav1.GetOptions{})
			assert.True(t, apierrors.IsNotFound(err), "%v", err)
		})
	}
	got, err := objects.Resource(robot).Namespace("default").Get(ctx, "web", metav1.GetOptions{})
	require.NoError(t, err)
	arms, _, err := unstructured.NestedInt64(got.Object, "spec", "arms")
	require.NoError(t, err)
	assert.EqualValues(t, 6, arms)
}

// A client for metadata alone writes and watches metadata, and sees no more.
func TestMetadataClientWrites(t *testing.T) {
	s := start(t, nil)
	ctx := t.Context()
	client, err := metadata.NewForConfig(s.Config())
	require.NoError(t, err)
	maps := client.Resource(configMaps).Namespace("default")
	_, err = dyn(t, s).Resource(configMaps).Namespace("default").Create(ctx, configMap("a", map[string]any{"k": "v"}), metav1.CreateOptions{})
	require.NoError(t, err)
	w, err := maps.Watch(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	defer w.Stop()
	assert.Equal(t, "a", (<-w.ResultChan()).Object.(*metav1.PartialObjectMetadata).Name)
	patched, err := maps.Patch(ctx, "a", types.MergePatchType, []byte(`{"metadata":{"labels":{"l":"m"}}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"l": "m"}, patched.Labels)
	event := <-w.ResultChan()
	assert.Equal(t, patched.ResourceVersion, event.Object.(*metav1.PartialObjectMetadata).ResourceVersion)
	require.NoError(t, maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "l=m"}))
	list, err := maps.List(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	assert.Empty(t, list.Items)
}
