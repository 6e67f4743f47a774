package memory_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// A policy in CEL that does on the real server what the function in Go does here: it sets the key "mutated" of every
// ConfigMap in one namespace to "yes".
const (
	mutatingPolicy = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: %[1]s}
spec:
  failurePolicy: Fail
  reinvocationPolicy: Never
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[1]s}}
    resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [configmaps], operations: [CREATE, UPDATE]}]
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration:
      expression: 'Object{data: {"mutated": "yes"}}'
`
	mutatingBinding = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: %[1]s}
spec: {policyName: %[1]s}
`
)

// The same writes under the same mutation leave the same objects and the same account of ownership as on the real server.
func TestMutationAsOnTheControlPlane(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	plane := kubetest.Shared(t, nil)
	real, err := dynamic.NewForConfig(plane.Config())
	require.NoError(t, err)
	const space = "admission-mutation"
	s := start(t, &memory.Options{Admission: []memory.Admission{{Name: "mutate.example.com", Kind: "ConfigMap", Mutate: func(r *memory.AdmissionRequest) error {
		return unstructured.SetNestedField(r.Object.Object, "yes", "data", "mutated")
	}}}})
	namespaces := schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	policies := schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "mutatingadmissionpolicies"}
	bindings := policies.GroupVersion().WithResource("mutatingadmissionpolicybindings")
	ctx := t.Context()
	for _, c := range []dynamic.Interface{real, dyn(t, s)} {
		_, err := c.Resource(namespaces).Create(ctx, parse(t, "{apiVersion: v1, kind: Namespace, metadata: {name: "+space+"}}"), metav1.CreateOptions{})
		require.NoError(t, err)
	}
	_, err = real.Resource(policies).Create(ctx, parse(t, fmt.Sprintf(mutatingPolicy, space)), metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = real.Resource(policies).Delete(context.WithoutCancel(ctx), space, metav1.DeleteOptions{}) })
	_, err = real.Resource(bindings).Create(ctx, parse(t, fmt.Sprintf(mutatingBinding, space)), metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = real.Resource(bindings).Delete(context.WithoutCancel(ctx), space, metav1.DeleteOptions{}) })
	probe := func(ctx context.Context) (bool, error) { // a policy takes a moment to take effect, which nothing announces
		got, err := real.Resource(configMaps).Namespace(space).Create(ctx, anywhere("probe", map[string]any{"a": "b"}), metav1.CreateOptions{DryRun: []string{"All"}})
		if err != nil {
			return false, err
		}
		_, found, err := unstructured.NestedString(got.Object, "data", "mutated")
		return found, err
	}
	require.NoError(t, wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, probe))

	type step struct {
		name string
		do   func(c dynamic.ResourceInterface) (*unstructured.Unstructured, error)
	}
	applied := func(manager string, force bool, data map[string]any) func(dynamic.ResourceInterface) (*unstructured.Unstructured, error) {
		return func(c dynamic.ResourceInterface) (*unstructured.Unstructured, error) {
			return c.Apply(ctx, "a", anywhere("a", data), metav1.ApplyOptions{FieldManager: manager, Force: force})
		}
	}
	patched := func(manager, data string) func(dynamic.ResourceInterface) (*unstructured.Unstructured, error) {
		return func(c dynamic.ResourceInterface) (*unstructured.Unstructured, error) {
			return c.Patch(ctx, "a", types.MergePatchType, []byte(data), metav1.PatchOptions{FieldManager: manager})
		}
	}
	for _, step := range []step{
		{"apply creates", applied("us", false, map[string]any{"x": "1"})},
		{"apply again", applied("us", false, map[string]any{"x": "1"})},
		{"apply the mutated value", applied("helm", false, map[string]any{"mutated": "yes"})},
		{"apply another value", applied("helm", true, map[string]any{"mutated": "no"})},
		{"give it up", applied("helm", false, map[string]any{"y": "1"})},
		{"update another value", patched("editor", `{"data":{"mutated":"no","z":"1"}}`)},
		{"remove it", patched("editor", `{"data":{"mutated":null}}`)},
		{"conflict", applied("us", false, map[string]any{"z": "2"})},
	} {
		want, wantErr := step.do(real.Resource(configMaps).Namespace(space))
		got, gotErr := step.do(dyn(t, s).Resource(configMaps).Namespace(space))
		require.Equal(t, wantErr == nil, gotErr == nil, "%s: %v, %v", step.name, wantErr, gotErr)
		if wantErr != nil {
			assert.Equal(t, wantErr.Error(), gotErr.Error(), step.name)
			continue
		}
		assert.Equal(t, timeless(want), timeless(got), step.name)
	}
	want, err := real.Resource(configMaps).Namespace(space).Get(ctx, "a", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, "yes", want.Object["data"].(map[string]any)["mutated"])
	for _, entry := range want.GetManagedFields() {
		assert.NotContains(t, string(entry.FieldsV1.GetRawBytes()), "mutated", "what admission adds is nobody's")
	}
}

// anywhere is a ConfigMap that goes where its request says.
func anywhere(name string, data map[string]any) *unstructured.Unstructured {
	obj := configMap(name, data)
	obj.SetNamespace("")
	return obj
}

// timeless is an object without what differs from server to server.
func timeless(obj *unstructured.Unstructured) map[string]any {
	out := obj.DeepCopy()
	out.SetUID("")
	out.SetResourceVersion("")
	unstructured.RemoveNestedField(out.Object, "metadata", "creationTimestamp")
	entries := out.GetManagedFields()
	for i := range entries {
		entries[i].Time = nil
	}
	// Entries are in the order of their times, which depends on where a second ended.
	slices.SortFunc(entries, func(a, b metav1.ManagedFieldsEntry) int {
		return strings.Compare(string(a.Operation)+a.Manager, string(b.Operation)+b.Manager)
	})
	out.SetManagedFields(entries)
	return out.Object
}

// A namespace that is not there is the answer before anything is asked.
func TestNamespaceComesBeforeAdmission(t *testing.T) {
	asked := false
	s := start(t, &memory.Options{Admission: []memory.Admission{{Name: "ask.example.com", Kind: "ConfigMap", Mutate: func(*memory.AdmissionRequest) error {
		asked = true
		return nil
	}}}})
	_, err := dyn(t, s).Resource(configMaps).Namespace("nonesuch").Create(t.Context(), anywhere("a", nil), metav1.CreateOptions{})
	require.True(t, apierrors.IsNotFound(err), "%v", err)
	assert.False(t, asked)
	assert.ErrorContains(t, err, `namespaces "nonesuch" not found`)
}
