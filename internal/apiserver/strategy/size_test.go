package strategy_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// The values of a ConfigMap and of a Secret are a mebibyte at most together, however they are written.
func TestDataSize(t *testing.T) {
	const most = 1 << 20
	encoded := func(n int) string { return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", n))) }
	tests := []struct {
		name, kind string
		parts      map[string]any
		want       string
	}{
		{"most", "ConfigMap", map[string]any{"data": map[string]any{"a": strings.Repeat("x", most)}}, "200"},
		{"text", "ConfigMap", map[string]any{"data": map[string]any{"a": strings.Repeat("x", most), "b": "x"}}, "422"},
		{"both", "ConfigMap", map[string]any{"data": map[string]any{"a": strings.Repeat("x", most-1)}, "binaryData": map[string]any{"b": encoded(2)}}, "422"},
		{"full", "ConfigMap", map[string]any{"data": map[string]any{"a": strings.Repeat("x", most-2)}, "binaryData": map[string]any{"b": encoded(2)}}, "200"},
		{"most-secret", "Secret", map[string]any{"data": map[string]any{"a": encoded(most)}}, "200"},
		{"large-secret", "Secret", map[string]any{"data": map[string]any{"a": encoded(most + 1)}}, "422"},
		{"text-secret", "Secret", map[string]any{"stringData": map[string]any{"a": strings.Repeat("x", most+1)}}, "422"},
	}
	cluster := kubetest.Shared(t, nil)
	server, err := memory.New(nil)
	require.NoError(t, err)
	defer server.Close()
	namespace := kubetest.Namespace(t, cluster.Config())
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var answers [2][]string
			for i, end := range []struct {
				config    *rest.Config
				namespace string
			}{{cluster.Config(), namespace}, {server.Config(), "default"}} {
				obj := map[string]any{"apiVersion": "v1", "kind": test.kind, "metadata": map[string]any{"name": test.name}}
				for name, part := range test.parts {
					obj[name] = part
				}
				resource := apischema.GroupVersionResource{Version: "v1", Resource: strings.ToLower(test.kind) + "s"}
				_, err := dynamicOf(t, end.config).Resource(resource).Namespace(end.namespace).
					Create(t.Context(), &unstructured.Unstructured{Object: obj}, metav1.CreateOptions{})
				answers[i] = answerOf(t, err)
			}
			assert.Equal(t, test.want, answers[0][0], "kube-apiserver: %s", answers[0])
			assert.Equal(t, answers[0], answers[1])
		})
	}
}
