package wire

import (
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	openapi "github.com/google/gnostic-models/openapiv2"
	"google.golang.org/protobuf/proto"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// mediaSwagger is the media type of the OpenAPI v2 document in protobuf; clients ask for it with an "@" in the place of a period.
const mediaSwagger = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

// swagger is the OpenAPI v2 document of one catalog.
type swagger struct {
	catalog *apiserver.Catalog
	text    []byte
	etag    string
	binary  func() ([]byte, error)
}

// swaggers keeps the last document, which is made when somebody asks for it.
type swaggers struct {
	mu   sync.Mutex
	last *swagger
}

// serveOpenAPIV2 answers the one document of everything that is served.
func (c *call) serveOpenAPIV2() {
	doc, err := c.swagger()
	if err != nil {
		sendError(c.w, format{}, apierrors.NewInternalError(err))
		return
	}
	accept := c.r.Header.Get("Accept")
	switch {
	case strings.Contains(accept, "proto-openapi.spec.v2"):
		data, err := doc.binary()
		if err != nil {
			sendError(c.w, format{}, apierrors.NewInternalError(err))
			return
		}
		c.sendRaw(mediaSwagger, doc.etag, data)
	case accept == "" || strings.Contains(accept, mediaJSON) || strings.Contains(accept, "*/*") || strings.Contains(accept, "application/*"):
		c.sendRaw(mediaJSON, doc.etag, doc.text)
	default:
		c.w.WriteHeader(http.StatusNotAcceptable)
	}
}

func (c *call) swagger() (*swagger, error) {
	c.swaggers.mu.Lock()
	defer c.swaggers.mu.Unlock()
	catalog := c.core.Catalog()
	if last := c.swaggers.last; last != nil && last.catalog == catalog {
		return last, nil
	}
	base, err := builtinSwagger()
	if err != nil {
		return nil, err
	}
	paths, definitions := maps.Clone(base.paths), maps.Clone(base.definitions)
	for _, g := range catalog.Groups {
		for _, v := range g.Versions {
			doc := c.core.CustomOpenAPI(schema.GroupVersion{Group: g.Name, Version: v})
			if doc == nil {
				continue
			}
			if err := addDocument(mustJSON(doc), paths, definitions); err != nil {
				return nil, fmt.Errorf("OpenAPI of %s/%s: %w", g.Name, v, err)
			}
		}
	}
	text, err := json.Marshal(map[string]any{
		"swagger": "2.0", "info": map[string]any{"title": "Kubernetes", "version": strings.TrimPrefix(embedded.Version, "v")},
		"paths": paths, "definitions": definitions,
	})
	if err != nil {
		return nil, err
	}
	c.swaggers.last = &swagger{
		catalog: catalog, text: text, etag: fmt.Sprintf("%X", sha512.Sum512(text)),
		binary: sync.OnceValues(func() ([]byte, error) {
			parsed, err := openapi.ParseDocument(text)
			if err != nil {
				return nil, err
			}
			return proto.Marshal(parsed)
		}),
	}
	return c.swaggers.last, nil
}

// swaggerParts are the two large parts of a document.
type swaggerParts struct{ paths, definitions map[string]any }

// builtinSwagger is the part that is a function of the release.
var builtinSwagger = sync.OnceValues(func() (swaggerParts, error) {
	out := swaggerParts{paths: map[string]any{}, definitions: map[string]any{}}
	for _, gv := range apiserver.BuiltinGroupVersions() {
		document, _ := embedded.OpenAPI(gv)
		if err := addDocument(document, out.paths, out.definitions); err != nil {
			return out, fmt.Errorf("OpenAPI of %s: %w", gv, err)
		}
	}
	return out, nil
})

const kindsKey = "x-kubernetes-group-version-kind"

// alsoOf adds the kinds that a document names for a schema which others have, too, such as DeleteOptions. Known may be shared
// and is not changed.
func alsoOf(known, s map[string]any) map[string]any {
	have, _ := known[kindsKey].([]any)
	more, _ := s[kindsKey].([]any)
	all := slices.Clone(have)
	for _, kind := range more {
		if !slices.ContainsFunc(all, func(k any) bool { return reflect.DeepEqual(k, kind) }) {
			all = append(all, kind)
		}
	}
	if len(all) == len(have) {
		return known
	}
	out := maps.Clone(known)
	out[kindsKey] = all
	return out
}

// addDocument adds what an OpenAPI v3 document says in the form of v2.
func addDocument(document []byte, paths, definitions map[string]any) error {
	var in struct {
		Paths      map[string]map[string]any
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.Unmarshal(document, &in); err != nil {
		return err
	}
	for name, s := range in.Components.Schemas {
		known, ok := definitions[name].(map[string]any)
		if !ok {
			definitions[name] = earlierSchema(s)
			continue
		}
		definitions[name] = alsoOf(known, s)
	}
	for path, item := range in.Paths {
		paths[path] = earlierPath(item)
	}
	return nil
}
