package memory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		s, err := memory.New(nil)
		require.NoError(b, err)
		s.Close()
	}
}

// Applies of a ConfigMap of one kilobyte, each of which changes it.
func BenchmarkApply(b *testing.B) {
	filler := strings.Repeat("x", 1000)
	benchmarkApply(b, configMaps, func(i int) *unstructured.Unstructured {
		return configMap("a", map[string]any{"filler": filler, "n": fmt.Sprint(i)})
	})
}

// Applies of a Deployment of two containers, each of which changes it.
func BenchmarkApplyDeployment(b *testing.B) {
	gvr := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	container := func(name string, i int) map[string]any {
		return map[string]any{
			"name": name, "image": "registry.example.com/" + name + ":v1.2.3",
			"args": []any{"--listen=:8080", fmt.Sprint("--value=", i)},
			"env": []any{
				map[string]any{"name": "MODE", "value": "production"},
				map[string]any{"name": "POD", "valueFrom": map[string]any{"fieldRef": map[string]any{"fieldPath": "metadata.name"}}},
			},
			"ports": []any{map[string]any{"name": name, "containerPort": int64(8080 + len(name))}},
			"resources": map[string]any{
				"requests": map[string]any{"cpu": "100m", "memory": "128Mi"}, "limits": map[string]any{"memory": "256Mi"},
			},
			"readinessProbe":  map[string]any{"httpGet": map[string]any{"path": "/ready", "port": name}, "periodSeconds": int64(5)},
			"volumeMounts":    []any{map[string]any{"name": "config", "mountPath": "/etc/app", "readOnly": true}},
			"securityContext": map[string]any{"runAsNonRoot": true, "allowPrivilegeEscalation": false},
		}
	}
	benchmarkApply(b, gvr, func(i int) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "a"},
			"spec": map[string]any{
				"replicas": int64(2),
				"selector": map[string]any{"matchLabels": map[string]any{"app": "a"}},
				"template": map[string]any{
					"metadata": map[string]any{"labels": map[string]any{"app": "a"}},
					"spec": map[string]any{
						"serviceAccountName": "default",
						"containers":         []any{container("app", i), container("proxy", i)},
						"volumes":            []any{map[string]any{"name": "config", "configMap": map[string]any{"name": "a"}}},
					},
				},
			},
		}}
	})
}

func benchmarkApply(b *testing.B, gvr schema.GroupVersionResource, object func(i int) *unstructured.Unstructured) {
	s, err := memory.New(nil)
	require.NoError(b, err)
	defer s.Close()
	client, err := dynamic.NewForConfig(s.Config())
	require.NoError(b, err)
	c := client.Resource(gvr).Namespace("default")
	i := 0
	for b.Loop() {
		i++
		_, err := c.Apply(b.Context(), "a", object(i), metav1.ApplyOptions{FieldManager: "m"})
		require.NoError(b, err)
	}
}
