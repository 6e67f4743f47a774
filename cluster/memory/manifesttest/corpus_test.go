package manifesttest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster/memory/manifesttest"
	"github.com/setpoint-dev/setpoint/health"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
	"github.com/setpoint-dev/setpoint/render/plain"
)

// corpus renders a folder of real manifests.
func corpus(t *testing.T, c *manifesttest.Cluster, folder string) []*unstructured.Unstructured {
	t.Helper()
	root := os.Getenv("SETPOINT_CORPUS")
	if root == "" {
		t.Skip("SETPOINT_CORPUS names no folder of manifests")
	}
	auto := render.Auto{Plain: plain.New(&plain.Options{Recurse: true}), Kustomize: kustomize.New(nil)}
	result, err := auto.Render(t.Context(), render.Input{FS: os.DirFS(filepath.Join(root, filepath.Dir(folder))), Path: filepath.Base(folder)})
	require.NoError(t, err)
	c.Locate(result.Objects, result.Origins)
	return result.Objects
}

// Real manifests come up without a warning, and follow upon themselves.
func TestCorpus(t *testing.T) {
	for _, folder := range []string{"kube-prometheus/manifests", "online-boutique/kustomize/base"} {
		t.Run(folder, func(t *testing.T) {
			mux := health.New(nil)
			mux.Handle("apiregistration.k8s.io", "APIService", health.CheckerFunc(func(*unstructured.Unstructured) (health.Result, error) {
				return health.Result{Status: health.Healthy}, nil // The pods behind it run nothing.
			}))
			c := manifesttest.New(t, &manifesttest.Options{Health: mux})
			all := corpus(t, c, folder)
			c.Apply(t, all...)
			c.Settle(t)
			c.RequireNoWarnings(t)
			c.RequireHealthy(t)
			c.RequireUpgradable(t, all, all)
			t.Logf("%d objects", len(all))
		})
	}
}
