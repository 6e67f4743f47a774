package memory_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// What a write is answered with is what a read finds afterwards, for kinds whose types have defaults, quantities, times,
// numbers that are whole by chance and numbers too large for that.
func TestAnswerIsWhatIsStored(t *testing.T) {
	s, err := memory.New(nil)
	require.NoError(t, err)
	defer s.Close()
	client, err := dynamic.NewForConfig(s.Config())
	require.NoError(t, err)

	for _, tt := range []struct {
		gvr  schema.GroupVersionResource
		home string
		text string
	}{
		{configMaps, "default", `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: "<\"é\u2028\n"}, binaryData: {b: AAEC}}`},
		{schema.GroupVersionResource{Version: "v1", Resource: "secrets"}, "default",
			`{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {a: b}}`},
		{schema.GroupVersionResource{Version: "v1", Resource: "services"}, "default",
			`{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: NodePort, selector: {a: b}, ports: [{port: 80}]}}`},
		{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}, "default",
			`{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}},
			spec: {containers: [{name: c, image: d, resources: {limits: {cpu: 0.5, memory: 1024Mi}}, livenessProbe: {tcpSocket: {port: 80}}}]}}}}`},
		{schema.GroupVersionResource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"}, "default",
			`{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {maxReplicas: 3,
			scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}`},
		{schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}, "default",
			`{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: a}, spec: {holderIdentity: x, renewTime: "2026-01-02T03:04:05.000006Z"}}`},
		{schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}, "",
			`{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: as.example.com}, spec: {group: example.com,
			scope: Namespaced, names: {kind: A, plural: as}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object,
			properties: {num: {type: number, maximum: 5, minimum: 0.5, default: 2.5}, i: {type: integer, maximum: 1e15, default: 2}}}}}]}}`},
		{schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "as"}, "default",
			`{apiVersion: example.com/v1, kind: A, metadata: {name: a}, num: 2.0, i: 4}`},
	} {
		obj := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte(tt.text), &obj.Object))
		t.Run(obj.GetKind(), func(t *testing.T) {
			var c dynamic.ResourceInterface = client.Resource(tt.gvr)
			if tt.home != "" {
				c = client.Resource(tt.gvr).Namespace(tt.home)
			}
			found := func(answer *unstructured.Unstructured, err error) {
				t.Helper()
				require.NoError(t, err)
				read, err := c.Get(t.Context(), obj.GetName(), metav1.GetOptions{})
				require.NoError(t, err)
				assert.Equal(t, read, answer)
			}
			body, err := json.Marshal(obj.Object)
			require.NoError(t, err)
			if obj.GetKind() == "CustomResourceDefinition" {
				_, err := c.Create(t.Context(), obj, metav1.CreateOptions{}) // it is established before the answer is read
				require.NoError(t, err)
			} else {
				found(c.Create(t.Context(), obj, metav1.CreateOptions{}))
			}
			found(c.Patch(t.Context(), obj.GetName(), types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: "m", Force: new(true)}))
			found(c.Patch(t.Context(), obj.GetName(), types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: "m"}))
			found(c.Patch(t.Context(), obj.GetName(), types.MergePatchType, []byte(`{"metadata":{"labels":{"l":"1"}}}`), metav1.PatchOptions{}))
			read, err := c.Get(t.Context(), obj.GetName(), metav1.GetOptions{})
			require.NoError(t, err)
			read.SetAnnotations(map[string]string{"a": "<&>"})
			found(c.Update(t.Context(), read, metav1.UpdateOptions{}))
		})
	}
}
