package memory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// Addresses and node ports belong to one service at a time: until it is gone, gives them up, or fails to come to be.
func TestServiceAddresses(t *testing.T) {
	s := start(t, nil)
	c := dyn(t, s).Resource(schema.GroupVersionResource{Version: "v1", Resource: "services"}).Namespace("default")
	ctx := t.Context()
	create := func(name, spec string, dryRun ...string) (*unstructured.Unstructured, error) {
		return c.Create(ctx, parse(t, `{apiVersion: v1, kind: Service, metadata: {name: `+name+`}, spec: {`+spec+`ports: [{port: 80}]}}`),
			metav1.CreateOptions{DryRun: dryRun})
	}
	ip := func(o *unstructured.Unstructured) string {
		v, _, _ := unstructured.NestedString(o.Object, "spec", "clusterIP")
		return v
	}
	port := func(o *unstructured.Unstructured) int64 {
		ports, _, _ := unstructured.NestedSlice(o.Object, "spec", "ports")
		n, _ := ports[0].(map[string]any)["nodePort"].(int64)
		return n
	}
	first, err := create("a", "type: NodePort, ")
	require.NoError(t, err)
	assert.NotEmpty(t, ip(first))
	assert.GreaterOrEqual(t, port(first), int64(30000))
	_, err = create("b", "clusterIP: "+ip(first)+", ")
	require.True(t, apierrors.IsInvalid(err), "%v", err)
	assert.ErrorContains(t, err, "provided IP is already allocated")

	_, err = create("d", "clusterIP: 10.96.9.9, ", "All")
	require.NoError(t, err)
	_, err = create("d", "clusterIP: 10.96.9.9, sessionAffinity: ClientIP, ")
	require.NoError(t, err, "a dry run keeps nothing")

	changed, err := c.Patch(ctx, "a", types.MergePatchType, []byte(`{"spec":{"type":"ClusterIP"}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	assert.Equal(t, ip(first), ip(changed))
	assert.Zero(t, port(changed))
	_, err = c.Patch(ctx, "a", types.MergePatchType, []byte(`{"spec":{"clusterIP":"10.96.9.10","clusterIPs":["10.96.9.10"]}}`), metav1.PatchOptions{})
	require.True(t, apierrors.IsInvalid(err), "%v", err)
	require.NoError(t, c.Delete(ctx, "a", metav1.DeleteOptions{}))
	again, err := create("b", "clusterIP: "+ip(first)+", ")
	require.NoError(t, err, "the address is free again")
	assert.Equal(t, ip(first), ip(again))
	headless, err := create("h", "clusterIP: None, ")
	require.NoError(t, err)
	assert.Equal(t, "None", ip(headless))
}
