package strategy_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// What is wrong with a definition is said once, on a write of it and on a change.
func TestDefinitionFaults(t *testing.T) {
	definitions := apischema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	good := `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: faults.once.example.com}, spec: {
		group: once.example.com, scope: Namespaced, names: {plural: faults, kind: Fault},
		versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}}`
	creates := map[string]string{
		"no scope":        `{"spec": {"scope": "Wide"}}`,
		"bad names":       `{"spec": {"names": {"plural": "faults", "kind": "A b", "shortNames": ["X Y"]}}}`,
		"no versions":     `{"spec": {"versions": []}}`,
		"bad version":     `{"spec": {"versions": [{"name": "V 1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}]}}`,
		"bad conversion":  `{"spec": {"conversion": {"strategy": "Often"}}}`,
		"no schema":       `{"spec": {"versions": [{"name": "v1", "served": true, "storage": true}]}}`,
		"column":          `{"spec": {"versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}, "additionalPrinterColumns": [{"name": "a", "type": "text", "jsonPath": ""}]}]}}`,
		"two are storage": `{"spec": {"versions": [{"name": "v1", "storage": true, "served": true, "schema": {"openAPIV3Schema": {"type": "object"}}}, {"name": "v1", "storage": true, "served": true, "schema": {"openAPIV3Schema": {"type": "object"}}}]}}`,
	}
	server, err := memory.New(nil)
	require.NoError(t, err)
	defer server.Close()
	configs := []*rest.Config{kubetest.Shared(t, nil).Config(), server.Config()}
	for _, config := range configs {
		var obj unstructured.Unstructured
		require.NoError(t, yaml.Unmarshal([]byte(good), &obj.Object))
		client := dynamicOf(t, config).Resource(definitions)
		_, err := client.Create(t.Context(), &obj, metav1.CreateOptions{})
		require.NoError(t, err)
		defer func() { _ = client.Delete(t.Context(), obj.GetName(), metav1.DeleteOptions{}) }()
	}
	for name, change := range creates {
		t.Run(name, func(t *testing.T) {
			var created, patched [2][]string
			for i, config := range configs {
				var obj unstructured.Unstructured
				require.NoError(t, yaml.Unmarshal([]byte(good), &obj.Object))
				var part struct{ Spec map[string]any }
				require.NoError(t, yaml.Unmarshal([]byte(change), &part))
				for field, value := range part.Spec {
					obj.Object["spec"].(map[string]any)[field] = value
				}
				client := dynamicOf(t, config).Resource(definitions)
				_, err := client.Create(t.Context(), &obj, metav1.CreateOptions{DryRun: []string{"All"}})
				created[i] = answerOf(t, err)
				_, err = client.Patch(t.Context(), obj.GetName(), types.MergePatchType, []byte(change), metav1.PatchOptions{DryRun: []string{"All"}})
				patched[i] = answerOf(t, err)
			}
			assert.Equal(t, "422", created[0][0])
			assert.Equal(t, created[0], created[1], "created")
			assert.Equal(t, patched[0], patched[1], "changed")
		})
	}
}
