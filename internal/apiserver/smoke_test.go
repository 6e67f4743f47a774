package apiserver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

func TestSmoke(t *testing.T) {
	start := time.Now()
	s, err := apiserver.New(apiserver.Options{})
	require.NoError(t, err)
	t.Log("new", time.Since(start))
	api := s.API()
	dep := []byte(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      hostNetwork: false
      containers:
      - name: web
        image: nginx:1.27
        ports: [{containerPort: 80}]
        resources: {limits: {cpu: "0.5"}}
        env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
`)
	start = time.Now()
	gvk := (&unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment"}}).GroupVersionKind()
	out, err := api.Patch(gvk, "default", "web", types.ApplyYAMLPatchType, dep, apiserver.WriteOptions{Manager: "test"})
	require.NoError(t, err)
	t.Log("first apply", time.Since(start))
	start = time.Now()
	again, err := api.Patch(gvk, "default", "web", types.ApplyYAMLPatchType, dep, apiserver.WriteOptions{Manager: "test"})
	require.NoError(t, err)
	t.Log("second apply", time.Since(start))
	require.Equal(t, out.GetResourceVersion(), again.GetResourceVersion())
	y, _ := yaml.Marshal(out.Object)
	t.Logf("\n%s", y)
	_, err = api.Patch(gvk, "default", "web", types.ApplyYAMLPatchType, []byte(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":3,"template":{"spec":{"containers":[{"name":"web","image":"x"}]}}}}`), apiserver.WriteOptions{Manager: "other"})
	t.Log(err)
	require.Empty(t, s.Faults())
}
