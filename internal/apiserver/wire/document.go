package wire

import (
	"encoding/json"
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"

	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// serveDocument answers paths that name no resource.
func (c *call) serveDocument() {
	path := strings.TrimSuffix(c.r.URL.Path, "/")
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		sendError(c.w, format{}, errNoPath)
		return
	}
	switch {
	case path == "/livez" || path == "/readyz" || path == "/healthz" ||
		strings.HasPrefix(path, "/livez/") || strings.HasPrefix(path, "/readyz/"):
		c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = c.w.Write([]byte("ok"))
	case path == "/version":
		sendJSON(c.w, versionInfo())
	case path == "" || path == "/apis" || path == "/api" || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/apis/"):
		c.serveDiscovery(path)
	case path == "/openapi/v3" || strings.HasPrefix(path, "/openapi/v3/"):
		c.serveOpenAPI(strings.TrimPrefix(strings.TrimPrefix(path, "/openapi/v3"), "/"))
	case path == "/openapi/v2":
		sendError(c.w, format{}, notImplemented("OpenAPI v2; ask for /openapi/v3"))
	default:
		sendError(c.w, format{}, errNoPath)
	}
}

func versionInfo() version.Info {
	major, rest, _ := strings.Cut(strings.TrimPrefix(embedded.Version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	return version.Info{
		Major: major, Minor: minor, GitVersion: embedded.Version, GitTreeState: "clean", GoVersion: "go", Compiler: "gc",
		Platform: "memory/memory",
	}
}

// sendJSON answers with a value that is written the same for everybody.
func sendJSON(w http.ResponseWriter, value any) {
	send(w, http.StatusOK, format{media: mediaJSON}, schema.GroupVersionKind{}, value)
}

// sendRaw answers with bytes of some media type.
func sendRaw(w http.ResponseWriter, media, etag string, data []byte) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("ETag", `"`+etag+`"`)
	w.Header().Set("Vary", "Accept")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(data) // A client that went away cannot be told.
}

func mustJSON(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		return nil // Only types of apimachinery come here, which can be written.
	}
	return data
}
