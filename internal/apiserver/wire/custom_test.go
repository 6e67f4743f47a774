package wire_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const toys = `{"metadata":{"name":"toys.{ns}.example.com"},"spec":{"group":"{ns}.example.com","scope":"Namespaced",
	"names":{"plural":"toys","kind":"Toy","shortNames":["ty"],"categories":["all"]},
	"versions":[{"name":"v1","served":true,"storage":true,
		"subresources":{"status":{},"scale":{"specReplicasPath":".spec.count","statusReplicasPath":".status.count","labelSelectorPath":".status.selector"}},
		"selectableFields":[{"jsonPath":".spec.color"}],
		"additionalPrinterColumns":[{"name":"Color","type":"string","jsonPath":".spec.color","description":"what it looks like"},
			{"name":"Count","type":"integer","jsonPath":".spec.count","priority":1},{"name":"Ready","type":"boolean","jsonPath":".status.ready"},
			{"name":"Tags","type":"string","jsonPath":".spec.tags"},{"name":"First","type":"string","jsonPath":".spec.tags[0]"},
			{"name":"Ratio","type":"number","jsonPath":".spec.ratio"},{"name":"Since","type":"date","jsonPath":".spec.since"},
			{"name":"Type","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"},{"name":"Wrong","type":"integer","jsonPath":".spec.color"}],
		"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"color":{"type":"string"},"count":{"type":"integer"},
			"ratio":{"type":"number"},"since":{"type":"string"},"tags":{"type":"array","items":{"type":"string"}}}},
			"status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}},
		{"name":"v2","served":true,"storage":false,"deprecated":true,
		"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"color":{"type":"string","default":"red"}}}}}}}]}}`

// established sees that a definition is served. A real server takes a moment, the one in memory none.
func established(t *testing.T, p *plane, name string) {
	t.Helper()
	soon := func(is func() bool) {
		t.Helper()
		if p.name == "memory" {
			require.True(t, is())
			return
		}
		require.Eventually(t, is, 30*time.Second, 50*time.Millisecond)
	}
	soon(func() bool {
		a := p.do(t, request{method: "GET", path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + name})
		return strings.Contains(string(a.body), `"InitialNamesAccepted"`)
	})
	group := strings.SplitN(name, ".", 2)[1]
	soon(func() bool {
		return p.do(t, request{method: "GET", path: "/apis/" + group + "/v1/toys"}).code == http.StatusOK
	})
}

// What definitions declare is served, shown and refused as on a real server.
func TestCustomResources(t *testing.T) {
	ours, theirs := planes(t, nil)
	const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
	const v1, v2 = "/apis/{ns}.example.com/v1/namespaces/{ns}/toys", "/apis/{ns}.example.com/v2/namespaces/{ns}/toys"
	for _, p := range []*plane{ours, theirs} {
		made := p.do(t, request{method: "POST", path: definitions, body: toys})
		require.Equal(t, http.StatusCreated, made.code, "%s", made.body)
		established(t, p, p.fill("toys.{ns}.example.com"))
	}
	table := map[string]string{"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
	same(t, ours, theirs, []request{
		{method: "GET", path: definitions + "/toys.{ns}.example.com", want: http.StatusOK},
		{method: "GET", path: "/apis/{ns}.example.com"},
		{method: "GET", path: "/apis/{ns}.example.com/v1"},
		{method: "POST", path: v1, want: http.StatusCreated, body: `{"apiVersion":"{ns}.example.com/v1","kind":"Toy","metadata":{"name":"a"},"spec":{"color":"blue","count":3,"ratio":0.5,"since":"2001-02-03T04:05:06Z","tags":["x","y"]}}`},
		{method: "PUT", path: v1 + "/a/status", want: http.StatusConflict, body: `{"apiVersion":"{ns}.example.com/v1","kind":"Toy","metadata":{"name":"a","resourceVersion":"1"},"status":{}}`},
		{method: "PATCH", path: v1 + "/a/status", header: patchOf(mergePatch), body: `{"status":{"ready":true,"count":2,"selector":"a=b","conditions":[{"type":"Other","status":"False"},{"type":"Ready","status":"True"}]}}`},
		{method: "POST", path: v1, want: http.StatusCreated, body: `{"apiVersion":"{ns}.example.com/v1","kind":"Toy","metadata":{"name":"b"},"spec":{"since":"nonsense"}}`},
		{name: "table", method: "GET", path: v1, header: table},
		{name: "table of one", method: "GET", path: v1 + "/a", header: table},
		{name: "table with objects", method: "GET", path: v1 + "?includeObject=Object", header: table},
		{name: "table without objects", method: "GET", path: v1 + "?includeObject=None", header: table},
		{name: "table of a deprecated version", method: "GET", path: v2, header: table},
		{method: "GET", path: v1 + "/a/scale", want: http.StatusOK},
		{method: "PATCH", path: v1 + "/a/scale", header: patchOf(mergePatch), body: `{"spec":{"replicas":7}}`, want: http.StatusOK},
		{method: "GET", path: v1 + "?fieldSelector=spec.color%3Dblue"},
		{method: "GET", path: v1 + "?fieldSelector=spec.count%3D7", want: http.StatusBadRequest},
		{method: "GET", path: v2 + "?fieldSelector=spec.color%3Dblue", want: http.StatusBadRequest},
		{method: "GET", path: v2 + "/b"},
		{method: "GET", path: v2 + "/a/scale", want: http.StatusNotFound},
		{name: "protobuf asked for", method: "GET", path: v1 + "/a", header: map[string]string{"Accept": "application/vnd.kubernetes.protobuf"}, want: http.StatusNotAcceptable},
		{name: "protobuf liked best", method: "GET", path: v1 + "/a", header: map[string]string{"Accept": "application/vnd.kubernetes.protobuf,application/json"}},
		{name: "quality", method: "GET", path: v1 + "/a", header: map[string]string{"Accept": "application/yaml;q=0.1, application/json;q=0.9"}},
		{name: "yaml", method: "GET", path: "/api/v1/namespaces/{ns}/configmaps?limit=0", header: map[string]string{"Accept": "application/nope"}, want: http.StatusNotAcceptable},
		{name: "strategic merge", method: "PATCH", path: v1 + "/a", header: patchOf("application/strategic-merge-patch+json"), body: `{}`, want: http.StatusUnsupportedMediaType},
		{name: "a name that is taken", method: "POST", path: definitions, body: strings.NewReplacer("toys", "balls", `"kind":"Toy"`, `"kind":"Toy"`).Replace(toys), want: http.StatusCreated},
		{name: "a stored version cannot go", method: "PATCH", path: definitions + "/toys.{ns}.example.com", header: patchOf("application/json-patch+json"), want: http.StatusUnprocessableEntity,
			body: `[{"op":"replace","path":"/spec/versions/1/storage","value":true},{"op":"remove","path":"/spec/versions/0"}]`},
		{name: "the storage version moves", method: "PATCH", path: definitions + "/toys.{ns}.example.com", header: patchOf("application/json-patch+json"), want: http.StatusOK,
			body: `[{"op":"replace","path":"/spec/versions/0/storage","value":false},{"op":"replace","path":"/spec/versions/1/storage","value":true}]`},
	})
	require.Eventually(t, func() bool {
		a := theirs.do(t, request{method: "GET", path: definitions + "/balls.{ns}.example.com"})
		return strings.Contains(string(a.body), `"NotAccepted"`)
	}, 30*time.Second, 50*time.Millisecond)
	same(t, ours, theirs, []request{
		{name: "conditions of what is not accepted", method: "GET", path: definitions + "/balls.{ns}.example.com"},
		{method: "GET", path: "/apis/{ns}.example.com/v1/namespaces/{ns}/balls", want: http.StatusNotFound},
		{method: "GET", path: v1 + "/a"},
		{method: "DELETE", path: definitions + "/balls.{ns}.example.com", want: http.StatusOK},
		{method: "DELETE", path: definitions + "/toys.{ns}.example.com", want: http.StatusOK},
	})
}
