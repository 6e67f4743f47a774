package kubetest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// resources maps the plural names that these tests use to their groups.
var resources = map[string]schema.GroupVersionResource{
	"namespaces":             {Version: "v1", Resource: "namespaces"},
	"configmaps":             {Version: "v1", Resource: "configmaps"},
	"pods":                   {Version: "v1", Resource: "pods"},
	"services":               {Version: "v1", Resource: "services"},
	"persistentvolumes":      {Version: "v1", Resource: "persistentvolumes"},
	"persistentvolumeclaims": {Version: "v1", Resource: "persistentvolumeclaims"},
	"endpointslices":         {Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"},
	"deployments":            {Group: "apps", Version: "v1", Resource: "deployments"},
	"statefulsets":           {Group: "apps", Version: "v1", Resource: "statefulsets"},
	"daemonsets":             {Group: "apps", Version: "v1", Resource: "daemonsets"},
	"jobs":                   {Group: "batch", Version: "v1", Resource: "jobs"},
	"apiservices":            {Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"},
}

func client(t *testing.T, config *rest.Config) dynamic.Interface {
	t.Helper()
	c, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	return c
}

func parse(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	obj := &unstructured.Unstructured{}
	require.NoError(t, yaml.Unmarshal([]byte(manifest), &obj.Object))
	return obj
}

// limited returns a context that ends early enough before the test does to report what is missing.
func limited(t *testing.T) context.Context {
	t.Helper()
	deadline, ok := t.Deadline()
	if !ok {
		return t.Context()
	}
	ctx, cancel := context.WithDeadline(t.Context(), deadline.Add(-10*time.Second))
	t.Cleanup(cancel)
	return ctx
}

// until watches the objects of a resource that the options select and returns the first for which done is true.
func until(t *testing.T, api dynamic.ResourceInterface, opts metav1.ListOptions, done func(watch.Event) bool) *unstructured.Unstructured {
	t.Helper()
	ctx := limited(t)
	w, err := api.Watch(ctx, opts)
	require.NoError(t, err)
	defer w.Stop()
	var last *unstructured.Unstructured
	for {
		select {
		case event, open := <-w.ResultChan():
			require.True(t, open, "the watch ended before the condition held; last object: %v", last)
			obj, ok := event.Object.(*unstructured.Unstructured)
			require.True(t, ok, "watch: %v", event.Object)
			if last = obj; done(event) {
				return obj
			}
		case <-ctx.Done():
			require.Fail(t, "out of time", "last object: %v", last)
		}
	}
}

func named(name string) metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: "metadata.name=" + name}
}

// is returns a condition on one status field, given as its path and the JSON of its value.
func is(want string, path ...string) func(watch.Event) bool {
	return func(event watch.Event) bool {
		obj, ok := event.Object.(*unstructured.Unstructured)
		if !ok || event.Type == watch.Deleted {
			return false
		}
		value, _, _ := unstructured.NestedFieldNoCopy(obj.Object, path...)
		got, _ := json.Marshal(value)
		return string(got) == want
	}
}

// condition is true when the object has the status condition.
func condition(kind, status string) func(watch.Event) bool {
	return func(event watch.Event) bool {
		obj, ok := event.Object.(*unstructured.Unstructured)
		if !ok {
			return false
		}
		conditions, _, _ := unstructured.NestedSlice(obj.Object, "status", "conditions")
		for _, c := range conditions {
			if c := c.(map[string]any); c["type"] == kind && c["status"] == status {
				return true
			}
		}
		return false
	}
}

func TestAPIServerAlone(t *testing.T) {
	cluster := kubetest.Shared(t, nil)
	namespace := kubetest.Namespace(t, cluster.Config())
	api := client(t, cluster.Config())

	t.Run("version", func(t *testing.T) {
		d, err := discovery.NewDiscoveryClientForConfig(cluster.Config())
		require.NoError(t, err)
		version, err := d.ServerVersion()
		require.NoError(t, err)
		assert.Equal(t, kubetest.Version, version.GitVersion)
	})

	t.Run("apply", func(t *testing.T) {
		obj := parse(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}`)
		got, err := api.Resource(resources["configmaps"]).Namespace(namespace).Apply(t.Context(), "a", obj, metav1.ApplyOptions{FieldManager: "me"})
		require.NoError(t, err)
		require.Len(t, got.GetManagedFields(), 1)
		assert.Equal(t, "me", got.GetManagedFields()[0].Manager)
	})

	t.Run("pods are admitted and nothing runs them", func(t *testing.T) {
		pods := api.Resource(resources["pods"]).Namespace(namespace)
		pod, err := pods.Create(t.Context(), parse(t, `{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}]}}`), metav1.CreateOptions{})
		require.NoError(t, err)
		node, _, _ := unstructured.NestedString(pod.Object, "spec", "nodeName")
		assert.Empty(t, node)
	})

	t.Run("kubeconfig", func(t *testing.T) {
		config, err := clientcmd.BuildConfigFromFlags("", cluster.Kubeconfig())
		require.NoError(t, err)
		_, err = client(t, config).Resource(resources["namespaces"]).Get(t.Context(), namespace, metav1.GetOptions{})
		require.NoError(t, err)
	})

	t.Run("a user may do what RBAC grants", func(t *testing.T) {
		config, err := cluster.User("jane", "developers")
		require.NoError(t, err)
		_, err = client(t, config).Resource(resources["configmaps"]).Namespace(namespace).Get(t.Context(), "a", metav1.GetOptions{})
		require.True(t, apierrors.IsForbidden(err), "%v", err)
		assert.Contains(t, err.Error(), `User "jane"`)

		config, err = cluster.User("root", "system:masters")
		require.NoError(t, err)
		_, err = client(t, config).Resource(resources["configmaps"]).Namespace(namespace).Get(t.Context(), "a", metav1.GetOptions{})
		require.NoError(t, err)
	})

	t.Run("shared", func(t *testing.T) {
		assert.Same(t, cluster, kubetest.Shared(t, &kubetest.Options{}))
	})
}

func TestStopAndRestart(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Start(t, nil)
	api := client(t, cluster.Config())
	namespace := kubetest.Namespace(t, cluster.Config())
	require.Error(t, cluster.Restart(t.Context()), "it is running")

	watching, err := api.Resource(resources["configmaps"]).Namespace(namespace).Watch(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	cluster.Stop()
	for range watching.ResultChan() { // ends because the connection breaks
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err = api.Resource(resources["namespaces"]).Get(ctx, namespace, metav1.GetOptions{})
	require.ErrorContains(t, err, "connection refused")

	taker, err := net.Listen("tcp", strings.TrimPrefix(cluster.Config().Host, "https://"))
	require.NoError(t, err)
	require.ErrorContains(t, cluster.Restart(t.Context()), "address already in use")
	require.NoError(t, taker.Close())

	require.NoError(t, cluster.Restart(t.Context()))
	got, err := api.Resource(resources["namespaces"]).Get(ctx, namespace, metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, namespace, got.GetName())
}

func TestCloseTwice(t *testing.T) {
	cluster := kubetest.Start(t, nil)
	cluster.Close()
	assert.NoFileExists(t, cluster.Kubeconfig())
	_, err := client(t, cluster.Config()).Resource(resources["namespaces"]).List(t.Context(), metav1.ListOptions{})
	require.Error(t, err)
	cluster.Close()
}

func workload(kind, name, annotations string) string {
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: %s
metadata: {name: %s}
spec:
  selector: {matchLabels: {app: %s}}
  template:
    metadata: {labels: {app: %s}, annotations: {%s}}
    spec: {containers: [{name: web, image: example/web:1}]}
`, kind, name, name, name, annotations)
}
