package wire_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/discovery"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// told takes out of a real server's schema what the embedded documents leave out: prose and enums.
func told(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			_, prose := value.(string)
			if _, list := value.([]any); name == "description" && prose || name == "enum" && list {
				delete(v, name)
				continue
			}
			v[name] = told(value)
		}
	case []any:
		for i := range v {
			v[i] = told(v[i])
		}
	}
	return v
}

// Every definition of the document is the real server's.
func TestOpenAPIV2Definitions(t *testing.T) {
	ours, theirs := planes(t, nil)
	read := func(p *plane) (definitions, paths map[string]any) {
		var doc struct{ Definitions, Paths map[string]any }
		require.NoError(t, json.Unmarshal(p.do(t, request{method: "GET", path: "/openapi/v2"}).body, &doc))
		return doc.Definitions, doc.Paths
	}
	got, gotPaths := read(ours)
	want, wantPaths := read(theirs)
	require.Greater(t, len(got), 500)
	differ := 0
	for name, definition := range want {
		if strings.HasPrefix(name, "com.example.") { // of other tests, on their way out
			continue
		}
		if got[name] == nil {
			// What discovery and /version answer is in documents of their own.
			if !slices.Contains([]string{"APIVersions", "Info", "APIGroupList", "APIGroup", "GroupVersionForDiscovery", "ServerAddressByClientCIDR"}, name[strings.LastIndex(name, ".")+1:]) {
				t.Errorf("missing %s", name)
			}
			continue
		}
		const kinds = "x-kubernetes-group-version-kind"
		if d, g := definition.(map[string]any), got[name].(map[string]any); strings.HasSuffix(name, ".DeleteOptions") || strings.HasSuffix(name, ".WatchEvent") {
			// They belong to versions that are not served, too.
			require.Subset(t, d[kinds], g[kinds])
			require.Greater(t, len(g[kinds].([]any)), 20)
			delete(d, kinds)
			delete(g, kinds)
		}
		if !assert.ObjectsAreEqual(told(definition), got[name]) {
			if differ++; differ < 8 {
				x, _ := json.Marshal(definition)
				y, _ := json.Marshal(got[name])
				t.Errorf("%s\nreal   %.900s\nmemory %.900s", name, x, y)
			}
		}
	}
	t.Logf("%d definitions, %d differ", len(want), differ)
	assert.Zero(t, differ)
	for path := range gotPaths {
		if !strings.Contains(path, "/status") {
			assert.Contains(t, wantPaths, path)
		}
	}
}

// The document follows the definitions, in both media types, and is not sent twice to who has it.
func TestOpenAPIV2OfDefinitions(t *testing.T) {
	server, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	p := newPlane(t, "memory", server.Config(), "default")
	ask := request{method: "GET", path: "/openapi/v2"}
	before := p.do(t, ask)
	made := p.do(t, request{method: "POST", path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body: `{"metadata":{"name":"gadgets.example.com"},
		"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"gadgets","kind":"Gadget"},"versions":[{"name":"v1","served":true,"storage":true,
		"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","required":["a"],"properties":{"a":{"type":"string","nullable":true},
		"b":{"x-kubernetes-int-or-string":true},"c":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}}}]}}`})
	require.Equal(t, http.StatusCreated, made.code, "%s", made.body)
	after := p.do(t, ask)
	assert.NotEqual(t, before.header.Get("ETag"), after.header.Get("ETag"))
	ask.header = map[string]string{"If-None-Match": after.header.Get("ETag")}
	assert.Equal(t, http.StatusNotModified, p.do(t, ask).code)
	ask.header = map[string]string{"Accept": "text/html"}
	assert.Equal(t, http.StatusNotAcceptable, p.do(t, ask).code)

	client, err := discovery.NewDiscoveryClientForConfig(server.Config())
	require.NoError(t, err)
	document, err := client.OpenAPISchema() // in protobuf
	require.NoError(t, err)
	var names []string
	for _, d := range document.GetDefinitions().GetAdditionalProperties() {
		if strings.HasPrefix(d.GetName(), "com.example.") {
			var fields []string
			for _, f := range d.GetValue().GetProperties().GetAdditionalProperties() {
				fields = append(fields, f.GetName())
			}
			names = append(names, fmt.Sprint(d.GetName(), fields))
		}
	}
	assert.ElementsMatch(t, []string{
		"com.example.v1.Gadget[apiVersion kind metadata spec]", "com.example.v1.GadgetList[apiVersion items kind metadata]",
	}, names)
}
