package live_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/live"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
)

// TestEngine checks what a view is for: an engine over it that finds nothing changed makes no request, and one that finds
// something changed makes those of the change.
func TestEngine(t *testing.T) {
	for name, config := range map[string]func(t *testing.T) *rest.Config{
		"memory": func(t *testing.T) *rest.Config {
			server, err := memory.New(nil)
			require.NoError(t, err)
			t.Cleanup(server.Close)
			return server.Config()
		},
		"control plane": func(t *testing.T) *rest.Config { return kubetest.Shared(t, nil).Config() },
	} {
		t.Run(name, func(t *testing.T) {
			plane := config(t)
			ns := kubetest.Namespace(t, plane)
			direct, err := kube.New(plane, nil)
			require.NoError(t, err)
			w := newWire()
			wired := rest.CopyConfig(plane)
			wired.Wrap(w.wrap)
			client, err := kube.New(wired, nil)
			require.NoError(t, err)
			view := live.Open(client, nil)
			t.Cleanup(view.Close)

			inv, err := inventory.NewApplySet(view, ns, "shop", nil)
			require.NoError(t, err)
			engine := setsync.New(view, inv, &setsync.Options{Prune: true})
			var objects []*unstructured.Unstructured
			for i := range 20 {
				objects = append(objects, configMap(ns, fmt.Sprint("cm-", i), "1"))
			}
			pass := func(objects []*unstructured.Unstructured) (steps int) {
				t.Helper()
				plan, err := engine.Plan(t.Context(), setsync.Desired{Objects: objects, Complete: true})
				require.NoError(t, err)
				_, err = setsync.Drain(engine.Run(t.Context(), plan))
				require.NoError(t, err)
				return len(plan.Steps())
			}
			assert.Equal(t, 20, pass(objects))
			for range 3 {
				w.reset()
				assert.Zero(t, pass(objects))
				assert.Empty(t, w.requests())
			}

			ref := cluster.RefOf(objects[7])
			written, err := direct.Patch(t.Context(), ref, cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"data":{"k":"drifted"}}`)}, cluster.WriteOptions{Manager: "somebody"})
			require.NoError(t, err)
			require.Eventually(t, func() bool {
				obj, err := view.Get(t.Context(), ref, cluster.GetOptions{})
				return err == nil && obj.GetResourceVersion() == written.Object.GetResourceVersion()
			}, 20*time.Second, time.Millisecond)
			plan, err := engine.Plan(t.Context(), setsync.Desired{Objects: objects, Complete: true})
			require.NoError(t, err)
			require.Len(t, plan.Steps(), 1, "the drift")

			objects = append(objects[:7], objects[8:18]...) // The drifted object leaves too, with two others.
			assert.Equal(t, 3, pass(objects), "prunes")
			w.reset()
			assert.Zero(t, pass(objects))
			assert.Empty(t, w.requests())
			left := 0
			for _, err := range direct.List(t.Context(), cluster.Selector{Kind: "ConfigMap", Namespace: ns, Labels: inventory.LabelPartOf}) {
				require.NoError(t, err)
				left++
			}
			assert.Equal(t, len(objects), left)
		})
	}
}
