package wire

import (
	"net/http"
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// target is what a request is about, read from its path.
type target struct {
	gvr         schema.GroupVersionResource
	namespace   string
	name        string
	subresource string
}

// parseTarget reads /api/v1/… and /apis/group/version/…; false means a path that names no resource.
func parseTarget(path string) (target, bool) {
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"), "/")
	var t target
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		t.gvr.Version, parts = parts[1], parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		t.gvr.Group, t.gvr.Version, parts = parts[1], parts[2], parts[3:]
	default:
		return target{}, false
	}
	for _, p := range parts {
		if p == "" {
			return target{}, false
		}
	}
	// "namespaces/x/pods" is about pods, "namespaces/x" and "namespaces/x/status" about the namespace.
	if parts[0] == "namespaces" && len(parts) > 2 && !(len(parts) == 3 && ownSubresource[parts[2]]) {
		t.namespace, parts = parts[1], parts[2:]
	}
	t.gvr.Resource = parts[0]
	if len(parts) > 1 {
		t.name = parts[1]
	}
	if len(parts) > 2 {
		t.subresource = strings.Join(parts[2:], "/")
	}
	return t, true
}

// ownSubresource names the subresources of the resource that stands in the place of a namespace.
var ownSubresource = map[string]bool{"status": true, "finalize": true}

// verbOf names what a request does, in the words of the authorization API.
func verbOf(r *http.Request, t target, query url.Values) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		switch {
		case t.name != "":
			return "get"
		case isWatch(query):
			return "watch"
		}
		return "list"
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		if t.name == "" {
			return "deletecollection"
		}
		return "delete"
	}
	return "" // as nobody can be allowed
}

// isWatch reads the parameter as the conversion of Kubernetes does (runtime.Convert_Slice_string_To_bool): naming it is enough,
// only "0" and "false" say no, and the first one counts.
func isWatch(query url.Values) bool {
	if !query.Has("watch") {
		return false
	}
	switch strings.ToLower(query.Get("watch")) {
	case "0", "false":
		return false
	}
	return true
}
