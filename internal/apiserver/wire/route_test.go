package wire_test

import (
	"net/http"
	"testing"
)

// A method that a path has no route for is refused and does nothing.
func TestMethodsOfPaths(t *testing.T) {
	ours, theirs := planes(t, nil)
	const maps = "/api/v1/namespaces/{ns}/configmaps"
	var requests []request
	for _, q := range []request{
		{method: "POST", path: maps + "/zz", body: `{"metadata":{"name":"zz"}}`},
		{method: "PUT", path: maps, body: `{"metadata":{"name":"zz"}}`},
		{method: "PATCH", path: maps, body: `{}`, header: patchOf(mergePatch)},
		{method: "POST", path: "/api/v1/namespaces/{ns}", body: `{}`},
		{method: "PUT", path: "/api/v1/namespaces", body: `{}`},
		{method: "DELETE", path: "/api/v1/configmaps"},
		{method: "HEAD", path: maps},
		{method: "HEAD", path: "/api/v1/namespaces/{ns}"},
		{method: "OPTIONS", path: maps},
		{method: "FROB", path: maps + "/zz"},
		{method: "POST", path: "/apis/apps/v1/namespaces/{ns}/deployments/x/status", body: `{}`},
		{method: "OPTIONS", path: "/apis/apps/v1/namespaces/{ns}/deployments/x/scale"},
		{method: "GET", path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"},
	} {
		q.want = http.StatusMethodNotAllowed
		requests = append(requests, q)
	}
	requests = append(requests,
		request{method: "POST", path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x", body: `{}`, want: http.StatusNotFound},
		request{method: "POST", path: "/api/v1/configmaps/zz", body: `{}`, want: http.StatusNotFound},
		request{method: "GET", path: maps + "/zz", want: http.StatusNotFound},
	)
	same(t, ours, theirs, requests)
}

// What the word of a watch may be, and what not.
func TestWordOfAWatch(t *testing.T) {
	ours, theirs := planes(t, nil)
	var requests []request
	for _, word := range []string{
		"watch", "watch=", "watch=TRUE", "watch=t", "watch=yes", "watch=no", "watch=1", "watch=1&watch=0",
		"watch=0", "watch=false", "watch=False", "watch=0&watch=1",
	} {
		requests = append(requests, request{
			name: word, method: "GET", path: "/api/v1/namespaces/{ns}/secrets?timeoutSeconds=1&" + word, want: http.StatusOK,
		})
	}
	same(t, ours, theirs, requests)
}

// The documents of the core group and of the version are for GET alone, and no path is cleaned.
func TestMethodsOfDocuments(t *testing.T) {
	ours, theirs := planes(t, nil)
	var requests []request
	for _, path := range []string{"/api", "/api/v1", "/version"} {
		for _, method := range []string{"HEAD", "POST", "OPTIONS"} {
			requests = append(requests, request{method: method, path: path, want: http.StatusMethodNotAllowed})
		}
	}
	requests = append(requests, request{method: "GET", path: "//api/v1/namespaces", want: http.StatusNotFound})
	same(t, ours, theirs, requests)
}
