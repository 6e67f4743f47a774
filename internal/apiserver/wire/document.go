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
	if c.r.Method == http.MethodHead && (path == "/version" || path == "/api" || path == "/api/v1") {
		sendError(c.w, format{}, c.methodNotAllowed())
		return
	}
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		err := errNoPath
		if path == "/version" || path == "/api" || path == "/api/v1" {
			err = c.methodNotAllowed()
		}
		sendError(c.w, format{}, err)
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
