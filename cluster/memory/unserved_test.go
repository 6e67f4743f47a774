package memory_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The package doc says of these that they are refused.
func TestPathsThatAreNotServed(t *testing.T) {
	s := start(t, nil)
	for _, row := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/api/v1/watch/namespaces/default/configmaps", http.StatusNotFound},
		{http.MethodGet, "/apis/apps/v1/watch/deployments", http.StatusNotFound},
		{http.MethodGet, "/metrics", http.StatusNotFound},
		{http.MethodPost, "/api/v1/namespaces/default/bindings", http.StatusNotImplemented},
	} {
		body := strings.NewReader(`{"apiVersion":"v1","kind":"Binding","metadata":{"name":"p"},"target":{"name":"n"}}`)
		w, r := httptest.NewRecorder(), httptest.NewRequest(row.method, row.path, body)
		r.Header.Set("Content-Type", "application/json")
		s.ServeHTTP(w, r)
		assert.Equal(t, row.want, w.Code, "%s %s: %s", row.method, row.path, w.Body)
	}
}
