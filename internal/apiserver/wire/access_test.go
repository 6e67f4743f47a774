package wire_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// What a test forbids is refused in the words of a real server that has no role for the user, and reviews say the same.
func TestForbidden(t *testing.T) {
	var asked []memory.Access
	ours, theirs := planes(t, &memory.Options{Authorize: func(a memory.Access) (bool, string) {
		asked = append(asked, a)
		// What the roles of a real server give to everybody who is authenticated.
		open := a.Path == "/version" || a.Group == "authorization.k8s.io" || a.Group == "authentication.k8s.io"
		return a.User != "bob" || open, ""
	}})
	bob := map[string]string{"Impersonate-User": "bob"}
	as := func(method, path, body string, want int) request {
		return request{method: method, path: path, body: body, header: bob, want: want}
	}
	const maps = "/api/v1/namespaces/{ns}/configmaps"
	same(t, ours, theirs, []request{
		as("GET", maps, "", http.StatusForbidden),
		as("GET", maps+"/a", "", http.StatusForbidden),
		as("GET", maps+"?watch=1", "", http.StatusForbidden),
		as("GET", maps+"?fieldSelector=metadata.name%3Da", "", http.StatusForbidden),
		as("POST", maps, `{"metadata":{"name":"a"}}`, http.StatusForbidden),
		as("PUT", maps+"/a", `{"metadata":{"name":"a"}}`, http.StatusForbidden),
		as("DELETE", maps+"/a", "", http.StatusForbidden),
		as("DELETE", maps, "", http.StatusForbidden),
		as("GET", "/api/v1/namespaces/{ns}", "", http.StatusForbidden),
		as("GET", "/api/v1/namespaces", "", http.StatusForbidden),
		as("GET", "/api/v1/nodes/x", "", http.StatusForbidden),
		as("GET", "/apis/apps/v1/namespaces/{ns}/deployments/x/status", "", http.StatusForbidden),
		as("PUT", "/apis/apps/v1/namespaces/{ns}/deployments/x/scale", "{}", http.StatusForbidden),
		as("GET", "/apis/no.such.group/v1/things", "", http.StatusForbidden),
		as("GET", "/metrics", "", http.StatusForbidden),
		as("GET", "/a<b", "", http.StatusForbidden),
		as("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
			`{"spec":{"resourceAttributes":{"verb":"get","resource":"pods","namespace":"{ns}"}}}`, http.StatusCreated),
		as("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
			`{"spec":{"nonResourceAttributes":{"verb":"get","path":"/metrics"}}}`, http.StatusCreated),
		as("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", `{"spec":{}}`, http.StatusUnprocessableEntity),
		{method: "POST", path: "/apis/authorization.k8s.io/v1/subjectaccessreviews", want: http.StatusCreated,
			body: `{"spec":{"user":"bob","groups":["x"],"resourceAttributes":{"verb":"delete","resource":"pods","group":"apps"}}}`},
		{method: "POST", path: "/apis/authorization.k8s.io/v1/subjectaccessreviews", want: http.StatusUnprocessableEntity,
			body: `{"spec":{"resourceAttributes":{"verb":"delete","resource":"pods"}}}`},
		{method: "POST", path: "/apis/authorization.k8s.io/v1/namespaces/{ns}/localsubjectaccessreviews", want: http.StatusUnprocessableEntity,
			body: `{"spec":{"user":"bob","resourceAttributes":{"verb":"delete","resource":"pods","namespace":"other"}}}`},
		{method: "POST", path: "/apis/authorization.k8s.io/v1/namespaces/{ns}/localsubjectaccessreviews", want: http.StatusCreated,
			body: `{"spec":{"user":"bob","resourceAttributes":{"verb":"delete","resource":"pods","namespace":"{ns}"}}}`},
	})
	require.True(t, slices.ContainsFunc(asked, func(a memory.Access) bool { return a.Subresource == "scale" && a.Verb == "update" }))
}

// Who is impersonated is told with everything that the headers carry.
func TestAccessOfTheImpersonated(t *testing.T) {
	var asked memory.Access
	server, err := memory.New(&memory.Options{Authorize: func(a memory.Access) (bool, string) {
		asked = a
		return false, "because"
	}})
	require.NoError(t, err)
	t.Cleanup(server.Close)
	refused := newPlane(t, "memory", server.Config(), "default").do(t, request{method: "GET", path: "/api/v1/pods", header: map[string]string{
		"Impersonate-User": "bob", "Impersonate-Uid": "u", "Impersonate-Group": "g", "Impersonate-Extra-Example.com%2fteam": "blue",
	}})
	assert.Equal(t, http.StatusForbidden, refused.code)
	assert.Contains(t, string(refused.body), `at the cluster scope: because`)
	assert.Equal(t, memory.Access{
		User: "bob", UID: "u", Groups: []string{"g", "system:authenticated"}, Extra: map[string][]string{"example.com/team": {"blue"}},
		Verb: "list", Version: "v1", Resource: "pods",
	}, asked)
}
