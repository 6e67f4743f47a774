package wire

import (
	"crypto/sha512"
	"fmt"
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// serveOpenAPI answers the index of the OpenAPI v3 documents (KEP-2896), or one of them.
func (c *call) serveOpenAPI(name string) {
	if name == "" {
		c.serveOpenAPIIndex()
		return
	}
	gv, ok := parseDocument(name)
	var data []byte
	var hash string
	if ok {
		data, hash = c.openAPI(gv)
	}
	if data == nil {
		c.w.WriteHeader(http.StatusNotFound)
		return
	}
	if accept := c.r.Header.Get("Accept"); accept != "" && !strings.Contains(accept, mediaJSON) && !strings.Contains(accept, "*/*") {
		_, err := negotiate(c.r, offer{})
		if err != nil {
			sendError(c.w, format{}, err)
			return
		}
	}
	c.sendRaw(mediaJSON, hash, data)
}

func (c *call) serveOpenAPIIndex() {
	paths := map[string]any{}
	for _, g := range c.core.Catalog().Groups {
		for _, v := range g.Versions {
			gv := schema.GroupVersion{Group: g.Name, Version: v}
			hash := c.openAPIHash(gv)
			if hash == "" {
				continue
			}
			name := "apis/" + gv.String()
			if g.Name == "" {
				name = "api/" + v
			}
			paths[name] = map[string]any{"serverRelativeURL": "/openapi/v3/" + name + "?hash=" + hash}
		}
	}
	sendJSON(c.w, map[string]any{"paths": paths})
}

func parseDocument(name string) (schema.GroupVersion, bool) {
	parts := strings.Split(name, "/")
	switch {
	case len(parts) == 2 && parts[0] == "api":
		return schema.GroupVersion{Version: parts[1]}, true
	case len(parts) == 3 && parts[0] == "apis":
		return schema.GroupVersion{Group: parts[1], Version: parts[2]}, true
	}
	return schema.GroupVersion{}, false
}

// openAPIHash names the content of a document. A built-in one is a function of the release; it is not read for this.
func (c *call) openAPIHash(gv schema.GroupVersion) string {
	if len(c.core.Catalog().Version(gv)) == 0 {
		return ""
	}
	if doc := c.core.CustomOpenAPI(gv); doc != nil {
		return fmt.Sprintf("%X", sha512.Sum512(mustJSON(doc)))
	}
	return fmt.Sprintf("%X", sha512.Sum512([]byte(embedded.Version+" "+gv.String())))
}

// openAPI returns a document and its hash, nil when there is none.
func (c *call) openAPI(gv schema.GroupVersion) ([]byte, string) {
	hash := c.openAPIHash(gv)
	if hash == "" {
		return nil, ""
	}
	if doc := c.core.CustomOpenAPI(gv); doc != nil {
		return mustJSON(doc), hash
	}
	data, _ := embedded.OpenAPI(gv)
	return data, hash
}
