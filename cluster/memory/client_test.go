package memory_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

func start(t *testing.T, opts *memory.Options) *memory.Server {
	t.Helper()
	s, err := memory.New(opts)
	require.NoError(t, err)
	t.Cleanup(func() {
		s.Close()
		assert.NoError(t, s.ControllerErrors())
	})
	return s
}

func dyn(t *testing.T, s *memory.Server) dynamic.Interface {
	t.Helper()
	c, err := dynamic.NewForConfig(s.Config())
	require.NoError(t, err)
	return c
}

func configMap(name string, data map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": name, "namespace": "default"}, "data": data,
	}}
}

func TestDynamicClientRoundTrip(t *testing.T) {
	s := start(t, nil)
	c := dyn(t, s).Resource(configMaps).Namespace("default")
	ctx := t.Context()

	created, err := c.Create(ctx, configMap("a", map[string]any{"k": "v"}), metav1.CreateOptions{FieldManager: "tester"})
	require.NoError(t, err)
	assert.NotEmpty(t, created.GetUID())
	assert.Equal(t, "tester", created.GetManagedFields()[0].Manager)
	_, err = c.Create(ctx, configMap("a", nil), metav1.CreateOptions{})
	require.True(t, apierrors.IsAlreadyExists(err), "%v", err)

	got, err := c.Get(ctx, "a", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, created, got)

	stale := got.DeepCopy()
	require.NoError(t, unstructured.SetNestedField(got.Object, "w", "data", "k"))
	updated, err := c.Update(ctx, got, metav1.UpdateOptions{})
	require.NoError(t, err)
	assert.NotEqual(t, created.GetResourceVersion(), updated.GetResourceVersion())
	_, err = c.Update(ctx, stale, metav1.UpdateOptions{})
	require.True(t, apierrors.IsConflict(err), "%v", err)

	patched, err := c.Patch(ctx, "a", types.MergePatchType, []byte(`{"data":{"k":null,"x":"y"}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"x": "y"}, patched.Object["data"])
	patched, err = c.Patch(ctx, "a", types.JSONPatchType, []byte(`[{"op":"replace","path":"/data/x","value":"z"}]`), metav1.PatchOptions{})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"x": "z"}, patched.Object["data"])
	patched, err = c.Patch(ctx, "a", types.StrategicMergePatchType, []byte(`{"data":{"s":"t"}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"x": "z", "s": "t"}, patched.Object["data"])

	require.NoError(t, c.Delete(ctx, "a", metav1.DeleteOptions{}))
	_, err = c.Get(ctx, "a", metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err), "%v", err)
	assert.EqualError(t, err, `configmaps "a" not found`)
}

func TestApplyConflictsAndForce(t *testing.T) {
	s := start(t, nil)
	c := dyn(t, s).Resource(configMaps).Namespace("default")
	apply := func(manager, value string, force bool) (*unstructured.Unstructured, error) {
		return c.Apply(t.Context(), "a", configMap("a", map[string]any{"k": value}), metav1.ApplyOptions{FieldManager: manager, Force: force})
	}
	first, err := apply("one", "1", false)
	require.NoError(t, err)
	again, err := apply("one", "1", false)
	require.NoError(t, err)
	assert.Equal(t, first, again, "an apply that changes nothing is no write")
	_, err = apply("two", "2", false)
	require.True(t, apierrors.IsConflict(err), "%v", err)
	assert.EqualError(t, err, `Apply failed with 1 conflict: conflict with "one": .data.k`)
	forced, err := apply("two", "2", true)
	require.NoError(t, err)
	require.Len(t, forced.GetManagedFields(), 1)
	assert.Equal(t, "two", forced.GetManagedFields()[0].Manager)
}

// client-go's typed clients speak protobuf and list by watching.
func TestTypedClientAndInformer(t *testing.T) {
	s := start(t, nil)
	config := s.Config()
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	client, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	ctx := t.Context()
	deployment := &apps.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "default"},
		Spec: apps.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			Template: core.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}},
				Spec:       core.PodSpec{Containers: []core.Container{{Name: "c", Image: "nginx"}}},
			},
		},
	}
	created, err := client.AppsV1().Deployments("default").Create(ctx, deployment, metav1.CreateOptions{})
	require.NoError(t, err)
	assert.Equal(t, int32(1), *created.Spec.Replicas)
	assert.Equal(t, core.PullAlways, created.Spec.Template.Spec.Containers[0].ImagePullPolicy)

	scale, err := client.AppsV1().Deployments("default").GetScale(ctx, "web", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, "app=web", scale.Status.Selector)
	scale.Spec.Replicas = 4
	_, err = client.AppsV1().Deployments("default").UpdateScale(ctx, "web", scale, metav1.UpdateOptions{FieldManager: "scaler"})
	require.NoError(t, err)
	created, err = client.AppsV1().Deployments("default").Get(ctx, "web", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, int32(4), *created.Spec.Replicas)
	created.Status.Replicas = 4
	created.Spec.Replicas = nil
	created, err = client.AppsV1().Deployments("default").UpdateStatus(ctx, created, metav1.UpdateOptions{})
	require.NoError(t, err)
	assert.Equal(t, int32(4), created.Status.Replicas)
	assert.Equal(t, int32(4), *created.Spec.Replicas, "a status write leaves the spec")
	assert.Equal(t, int64(2), created.Generation)

	factory := informers.NewSharedInformerFactory(client, 0)
	informer := factory.Apps().V1().Deployments()
	events := make(chan string, 10)
	_, err = informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { events <- "add " + o.(*apps.Deployment).Name },
		DeleteFunc: func(o any) { events <- "delete " + o.(*apps.Deployment).Name },
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(ctx)
	defer factory.Shutdown()
	defer cancel()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	assert.Equal(t, "add web", <-events)
	require.NoError(t, client.AppsV1().Deployments("default").Delete(ctx, "web", metav1.DeleteOptions{}))
	assert.Equal(t, "delete web", <-events)
	var watches int
	for _, r := range s.Requests() {
		if r.Watch {
			watches++
		}
	}
	assert.Positive(t, watches)
}

func TestDynamicInformerSeesEveryChange(t *testing.T) {
	s := start(t, nil)
	client := dyn(t, s)
	factory := dynamicinformer.NewDynamicSharedInformerFactory(client, 0)
	events := make(chan string, 100)
	name := func(o any) string { return o.(*unstructured.Unstructured).GetName() }
	_, err := factory.ForResource(configMaps).Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { events <- "add " + name(o) },
		UpdateFunc: func(_, o any) { events <- "update " + name(o) },
		DeleteFunc: func(o any) { events <- "delete " + name(o) },
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer factory.Shutdown()
	defer cancel()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	c := client.Resource(configMaps).Namespace("default")
	for i := range 5 {
		n := fmt.Sprint("m", i)
		_, err := c.Create(ctx, configMap(n, map[string]any{"k": "v"}), metav1.CreateOptions{})
		require.NoError(t, err)
		_, err = c.Patch(ctx, n, types.MergePatchType, []byte(`{"data":{"k":"w"}}`), metav1.PatchOptions{})
		require.NoError(t, err)
		require.NoError(t, c.Delete(ctx, n, metav1.DeleteOptions{}))
		for _, want := range []string{"add ", "update ", "delete "} {
			require.Equal(t, want+n, <-events)
		}
	}
}

func TestDiscovery(t *testing.T) {
	s := start(t, nil)
	client, err := discovery.NewDiscoveryClientForConfig(s.Config())
	require.NoError(t, err)
	_, lists, err := client.ServerGroupsAndResources()
	require.NoError(t, err)
	kinds := map[string]bool{}
	for _, l := range lists {
		for _, r := range l.APIResources {
			kinds[l.GroupVersion+" "+r.Name] = true
		}
	}
	for _, want := range []string{"v1 pods", "v1 pods/status", "apps/v1 deployments", "apps/v1 deployments/scale", "batch/v1 cronjobs"} {
		assert.True(t, kinds[want], want)
	}
	version, err := client.ServerVersion()
	require.NoError(t, err)
	assert.Equal(t, "v1.37.1", version.GitVersion)
	paths, err := client.OpenAPIV3().Paths()
	require.NoError(t, err)
	doc, err := paths["apis/apps/v1"].Schema("application/json")
	require.NoError(t, err)
	assert.Contains(t, string(doc), "io.k8s.api.apps.v1.Deployment")
	legacy := client.WithLegacy()
	_, old, err := legacy.ServerGroupsAndResources()
	require.NoError(t, err)
	assert.Len(t, old, len(lists))
}

func TestWatchFromVersionAndExpiry(t *testing.T) {
	s := start(t, nil)
	c := dyn(t, s).Resource(configMaps).Namespace("default")
	ctx := t.Context()
	first, err := c.Create(ctx, configMap("a", nil), metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = c.Create(ctx, configMap("b", nil), metav1.CreateOptions{})
	require.NoError(t, err)
	w, err := c.Watch(ctx, metav1.ListOptions{ResourceVersion: first.GetResourceVersion()})
	require.NoError(t, err)
	event := <-w.ResultChan()
	assert.Equal(t, watch.Added, event.Type)
	assert.Equal(t, "b", event.Object.(*unstructured.Unstructured).GetName())
	w.Stop()

	s.Expire()
	w, err = c.Watch(ctx, metav1.ListOptions{ResourceVersion: first.GetResourceVersion()})
	require.NoError(t, err)
	event = <-w.ResultChan()
	assert.Equal(t, watch.Error, event.Type)
	assert.True(t, apierrors.IsResourceExpired(apierrors.FromObject(event.Object)))
	w.Stop()
}

func TestPagesAreOneSnapshot(t *testing.T) {
	s := start(t, nil)
	c := dyn(t, s).Resource(configMaps).Namespace("default")
	ctx := t.Context()
	for i := range 7 {
		_, err := c.Create(ctx, configMap(fmt.Sprint("m", i), nil), metav1.CreateOptions{})
		require.NoError(t, err)
	}
	var names []string
	page, err := c.List(ctx, metav1.ListOptions{Limit: 3})
	require.NoError(t, err)
	assert.Equal(t, int64(4), *page.GetRemainingItemCount())
	require.NoError(t, c.Delete(ctx, "m5", metav1.DeleteOptions{}))
	for {
		for _, item := range page.Items {
			names = append(names, item.GetName())
		}
		if page.GetContinue() == "" {
			break
		}
		page, err = c.List(ctx, metav1.ListOptions{Limit: 3, Continue: page.GetContinue()})
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"m0", "m1", "m2", "m3", "m4", "m5", "m6"}, names)
}

func TestMetadataClient(t *testing.T) {
	s := start(t, nil)
	client, err := metadata.NewForConfig(s.Config())
	require.NoError(t, err)
	_, err = dyn(t, s).Resource(configMaps).Namespace("default").Create(t.Context(), configMap("a", map[string]any{"k": "v"}), metav1.CreateOptions{})
	require.NoError(t, err)
	list, err := client.Resource(configMaps).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	assert.Equal(t, "a", list.Items[0].Name)
	one, err := client.Resource(configMaps).Namespace("default").Get(t.Context(), "a", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, list.Items[0].UID, one.UID)
}
