package wire

import "net/http"

// routed reports whether a built-in kind has a route for a method: objects are read, changed and deleted by name, and made without
// one. Custom resources have no routes; what a request for one does follows from its verb alone.
func routed(method string, t target) bool {
	switch method {
	case http.MethodGet, http.MethodDelete:
		return true
	case http.MethodPost:
		return t.name == "" || t.subresource != ""
	case http.MethodPut, http.MethodPatch:
		return t.name != ""
	}
	return false
}
