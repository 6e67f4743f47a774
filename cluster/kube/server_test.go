package kube_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

func TestVersion(t *testing.T) {
	c, _ := real(t, nil)
	version, err := c.Version(t.Context())
	require.NoError(t, err)
	assert.Regexp(t, `^1\.\d+\.\d+`, version)
}

func TestAPIs(t *testing.T) {
	c, _ := real(t, nil)
	apis, err := c.APIs(t.Context())
	var stale *cluster.DiscoveryError
	if err != nil {
		require.ErrorAs(t, err, &stale, "another test's APIService without a backend is the only reason")
	}
	assert.IsIncreasing(t, apis)
	for _, want := range []string{"v1", "v1/Pod", "apps/v1", "apps/v1/Deployment", "batch/v1/CronJob", "apiextensions.k8s.io/v1/CustomResourceDefinition"} {
		assert.Contains(t, apis, want)
	}
	assert.NotContains(t, apis, "autoscaling/v1/Scale", "a subresource's kind cannot be rendered")
}

func TestUID(t *testing.T) {
	plane := kubetest.Shared(t, nil)
	count := &recorder{}
	config := plane.Config()
	config.Wrap(count.wrap)
	c, err := kube.New(config, nil)
	require.NoError(t, err)
	uid, err := c.UID(t.Context())
	require.NoError(t, err)
	ns, err := c.Get(t.Context(), cluster.Ref{Kind: "Namespace", Name: "kube-system"}, cluster.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, ns.GetUID(), uid)
	assert.NotEqual(t, types.UID(""), uid)
	count.reset()
	again, err := c.As(kube.Identity{User: "anybody"}).UID(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uid, again)
	assert.Empty(t, count.methods())
}

func TestOpenAPI(t *testing.T) {
	plane := kubetest.Shared(t, nil)
	count := &recorder{}
	config := plane.Config()
	config.Wrap(count.wrap)
	c, err := kube.New(config, nil)
	require.NoError(t, err)
	ctx := t.Context()

	doc, hash, err := c.OpenAPI(ctx, "apps", "v1")
	require.NoError(t, err)
	assert.NotEmpty(t, hash)
	var content struct {
		Components struct{ Schemas map[string]any }
	}
	require.NoError(t, json.Unmarshal(doc, &content))
	assert.Contains(t, content.Components.Schemas, "io.k8s.api.apps.v1.Deployment")
	core, _, err := c.OpenAPI(ctx, "", "v1")
	require.NoError(t, err)
	assert.Contains(t, string(core), "io.k8s.api.core.v1.ConfigMap")
	assert.Equal(t, []string{"/openapi/v3", "/openapi/v3/apis/apps/v1", "/openapi/v3/api/v1"}, count.paths())

	count.reset()
	_, err = c.Kind(ctx, "apps", "Deployment")
	require.NoError(t, err)
	count.reset()
	again, _, err := c.OpenAPI(ctx, "apps", "v1")
	require.NoError(t, err)
	assert.Equal(t, doc, again)
	assert.Empty(t, count.paths(), "the first look at discovery is no unknown kind")

	_, _, err = c.OpenAPI(ctx, "openapi.example.com", "v1")
	assert.ErrorIs(t, err, cluster.ErrNoKind)
	install(t, c, "openapi.example.com", "v1")
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		_, _ = c.Kind(ctx, "openapi.example.com", "Unknown")
		doc, _, err := c.OpenAPI(ctx, "openapi.example.com", "v1")
		require.NoError(t, err)
		assert.Contains(t, string(doc), "com.example.openapi.v1.Widget")
	}, 30*time.Second, 50*time.Millisecond)
	count.reset()
	_, same, err := c.OpenAPI(ctx, "apps", "v1")
	require.NoError(t, err)
	assert.Equal(t, hash, same)
	assert.NotContains(t, count.paths(), "/openapi/v3/apis/apps/v1", "an unchanged document is not read again")

	c.Forget()
	count.reset()
	again, same, err = c.OpenAPI(ctx, "apps", "v1")
	require.NoError(t, err)
	assert.Equal(t, hash, same)
	assert.Equal(t, doc, again)
	assert.Equal(t, []string{"/openapi/v3"}, count.paths(), "the index says that it is the same")
}

// TestServerGoes stops the API server in the middle of work, and brings it back.
func TestServerGoes(t *testing.T) {
	plane := kubetest.Start(t, nil)
	c, err := kube.New(plane.Config(), nil)
	require.NoError(t, err)
	ctx := t.Context()
	ns := kubetest.Namespace(t, plane.Config())
	_, err = c.Apply(ctx, configMap(ns, "a"), by("us"))
	require.NoError(t, err)
	next, stop := pull(t, c.Watch(ctx, cluster.Selector{Kind: "ConfigMap", Namespace: ns}))
	defer stop()
	for _, want := range []cluster.EventType{cluster.Added, cluster.Synced} {
		e, err := next()
		require.NoError(t, err)
		require.Equal(t, want, e.Type)
	}
	plane.Stop()
	_, err = c.Apply(ctx, configMap(ns, "b"), by("us"))
	assert.ErrorIs(t, err, cluster.ErrUnavailable)
	assert.True(t, cluster.Retryable(err))
	var e *cluster.Error
	require.ErrorAs(t, err, &e)
	assert.Zero(t, e.Code)
	assert.NotContains(t, err.Error(), plane.Config().BearerToken)
	for _, err := range c.List(ctx, cluster.Selector{Kind: "ConfigMap"}) {
		assert.ErrorIs(t, err, cluster.ErrUnavailable)
	}
	_, err = c.Kind(ctx, "apps", "Deployment")
	var unknown *cluster.DiscoveryError
	assert.ErrorAs(t, err, &unknown)
	assert.False(t, errors.Is(err, cluster.ErrNoKind))

	require.NoError(t, plane.Restart(ctx))
	_, err = c.Apply(ctx, configMap(ns, "b"), by("us"))
	require.NoError(t, err)
	event, err := next()
	require.NoError(t, err)
	assert.Equal(t, cluster.Added, event.Type)
	assert.Equal(t, "b", event.Object.GetName())
}
