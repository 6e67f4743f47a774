package wire_test

import (
	"net/http"
	"testing"
)

// What cannot be answered is refused with what can.
func TestNotAcceptable(t *testing.T) {
	ours, theirs := planes(t, nil)
	const maps, definitions = "/api/v1/namespaces/{ns}/configmaps", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
	var requests []request
	for _, accept := range []string{"application/*", "application/nope", "text/plain"} {
		for _, q := range []request{
			{method: "GET", path: maps}, {method: "GET", path: maps + "?watch=1&timeoutSeconds=1"}, {method: "GET", path: "/api/v1/namespaces/{ns}"},
			{method: "POST", path: maps, body: `{}`}, {method: "DELETE", path: maps + "/x"}, {method: "DELETE", path: maps + "?labelSelector=x"},
			{method: "GET", path: definitions}, {method: "GET", path: definitions + "/x"},
		} {
			q.name, q.want = accept+" "+q.method+" "+q.path, http.StatusNotAcceptable
			q.header = map[string]string{"Accept": accept}
			requests = append(requests, q)
		}
	}
	requests = append(requests, request{
		name: "half a name and a whole one", method: "GET", path: maps, want: http.StatusOK,
		header: map[string]string{"Accept": "application/*, application/json"},
	})
	same(t, ours, theirs, requests)
}
