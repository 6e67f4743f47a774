package kubetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// Namespace creates a namespace for the test, returns its name and deletes it, without waiting, when the test ends. It
// also creates the service account "default", so that pods are admitted without controllers too.
func Namespace(t testing.TB, config *rest.Config) string {
	t.Helper()
	client, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	namespaces := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	accounts := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"})

	created, err := namespaces.Create(t.Context(), object("Namespace", map[string]any{"generateName": "test-"}), metav1.CreateOptions{})
	require.NoError(t, err)
	name := created.GetName()
	t.Cleanup(func() {
		// A server that the test has stopped does not answer; its namespaces have gone with it.
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := namespaces.Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Logf("delete namespace %s: %v", name, err)
		}
	})
	_, err = accounts.Namespace(name).Create(t.Context(), object("ServiceAccount", map[string]any{"name": "default"}), metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		require.NoError(t, err)
	}
	return name
}

func object(kind string, metadata map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": kind, "metadata": metadata}}
}
