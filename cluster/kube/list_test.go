package kube_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// TestListPages lists more objects than one page holds, and counts the requests that it takes.
func TestListPages(t *testing.T) {
	plane := kubetest.Shared(t, nil)
	count := &recorder{}
	config := plane.Config()
	config.Wrap(count.wrap)
	c, err := kube.New(config, nil)
	require.NoError(t, err)
	ns := kubetest.Namespace(t, plane.Config())
	const n = 1200
	var work errgroup.Group
	work.SetLimit(32)
	for i := range n {
		work.Go(func() error {
			obj := configMap(ns, fmt.Sprintf("cm-%04d", i))
			obj.SetLabels(map[string]string{"even": fmt.Sprint(i%2 == 0)})
			_, err := c.Create(t.Context(), obj, by("us"))
			return err
		})
	}
	require.NoError(t, work.Wait())

	count.reset()
	var names []string
	for obj, err := range c.List(t.Context(), cluster.Selector{Kind: "ConfigMap", Namespace: ns}) {
		require.NoError(t, err)
		require.Equal(t, "v1", obj.GetAPIVersion())
		require.Equal(t, "ConfigMap", obj.GetKind())
		names = append(names, obj.GetName())
	}
	require.Len(t, names, n)
	assert.IsIncreasing(t, names)
	assert.Equal(t, []string{"GET", "GET", "GET"}, count.methods())

	count.reset()
	for obj, err := range c.List(t.Context(), cluster.Selector{Kind: "ConfigMap", Namespace: ns}) {
		require.NoError(t, err)
		require.NotNil(t, obj)
		break
	}
	assert.Len(t, count.methods(), 1, "breaking out ends the paging")

	even := 0
	for obj, err := range c.List(t.Context(), cluster.Selector{Kind: "ConfigMap", Namespace: ns, Labels: "even=true", MetadataOnly: true}) {
		require.NoError(t, err)
		require.Equal(t, "ConfigMap", obj.GetKind())
		require.Equal(t, "v1", obj.GetAPIVersion())
		even++
	}
	assert.Equal(t, n/2, even)
	one := 0
	for _, err := range c.List(t.Context(), cluster.Selector{Kind: "ConfigMap", Fields: "metadata.name=cm-0007,metadata.namespace=" + ns}) {
		require.NoError(t, err)
		one++
	}
	assert.Equal(t, 1, one)
}

func TestListMetadataOnly(t *testing.T) {
	c, ns := real(t, nil)
	group := widgets(t, c)
	_, err := c.Create(t.Context(), object(group+"/v1", "Widget", ns, "w", map[string]any{"spec": map[string]any{"size": int64(1)}}), by("us"))
	require.NoError(t, err)
	_, err = c.Create(t.Context(), deployment(ns, "web", 1), by("us"))
	require.NoError(t, err)
	for _, sel := range []cluster.Selector{
		{Group: group, Kind: "Widget", Namespace: ns, MetadataOnly: true},
		{Group: "apps", Kind: "Deployment", Namespace: ns, MetadataOnly: true},
	} {
		for obj, err := range c.List(t.Context(), sel) {
			require.NoError(t, err)
			assert.Equal(t, sel.Kind, obj.GetKind())
			assert.Equal(t, sel.Group+"/v1", obj.GetAPIVersion())
			assert.NotEmpty(t, obj.GetManagedFields())
			assert.Len(t, obj.Object, 3, "apiVersion, kind and metadata")
		}
	}
}

func TestListErrors(t *testing.T) {
	c, _ := real(t, nil)
	for name, tt := range map[string]struct {
		sel  cluster.Selector
		want string
	}{
		"labels": {cluster.Selector{Kind: "ConfigMap", Labels: "a b"}, "list ConfigMap: unable to parse requirement"},
		"fields": {cluster.Selector{Kind: "ConfigMap", Fields: "spec.size=1"}, `"spec.size" is not a known field selector`},
		"kind":   {cluster.Selector{Kind: "Gadget"}, "list Gadget: no such kind in v1"},
	} {
		n := 0
		for obj, err := range c.List(t.Context(), tt.sel) {
			assert.Nil(t, obj, name)
			assert.ErrorContains(t, err, tt.want, name)
			assert.False(t, cluster.Retryable(err), name)
			n++
		}
		assert.Equal(t, 1, n, name)
	}
}

// TestSelectorStaysInPlace checks that a namespace cannot lead to another path.
func TestSelectorStaysInPlace(t *testing.T) {
	for _, ns := range []string{"a/../default", "../..", "..", "default/secrets/x", "%2e%2e"} {
		sel := cluster.Selector{Kind: "ConfigMap", Namespace: ns}
		asked := 0
		c := served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "configmaps") {
				asked++
			}
			coreDiscovery(w, r)
		}), nil)
		for _, err := range c.List(t.Context(), sel) {
			assert.ErrorContains(t, err, "the namespace ", ns)
		}
		for _, err := range c.Watch(t.Context(), sel) {
			assert.ErrorContains(t, err, "the namespace ", ns)
			break
		}
		assert.Zero(t, asked, ns)
	}
}

// TestListExpires serves a list whose continue token expires between pages, with and without a token for the rest, as
// the protocol of continue has it, and checks that every object comes once.
func TestListExpires(t *testing.T) {
	for name, rest := range map[string]string{"token": "2-later", "no token": ""} {
		t.Run(name, func(t *testing.T) {
			var queries []string
			mux := http.NewServeMux()
			mux.HandleFunc("/api", coreDiscovery)
			mux.HandleFunc("/api/v1/configmaps", func(w http.ResponseWriter, r *http.Request) {
				queries = append(queries, r.URL.RawQuery)
				q := r.URL.Query()
				switch {
				case q.Get("continue") == "" && q.Get("limit") == "2":
					write(w, 200, list("10", "2", "a", "b"))
				case q.Get("continue") == "2":
					write(w, 410, `{"kind":"Status","apiVersion":"v1","metadata":{"continue":"`+rest+`"},"status":"Failure","reason":"Expired","code":410,"message":"too old"}`)
				case q.Get("continue") == "2-later":
					write(w, 200, list("20", "", "c", "d"))
				default:
					write(w, 200, list("20", "", "a", "a2", "b", "c", "d"))
				}
			})
			c := served(t, mux, &kube.Options{PageSize: 2})
			var names []string
			for obj, err := range c.List(t.Context(), cluster.Selector{Kind: "ConfigMap"}) {
				require.NoError(t, err)
				names = append(names, obj.GetName())
			}
			if rest != "" {
				assert.Equal(t, []string{"a", "b", "c", "d"}, names)
			} else {
				assert.Equal(t, []string{"a", "b", "a2", "c", "d"}, names)
			}
			assert.Len(t, queries, 3)
		})
	}
}

// served returns a client of an HTTP server with that handler.
func served(t *testing.T, h http.Handler, opts *kube.Options) *kube.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := kube.New(&rest.Config{Host: server.URL, BearerToken: "very-secret-token"}, opts)
	require.NoError(t, err)
	return c
}

// coreDiscovery serves an aggregated document of the core group with ConfigMap alone.
func coreDiscovery(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
	_, _ = w.Write([]byte(`{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":""},"versions":[{"version":"v1","freshness":"Current","resources":[
		{"resource":"configmaps","scope":"Namespaced","verbs":["get","list","watch"],"responseKind":{"group":"","version":"v1","kind":"ConfigMap"}}]}]}]}`))
}

// write answers with JSON.
func write(w http.ResponseWriter, code int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(body))
}

// list renders a page of ConfigMaps.
func list(version, next string, names ...string) string {
	var items []string
	for _, name := range names {
		items = append(items, `{"metadata":{"namespace":"n","name":"`+name+`","uid":"u-`+name+`","resourceVersion":"1"}}`)
	}
	return `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"` + version + `","continue":"` + next + `"},"items":[` + strings.Join(items, ",") + `]}`
}
