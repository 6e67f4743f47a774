package kube_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

func TestKind(t *testing.T) {
	c, _ := real(t, nil)
	deploy, err := c.Kind(t.Context(), "apps", "Deployment")
	require.NoError(t, err)
	assert.Equal(t, cluster.Kind{Group: "apps", Kind: "Deployment", Resource: "deployments", Namespaced: true, Versions: []string{"v1"}, Status: true, Scale: true}, deploy)
	node, err := c.Kind(t.Context(), "", "Node")
	require.NoError(t, err)
	assert.Equal(t, cluster.Kind{Kind: "Node", Resource: "nodes", Versions: []string{"v1"}, Status: true}, node)
	hpa, err := c.Kind(t.Context(), "autoscaling", "HorizontalPodAutoscaler")
	require.NoError(t, err)
	assert.Equal(t, []string{"v2", "v1"}, hpa.Versions)

	for name, tt := range map[string]struct{ group, kind, want string }{
		"kind":  {"apps", "Gadget", "discover Gadget: no such kind in apps/v1"},
		"group": {"example.com", "Gadget", "discover Gadget.example.com: no such kind: the cluster serves no group example.com"},
		"case":  {"apps", "deployment", "no such kind in apps/v1"},
	} {
		_, err := c.Kind(t.Context(), tt.group, tt.kind)
		assert.ErrorIs(t, err, cluster.ErrNoKind, name)
		assert.ErrorContains(t, err, tt.want, name)
	}
	_, err = c.Get(t.Context(), cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "a", Name: "b"}, cluster.GetOptions{Version: "v1beta1"})
	assert.ErrorIs(t, err, cluster.ErrNoKind)
	assert.EqualError(t, err, "get Deployment a/b: no such kind at apps/v1beta1: it is served at v1")
}

// TestDiscoveryRequests counts what discovery costs: one document for the core group and one for the others when first
// needed, nothing for what is known, and one question for each look at an unknown kind, or for many at the same time.
func TestDiscoveryRequests(t *testing.T) {
	plane := kubetest.Shared(t, nil)
	count := &recorder{}
	config := plane.Config()
	config.Wrap(count.wrap)
	c, err := kube.New(config, nil)
	require.NoError(t, err)
	asked := func() []string {
		defer count.reset()
		return count.paths()
	}
	kinds := func(group, kind string, n int) (errs []error) {
		var wg sync.WaitGroup
		errs = make([]error, n)
		for i := range n {
			wg.Go(func() { _, errs[i] = c.Kind(t.Context(), group, kind) })
		}
		wg.Wait()
		return errs
	}
	require.NoError(t, errors.Join(kinds("", "Pod", 32)...))
	assert.Equal(t, []string{"/api"}, asked())
	require.NoError(t, errors.Join(kinds("apps", "Deployment", 32)...))
	assert.Equal(t, []string{"/apis"}, asked())
	require.NoError(t, errors.Join(kinds("batch", "Job", 32)...))
	assert.Empty(t, asked())
	for _, err := range kinds("apps", "Gadget", 1) {
		assert.ErrorIs(t, err, cluster.ErrNoKind)
	}
	assert.Equal(t, []string{"/apis"}, asked())
	for _, err := range kinds("apps", "Gadget", 64) {
		assert.ErrorIs(t, err, cluster.ErrNoKind)
	}
	assert.Less(t, len(asked()), 16, "calls that wait together share their question")

	install(t, c, "discoveryrequests.example.com", "v1", "v2")
	count.reset()
	found, err := c.Kind(t.Context(), "discoveryrequests.example.com", "Widget")
	require.NoError(t, err)
	assert.Equal(t, []string{"v2", "v1"}, found.Versions)
	assert.True(t, found.Status)
	assert.False(t, found.Scale)
	assert.Empty(t, asked(), "the list found it already")

	c.Forget()
	_, err = c.As(kube.Identity{User: "jane", Groups: []string{"system:authenticated"}}).Kind(t.Context(), "apps", "Deployment")
	require.NoError(t, err)
	assert.Equal(t, []string{"/apis"}, asked())
	_, err = c.Kind(t.Context(), "apps", "Deployment")
	require.NoError(t, err)
	assert.Empty(t, asked(), "identities share it")
}

// TestStaleGroup registers an APIService without a backend. Its group fails alone, and is not taken for absent.
func TestStaleGroup(t *testing.T) {
	c, ns := real(t, nil)
	ctx := t.Context()
	service := object("apiregistration.k8s.io/v1", "APIService", "", "v1beta1.stale.example.com", map[string]any{"spec": map[string]any{
		"group": "stale.example.com", "version": "v1beta1", "groupPriorityMinimum": int64(100), "versionPriority": int64(100),
		"insecureSkipTLSVerify": true,
		"service":               map[string]any{"namespace": ns, "name": "nobody"},
	}})
	_, err := c.Create(ctx, service, by("us"))
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, c.Delete(ctx, cluster.RefOf(service), cluster.DeleteOptions{}))
	})
	require.Eventually(t, func() bool {
		_, err := c.Kind(ctx, "stale.example.com", "Gadget")
		return !errors.Is(err, cluster.ErrNoKind)
	}, 30*time.Second, 50*time.Millisecond, "the group is announced")

	_, err = c.Get(ctx, cluster.Ref{Group: "stale.example.com", Kind: "Gadget", Namespace: ns, Name: "x"}, cluster.GetOptions{})
	var stale *cluster.DiscoveryError
	require.ErrorAs(t, err, &stale)
	assert.Equal(t, "stale.example.com", stale.Group)
	assert.NotErrorIs(t, err, cluster.ErrNoKind)
	assert.True(t, cluster.Retryable(err))
	assert.EqualError(t, err, "get Gadget.stale.example.com "+ns+"/x: discover group stale.example.com: server unavailable: the server cannot list the kinds of stale.example.com/v1beta1 now; see its APIService")

	c.Forget()
	_, err = c.Kind(ctx, "apps", "Deployment")
	assert.NoError(t, err)
	_, err = c.Kind(ctx, "apps", "Gadget")
	assert.ErrorIs(t, err, cluster.ErrNoKind)
	_, err = c.Kind(ctx, "other.example.com", "Gadget")
	assert.ErrorIs(t, err, cluster.ErrNoKind)
	apis, err := c.APIs(ctx)
	assert.ErrorAs(t, err, &stale)
	assert.Contains(t, apis, "apps/v1/Deployment")
	assert.Contains(t, apis, "v1/ConfigMap")
	assert.Contains(t, apis, "v1")
	assert.NotContains(t, apis, "stale.example.com/v1beta1")
}

// TestKindGoes checks that a kind that was known and is removed is no kind afterwards, for a reader, a writer and a watch.
func TestKindGoes(t *testing.T) {
	c, ns := real(t, nil)
	ctx := t.Context()
	group := widgets(t, c)
	next, stop := pull(t, c.Watch(ctx, cluster.Selector{Group: group, Kind: "Widget"}))
	defer stop()
	e, err := next()
	require.NoError(t, err)
	require.Equal(t, cluster.Synced, e.Type)
	require.NoError(t, c.Delete(ctx, cluster.Ref{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition", Name: "widgets." + group}, cluster.DeleteOptions{}))
	ref := cluster.Ref{Group: group, Kind: "Widget", Namespace: ns, Name: "w"}
	require.Eventually(t, func() bool {
		_, err := c.Get(ctx, ref, cluster.GetOptions{})
		return errors.Is(err, cluster.ErrNoKind)
	}, 30*time.Second, 20*time.Millisecond)
	_, err = c.Apply(ctx, object(group+"/v1", "Widget", ns, "w", nil), by("us"))
	assert.ErrorIs(t, err, cluster.ErrNoKind)
	_, err = next()
	assert.ErrorIs(t, err, cluster.ErrNoKind)
}

// TestLegacyDiscovery serves the documents of a server before aggregated discovery.
func TestLegacyDiscovery(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/api", func(w http.ResponseWriter, _ *http.Request) {
		write(w, 200, `{"kind":"APIVersions","versions":["v1"]}`)
	})
	mux.HandleFunc("/api/v1", func(w http.ResponseWriter, _ *http.Request) {
		write(w, 200, `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","namespaced":true,"kind":"Pod"},{"name":"pods/status","namespaced":true,"kind":"Pod"}]}`)
	})
	mux.HandleFunc("/apis", func(w http.ResponseWriter, _ *http.Request) {
		write(w, 200, `{"kind":"APIGroupList","groups":[
			{"name":"apps","versions":[{"groupVersion":"apps/v1beta1","version":"v1beta1"},{"groupVersion":"apps/v1","version":"v1"}],"preferredVersion":{"groupVersion":"apps/v1","version":"v1"}},
			{"name":"gone.example.com","versions":[{"groupVersion":"gone.example.com/v1","version":"v1"}],"preferredVersion":{"version":"v1"}}]}`)
	})
	for _, v := range []string{"v1", "v1beta1"} {
		mux.HandleFunc("/apis/apps/"+v, func(w http.ResponseWriter, _ *http.Request) {
			write(w, 200, `{"kind":"APIResourceList","resources":[{"name":"deployments/scale","namespaced":true,"kind":"Scale","group":"autoscaling"},{"name":"deployments","namespaced":true,"kind":"Deployment"}]}`)
		})
	}
	mux.HandleFunc("/apis/gone.example.com/v1", func(w http.ResponseWriter, _ *http.Request) { write(w, 503, "service unavailable") })
	c := served(t, mux, nil)
	pod, err := c.Kind(t.Context(), "", "Pod")
	require.NoError(t, err)
	assert.Equal(t, cluster.Kind{Kind: "Pod", Resource: "pods", Namespaced: true, Versions: []string{"v1"}, Status: true}, pod)
	deploy, err := c.Kind(t.Context(), "apps", "Deployment")
	require.NoError(t, err)
	assert.Equal(t, cluster.Kind{Group: "apps", Kind: "Deployment", Resource: "deployments", Namespaced: true, Versions: []string{"v1", "v1beta1"}, Scale: true}, deploy)
	_, err = c.Kind(t.Context(), "gone.example.com", "Gadget")
	var failed *cluster.DiscoveryError
	assert.ErrorAs(t, err, &failed)
	assert.NotErrorIs(t, err, cluster.ErrNoKind)
}

// TestDiscoveryFails checks that a failed discovery is not an absence, is not remembered, and that a caller that gives up
// does not fail those who wait with it.
func TestDiscoveryFails(t *testing.T) {
	var mu sync.Mutex
	requests, down := 0, true
	entered := make(chan struct{}, 8)
	c := served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests++
		n, isDown := requests, down
		mu.Unlock()
		switch {
		case isDown:
			write(w, 503, "no")
		case n == 2:
			entered <- struct{}{}
			<-r.Context().Done() // Until the caller gives up.
		default:
			coreDiscovery(w, r)
		}
	}), nil)
	_, err := c.Kind(t.Context(), "", "ConfigMap")
	var failed *cluster.DiscoveryError
	require.ErrorAs(t, err, &failed)
	assert.ErrorIs(t, err, cluster.ErrUnavailable)
	assert.NotErrorIs(t, err, cluster.ErrNoKind)
	assert.False(t, strings.Contains(err.Error(), "very-secret-token"))

	mu.Lock()
	down = false
	mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := c.Kind(ctx, "", "ConfigMap")
		assert.ErrorIs(t, err, context.Canceled)
	})
	<-entered
	wg.Go(func() {
		_, err := c.Kind(t.Context(), "", "ConfigMap")
		assert.NoError(t, err)
	})
	cancel()
	wg.Wait()
}
