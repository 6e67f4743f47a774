package manifesttest_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/cluster/memory/manifesttest"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
	"github.com/setpoint-dev/setpoint/render/plain"
)

// rendered returns the objects of a path below dir, and tells the cluster their files and lines.
func rendered(t *testing.T, c *manifesttest.Cluster, dir, path string) []*unstructured.Unstructured {
	t.Helper()
	renderer := render.Auto{Plain: plain.New(nil), Kustomize: kustomize.New(nil)}
	result, err := renderer.Render(t.Context(), render.Input{FS: os.DirFS(dir), Path: path})
	require.NoError(t, err)
	c.Locate(result.Objects, result.Origins)
	return result.Objects
}

// What is in the repository comes up.
func TestShop(t *testing.T) {
	c := manifesttest.New(t, nil)
	c.Apply(t, rendered(t, c, "shop", "prod")...)
	c.Settle(t)
	c.RequireNoWarnings(t)
	c.RequireHealthy(t)
}

// A cluster that runs the last release takes the step: no field changes that cannot, and no data is dropped.
func TestShopUpgrade(t *testing.T) {
	c := manifesttest.New(t, nil)
	c.RequireUpgradable(t, rendered(t, c, "testdata", "released"), rendered(t, c, "shop", "prod"))
	c.RequireHealthy(t)
}

// A review sees what a change does to the stored objects. Without controllers they are as they were written, with defaults.
func TestShopStored(t *testing.T) {
	c := manifesttest.New(t, &manifesttest.Options{Server: &memory.Options{}})
	c.Apply(t, rendered(t, c, "shop", "prod")...)
	c.RequireGolden(t, "testdata/stored.yaml")
}
