package sync_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	setsync "github.com/setpoint-dev/setpoint/sync"
)

// An autoscaler's replicas stay: they are no reason to sync, and a sync for another reason does not touch them, even without
// taking anything over.
func TestIgnoredFieldsAreLeftAlone(t *testing.T) {
	onEach(t, func(t *testing.T, e *env) {
		ignore, err := diff.NewIgnore([]diff.IgnoreRule{{Group: "apps", Kind: "Deployment", JSONPointers: []string{"/spec/replicas"}}}, nil)
		require.NoError(t, err)
		eng := e.engine(func(o *setsync.Options) { o.Ignore = ignore })
		manifest := func(image string) setsync.Desired {
			return e.desired(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "` + image + `"}]}
`)
		}
		e.sync(eng, manifest("web:1"))
		assert.Equal(t, int64(2), e.get("Deployment", "web").Object["spec"].(map[string]any)["replicas"], "a new object is as desired")

		_, err = e.c.Patch(t.Context(), cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: e.ns, Name: "web"},
			cluster.Patch{Type: "application/merge-patch+json", Data: []byte(`{"spec":{"replicas":5}}`)}, cluster.WriteOptions{Manager: "hpa"})
		require.NoError(t, err)
		assert.True(t, e.plan(eng, manifest("web:1")).Empty(), "the number is not ours")

		e.sync(eng, manifest("web:2"))
		live := e.get("Deployment", "web")
		replicas, _, _ := unstructured.NestedInt64(live.Object, "spec", "replicas")
		assert.Equal(t, int64(5), replicas)
		containers, _, _ := unstructured.NestedSlice(live.Object, "spec", "template", "spec", "containers")
		assert.Equal(t, "web:2", containers[0].(map[string]any)["image"])
	})
}
