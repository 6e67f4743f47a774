package wire

import (
	"encoding/json"
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// serveDocument answers paths that name no resource.
func (c *call) serveDocument() {
	path := strings.TrimSuffix(c.r.URL.Path, "/")
	if c.r.Method != http.MethodGet && c.isRouted(path) {
		sendError(c.w, format{}, c.methodNotAllowed())
		return
	}
	switch {
	case isHealth(path):
		c.serveHealth()
	case path == "/version":
		c.sendVersion()
	case path == "" || path == "/apis" || path == "/api" || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/apis/"):
		c.serveDiscovery(path)
	case path == "/openapi/v3" || strings.HasPrefix(path, "/openapi/v3/"):
		c.serveOpenAPI(strings.TrimPrefix(strings.TrimPrefix(path, "/openapi/v3"), "/"))
	case path == "/openapi/v2":
		c.serveOpenAPIV2()
	default:
		sendError(c.w, format{}, errNoPath)
	}
}

// isRouted reports whether the real server has a route for a path, which is for reading alone. Other documents it gives to whoever
// asks, by whatever method.
func (c *call) isRouted(path string) bool {
	if path == "/version" || path == "/api" {
		return true
	}
	gv, ok := groupVersionOf(path)
	served := c.core.Catalog().Version(gv)
	return ok && len(served) > 0 && served[0].Custom == nil
}

// groupVersionOf returns the group version whose document is at a path.
func groupVersionOf(path string) (schema.GroupVersion, bool) {
	switch parts := strings.Split(strings.Trim(path, "/"), "/"); {
	case len(parts) == 2 && parts[0] == "api":
		return schema.GroupVersion{Version: parts[1]}, true
	case len(parts) == 3 && parts[0] == "apis":
		return schema.GroupVersion{Group: parts[1], Version: parts[2]}, true
	}
	return schema.GroupVersion{}, false
}

// sendJSON answers with a value that is written the same for everybody.
func sendJSON(w http.ResponseWriter, value any) {
	send(w, http.StatusOK, format{media: mediaJSON}, schema.GroupVersionKind{}, value)
}

// sendRaw answers with bytes of some media type, unless the client has them by their name.
func (c *call) sendRaw(media, etag string, data []byte) {
	etag = `"` + etag + `"`
	c.w.Header().Set("ETag", etag)
	c.w.Header().Set("Vary", "Accept")
	if strings.Contains(c.r.Header.Get("If-None-Match"), etag) {
		c.w.WriteHeader(http.StatusNotModified)
		return
	}
	c.w.Header().Set("Content-Type", media)
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write(data) // A client that went away cannot be told.
}

func mustJSON(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		return nil // Only types of apimachinery come here, which can be written.
	}
	return data
}
