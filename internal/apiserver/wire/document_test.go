package wire_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Paths that name no resource are answered alike.
func TestDocuments(t *testing.T) {
	ours, theirs := planes(t, nil)
	var requests []request
	for _, path := range []string{
		"/livez", "/readyz", "/healthz", "/livez/ping", "/readyz/ping", "/healthz/ping", "/livez/nope", "/readyz/nope", "/healthz/nope",
		"/nope", "/api/v2", "/apis/nope", "/apis/nope/v1", "/apis/apps/v9", "/api", "/api/v1/nopes", "/apis/apps/v1/nopes/x",
		"/livez?exclude=ping", "/livez/", "/api/", "/apis/apps/", "/apis/apps/v1/", "/openapi/v3/nope", "/openapi/v3/apis/nope/v1",
	} {
		requests = append(requests, request{name: path, method: "GET", path: path})
	}
	for _, path := range []string{
		"/", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/apis/apps/v9", "/apis/nope", "/healthz", "/livez", "/version", "/nope",
	} {
		for _, method := range []string{"HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			if path != "/" && path != "/apis" && path != "/api" || method == "HEAD" { // which are as long as what is served, or name the host
				requests = append(requests, request{name: method + " " + path, method: method, path: path})
			}
		}
	}
	same(t, ours, theirs, requests)
	for _, path := range []string{"/livez?verbose", "/readyz?verbose", "/healthz?verbose=true", "/livez/ping?verbose"} {
		t.Run(path, func(t *testing.T) {
			got, want := ours.do(t, request{method: "GET", path: path}), theirs.do(t, request{method: "GET", path: path})
			require.Equal(t, want.code, got.code)
			first, last := lines(want), lines(want)
			assert.Equal(t, first[0], lines(got)[0])
			assert.Equal(t, last[len(last)-1], lines(got)[len(lines(got))-1])
			for _, line := range lines(got) {
				assert.Contains(t, lines(want), line)
			}
		})
	}
}

func lines(a answer) []string { return strings.Split(strings.TrimRight(string(a.body), "\n"), "\n") }

// The version is the release's, with every field that a real server has.
func TestVersionDocument(t *testing.T) {
	ours, theirs := planes(t, nil)
	ask := request{method: "GET", path: "/version"}
	got, want := ours.do(t, ask), theirs.do(t, ask)
	assert.Equal(t, want.header.Get("Content-Type"), got.header.Get("Content-Type"))
	var g, w map[string]string
	require.NoError(t, json.Unmarshal(got.body, &g))
	require.NoError(t, json.Unmarshal(want.body, &w))
	for name, value := range w {
		assert.Contains(t, g, name)
		if strings.HasSuffix(name, "ajor") || strings.HasSuffix(name, "inor") {
			assert.Equal(t, value, g[name], name)
		}
	}
	assert.Equal(t, strings.Count(string(want.body), "\n"), strings.Count(string(got.body), "\n"), "%s", got.body)
}

// Discovery of every group version that is served is that of a real server, byte for byte, and so are the groups in the
// aggregated document.
func TestDiscoveryDocuments(t *testing.T) {
	ours, theirs := planes(t, nil)
	var groups struct {
		Groups []struct {
			Name     string
			Versions []struct{ GroupVersion string }
		}
	}
	got := ours.do(t, request{method: "GET", path: "/apis"})
	require.NoError(t, json.Unmarshal(got.body, &groups))
	paths := []string{"/api/v1"}
	for _, g := range groups.Groups {
		paths = append(paths, "/apis/"+g.Name)
		for _, v := range g.Versions {
			paths = append(paths, "/apis/"+v.GroupVersion)
		}
	}
	require.Greater(t, len(paths), 40)
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			got, want := ours.do(t, request{method: "GET", path: path}), theirs.do(t, request{method: "GET", path: path})
			require.Equal(t, http.StatusOK, want.code)
			assert.Equal(t, string(want.body), string(got.body))
			assert.Equal(t, want.header.Get("Content-Type"), got.header.Get("Content-Type"))
		})
	}
	names := func(a answer) (out []string) {
		var list struct{ Groups []struct{ Name string } }
		require.NoError(t, json.Unmarshal(a.body, &list))
		for _, g := range list.Groups {
			if !strings.HasSuffix(g.Name, ".example.com") { // of other tests, on their way out
				out = append(out, g.Name)
			}
		}
		return out
	}
	assert.Equal(t, names(theirs.do(t, request{method: "GET", path: "/apis"})), names(got), "the order of groups")
	for _, version := range []string{"v2", "v2beta1"} {
		for _, root := range []string{"/api", "/apis"} {
			t.Run(version+root, func(t *testing.T) {
				accept := map[string]string{"Accept": "application/json;g=apidiscovery.k8s.io;v=" + version + ";as=APIGroupDiscoveryList,application/json"}
				ask := request{method: "GET", path: root, header: accept}
				got, want := ours.do(t, ask), theirs.do(t, ask)
				require.Equal(t, want.header.Get("Content-Type"), got.header.Get("Content-Type"))
				if version != "v2" {
					assert.Equal(t, theirs.do(t, request{method: "GET", path: root}).header.Get("Content-Type"), got.header.Get("Content-Type"), "no longer served")
					return
				}
				assert.NotEmpty(t, got.header.Get("ETag"))
				type document struct {
					Kind, APIVersion string
					Items            []json.RawMessage
				}
				var g, w document
				require.NoError(t, json.Unmarshal(got.body, &g))
				require.NoError(t, json.Unmarshal(want.body, &w))
				require.Equal(t, w.Kind+w.APIVersion, g.Kind+g.APIVersion)
				w.Items = slices.DeleteFunc(w.Items, func(item json.RawMessage) bool { return strings.Contains(string(item), ".example.com") })
				require.Len(t, g.Items, len(w.Items))
				for i := range w.Items {
					var x, y any
					require.NoError(t, json.Unmarshal(w.Items[i], &x))
					require.NoError(t, json.Unmarshal(g.Items[i], &y))
					assert.Equal(t, mask(x), mask(y))
				}
				again := ask
				again.header = map[string]string{"Accept": accept["Accept"], "If-None-Match": got.header.Get("ETag")}
				assert.Equal(t, http.StatusNotModified, ours.do(t, again).code)
			})
		}
	}
}

// The list of documents has what is served there, and nothing that a real server has not.
func TestRootPaths(t *testing.T) {
	ours, theirs := planes(t, nil)
	var got, want struct{ Paths []string }
	require.NoError(t, json.Unmarshal(ours.do(t, request{method: "GET", path: "/"}).body, &got))
	require.NoError(t, json.Unmarshal(theirs.do(t, request{method: "GET", path: "/"}).body, &want))
	assert.Subset(t, want.Paths, got.Paths)
	for _, path := range want.Paths {
		if strings.HasPrefix(path, "/api") && !strings.Contains(path, ".example.com") {
			assert.Contains(t, got.Paths, path)
		}
	}
	for _, path := range got.Paths {
		assert.Equal(t, http.StatusOK, ours.do(t, request{method: "GET", path: path}).code, path)
	}
}
