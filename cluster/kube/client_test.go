package kube_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// real returns a client of the shared control plane, as its administrator, and a namespace for the test.
func real(t *testing.T, opts *kube.Options) (*kube.Client, string) {
	t.Helper()
	plane := kubetest.Shared(t, nil)
	client, err := kube.New(plane.Config(), opts)
	require.NoError(t, err)
	return client, kubetest.Namespace(t, plane.Config())
}

// configMap returns one with the data given as pairs.
func configMap(namespace, name string, pairs ...string) *unstructured.Unstructured {
	data := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		data[pairs[i]] = pairs[i+1]
	}
	return object("v1", "ConfigMap", namespace, name, map[string]any{"data": data})
}

// object returns an object with the fields given.
func object(apiVersion, kind, namespace, name string, fields map[string]any) *unstructured.Unstructured {
	content := maps.Clone(fields)
	if content == nil {
		content = map[string]any{}
	}
	content["apiVersion"], content["kind"] = apiVersion, kind
	metadata := map[string]any{"name": name}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	content["metadata"] = metadata
	return &unstructured.Unstructured{Object: content}
}

// deployment returns one of the given size.
func deployment(namespace, name string, replicas int64) *unstructured.Unstructured {
	labels := map[string]any{"app": name}
	return object("apps/v1", "Deployment", namespace, name, map[string]any{"spec": map[string]any{
		"replicas": replicas,
		"selector": map[string]any{"matchLabels": labels},
		"template": map[string]any{
			"metadata": map[string]any{"labels": labels},
			"spec":     map[string]any{"containers": []any{map[string]any{"name": "app", "image": "app:1"}}},
		},
	}})
}

// by is an option to write under a manager.
func by(manager string) cluster.WriteOptions { return cluster.WriteOptions{Manager: manager} }
